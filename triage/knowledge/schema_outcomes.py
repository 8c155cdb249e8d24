"""What the follow-up of outcomes must look like."""

from typing import Literal

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name, TextEntry


class PointEntry(LabelEntry):
    """When a patient is asked: months after the index day, and the days around it that count."""

    months: int = Field(ge=0)
    before: int = Field(ge=0)
    after: int = Field(ge=0)
    source: Name


class MeasureEntry(Entry):
    """A number that is asked for: one of a score (then that says the range), or one with a range of its own."""

    id: Name
    core: bool = False
    score: Name | None = None
    value: Name | None = None
    label: TextEntry | None = None
    minimum: int | None = None
    maximum: int | None = None
    decimals: int = Field(default=0, ge=0, le=3)
    worse: Literal["higher", "lower"] | None = None


class EndEntry(LabelEntry):
    """Why nobody is asked any more; counts: what was due later still counts as not answered."""

    counts: bool
    by_hand: bool = True


class StartEntry(LabelEntry):
    """Why a follow-up is begun by hand; own: it counts among the results of the surgeon who is named."""

    own: bool
    needs_note: bool = False


class GradeEntry(LabelEntry):
    """How grave a complication was."""

    source: Name


class OutcomeEntries(Entry):
    """The keys of the file."""

    outcome_point: list[PointEntry] = Field(min_length=1)
    outcome_measure: list[MeasureEntry] = Field(min_length=1)
    outcome_how: list[LabelEntry] = Field(min_length=1)
    outcome_contact: list[LabelEntry] = Field(min_length=1)
    outcome_start: list[StartEntry] = Field(min_length=1)
    outcome_end: list[EndEntry] = Field(min_length=1)
    complication: list[LabelEntry] = Field(min_length=1)
    complication_grade: list[GradeEntry] = Field(min_length=1)
