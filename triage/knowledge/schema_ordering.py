"""What the clinic's way of ordering an examination must look like."""

from typing import Literal

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name


class ImagingOrderingEntry(Entry):
    """How soon it is wanted at each level, and within how many days the same again is a repetition."""

    priority: dict[str, Literal["routine", "urgent", "asap", "stat"]]
    repeat_days: int = Field(ge=1, le=3650)
    source: Name


class ImagingRegionEntry(LabelEntry):
    """A part of the body, and the examinations that show it."""

    procedures: list[Name] = Field(min_length=1)


class OrderingEntries(Entry):
    """The keys of the file."""

    imaging_ordering: ImagingOrderingEntry
    imaging_region: list[ImagingRegionEntry] = Field(min_length=1)
    imaging_cancel_reason: list[LabelEntry] = Field(min_length=1)
