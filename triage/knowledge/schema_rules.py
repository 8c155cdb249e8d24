"""What the files of the ruleset must look like."""

from typing import Literal

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name, TextEntry

Acuity = Literal["emergency", "urgent", "soon", "routine"]
Modality = Literal["mri", "ct", "xray", "us", "other"]


class DefinitionEntry(Entry):
    """A named condition."""

    name: Name
    when: str
    note: str | None = None


class RuleEntry(Entry):
    """One rule; without route it changes the wait only.

    asks: false for a milder reading of another rule; that one already asks for what could make it fire.
    """

    id: Name
    when: str
    acuity: Acuity
    level: int | None = Field(default=None, ge=1, le=5)
    route: Name | None = None
    imaging: list[Name] = []
    actions: list[Name] = []
    text: TextEntry
    sources: list[Name] = Field(min_length=1)
    status: Literal["verified", "third_party_copy", "recalled", "project"]
    note: str | None = None
    asks: bool = True


class DefaultEntry(RuleEntry):
    """The rule that stands when no other fires; it has no condition."""

    when: Literal["always"] = "always"


class RestrictionEntry(RuleEntry):
    """A rule that closes routes and kinds of imaging to a patient."""

    closes: list[Name] = Field(min_length=1)
    drops: list[Name] = []


class CombinationEntry(Entry):
    """What becomes of a route when a less urgent rule asks for another one."""

    chosen: list[Name] = Field(min_length=1)
    also: list[Name] = Field(min_length=1)
    becomes: Name


class NarrowingEntry(Entry):
    """Imaging that is enough where the findings point to one part of the spine only."""

    when: str
    of: list[Name] = Field(min_length=1)
    to: Name


class AcuityEntry(LabelEntry):
    """One acuity with its usual level."""

    level: int


class ImagingEntry(LabelEntry):
    """One kind of imaging, the machine it needs, and what it makes superfluous."""

    modality: Modality
    covers: list[Name] = []


class ActionEntry(LabelEntry):
    """What staff do; not in_emergency: left out where the rules say emergency."""

    in_emergency: bool = True


class RulesetEntry(Entry):
    """The version of the rules."""

    version: str
