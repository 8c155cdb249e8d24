"""What the examinations that can be ordered must look like."""

from typing import Literal

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name


class ImagingSafetyEntry(LabelEntry):
    """What must be known before an examination starts, and what follows where the answer is yes."""

    yes: Literal["stop", "doctor", "note"]
    not_of: Name | None = None
    record: Literal["allergies", "implants", "anticoagulant"] | None = None
    source: Name


class ImagingProcedureEntry(LabelEntry):
    """An examination at a machine: its codes, its views, what it fulfils and what it asks."""

    modality: Name
    dicom: str = Field(pattern=r"^[A-Z]{2}$")
    loinc: str | None = Field(default=None, pattern=r"^[0-9]{3,6}-[0-9]$")
    views: list[Name] = []
    default_views: list[Name] = []
    means: list[Name]
    acr: Name | None = None
    safety: list[Name] = Field(min_length=1)


class ImagingWithinEntry(Entry):
    """Minutes by the priority of an order."""

    seen: dict[str, int]
    done: dict[str, int]
    source: Name


class ImagingEntries(Entry):
    """The keys of the file."""

    imaging_view: list[LabelEntry] = Field(min_length=1)
    imaging_within: ImagingWithinEntry
    imaging_safety: list[ImagingSafetyEntry] = Field(min_length=1)
    imaging_procedure: list[ImagingProcedureEntry] = Field(min_length=1)
    discontinued: list[LabelEntry] = Field(min_length=1)
    not_ours: list[LabelEntry] = Field(min_length=1)
