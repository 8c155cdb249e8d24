"""What the files of the scores must look like."""

from typing import Literal, Self

from pydantic import Field, model_validator

from triage.knowledge.schema_base import Entry, LabelEntry, Name, TextEntry

Tone = Literal["neutral", "ok", "info", "warn", "danger"]


class CaseEntry(Entry):
    """The points of an item while a condition holds."""

    when: str
    points: int


class ItemEntry(Entry):
    """One line of a score: cases over the findings, or a finding that is itself the points."""

    id: Name
    group: Name = "total"
    cases: list[CaseEntry] = []
    instead: list[CaseEntry] = []
    otherwise: int = 0
    finding: Name | None = None

    @model_validator(mode="after")
    def either_cases_or_finding(self) -> Self:
        """Refuse an item that says both, or neither."""
        if bool(self.cases) == bool(self.finding):
            raise ValueError(f"{self.id}: an item has either cases or a finding")
        return self


class GroupEntry(LabelEntry):
    """Items that are added up under a name of their own; finding: where their sum may be typed."""

    finding: Name | None = None


class ValueEntry(LabelEntry):
    """One typed value of a questionnaire."""

    finding: Name


class BandEntry(Entry):
    """One band: the totals from, to, or a condition over the total and the groups; the last may have neither."""

    from_: int | None = Field(default=None, alias="from")
    to: int | None = None
    when: str | None = None
    label: TextEntry
    means: TextEntry
    tone: Tone = "neutral"


class ScoreEntry(LabelEntry):
    """One score. typed_total and typed_values: a licensed one, of which no item is shipped."""

    kind: Literal["computed", "typed_total", "typed_values"]
    minimum: int | None = None
    maximum: int | None = None
    worse: Literal["higher", "lower"]
    finding: Name | None = None
    group: list[GroupEntry] = []
    item: list[ItemEntry] = []
    value: list[ValueEntry] = []
    band: list[BandEntry] = []
    sources: list[Name] = Field(min_length=1)
    status: Literal["verified", "third_party_copy", "recalled", "project"]
    licence: TextEntry
    copyright: TextEntry | None = None
    note: TextEntry | None = None

    @model_validator(mode="after")
    def kind_fits(self) -> Self:
        """Refuse items in a licensed score, and a kind without what it needs."""
        if self.kind != "computed" and (self.item or self.group):
            raise ValueError("only a computed score ships items")
        needed = {"computed": self.item, "typed_total": self.finding, "typed_values": self.value}
        if not needed[self.kind]:
            raise ValueError(f"{self.kind} says nothing to read")
        if self.kind != "typed_values" and (self.minimum is None or self.maximum is None):
            raise ValueError("minimum and maximum are needed")
        return self
