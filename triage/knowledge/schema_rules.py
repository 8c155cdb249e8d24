"""What the files of the ruleset must look like."""

from typing import Literal, Self

from pydantic import Field, model_validator

from triage.knowledge.schema_base import Entry, LabelEntry, Name, TextEntry

Acuity = Literal["emergency", "urgent", "soon", "routine"]
Modality = Literal["mri", "ct", "xray", "us", "other"]


class ReadingEntry(Entry):
    """One way to read an ambiguous sentence of a source."""

    when: str
    text: TextEntry


class DefinitionEntry(Entry):
    """A named condition; where its source can be read in several ways, reading names the one in force."""

    name: Name
    when: str | None = None
    readings: dict[Name, ReadingEntry] = {}
    reading: Name | None = None
    sources: list[Name] = []
    note: str | None = None

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if (self.when is None) == (not self.readings) or (self.reading is None) != (not self.readings):
            raise ValueError("a definition has either when, or readings and the reading in force")
        if self.readings and self.reading not in self.readings:
            raise ValueError(f"unknown reading: {self.reading}")
        return self

    def expression(self, reading: str | None = None) -> str:
        """Return the condition in force, or the one of another reading."""
        return self.when if self.when is not None else self.readings[reading or self.reading or ""].when


class RuleEntry(Entry):
    """One rule; without route it changes the wait only.

    acr: the situation of acr.toml that the rule stands for.
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
    acr: int | None = None


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
    """One kind of imaging, the machine it needs, and what it makes superfluous.

    here: what it is called where the clinic has the machine. away: what it becomes where it has not.
    acr: the rows of acr.toml that mean it.
    """

    modality: Modality
    covers: list[Name] = []
    acr: list[Name] = []
    here: Name | None = None
    away: Name | None = None


class RouteEntry(LabelEntry):
    """One route; needs: machines of which the clinic must have one, else the route becomes away."""

    needs: list[Modality] = []
    away: Name | None = None


class ActionEntry(LabelEntry):
    """What staff do; not in_emergency: left out where the rules say emergency."""

    in_emergency: bool = True


class WayEntry(LabelEntry):
    """Routes and surgeon's decisions that count as the same way when they are compared."""

    routes: list[Name] = Field(min_length=1)
    decisions: list[Name] = Field(min_length=1)


class RulesetEntry(Entry):
    """The version of the rules."""

    version: str
