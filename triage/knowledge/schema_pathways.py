"""What the templates of the way after a decision must look like."""

from typing import Literal

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name, TextEntry


class PathwayEntry(LabelEntry):
    """The way of one or more procedures: its steps in order, each with the days from what it is counted from."""

    procedures: list[Name] = Field(min_length=1)
    source: Name
    days: dict[Name, int] = Field(min_length=1)
    followed_up: bool = True


class MilestoneEntry(LabelEntry):
    """One step: whose it is, what its date is counted from, what must come before it, and its checklist."""

    owner: Literal["reception", "nurse", "surgeon", "radiographer"]
    after: Name | None = None
    mark: Literal["agreed", "admission", "ready", "operation", "discharge"] | None = None
    needs: list[Name] = []
    items: list[Name] = []
    grace: int = Field(default=0, ge=0)
    any_day: bool = False
    met_by: Literal["visit", "imaging"] | None = None
    books: list[Name] = []
    short: TextEntry | None = None
    told: TextEntry | None = None


class AlarmEntry(Entry):
    """From how many days before an operation it is an alarm that the patient is not ready."""

    not_ready_days: int = Field(ge=0)
    source: Name


class PathwayEntries(Entry):
    """The keys of the file."""

    pathway_alarm: AlarmEntry
    pathway: list[PathwayEntry] = Field(min_length=1)
    milestone: list[MilestoneEntry] = Field(min_length=1)
    checklist_item: list[LabelEntry] = Field(min_length=1)
    pathway_end_reason: list[LabelEntry] = Field(min_length=1)
