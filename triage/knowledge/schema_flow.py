"""What the clinic's way of working around a visit must look like."""

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name


class ReassessmentEntry(Entry):
    """Minutes after which a waiting patient of each level is re-assessed."""

    levels: dict[str, int] = Field(min_length=1)
    source: Name


class FlowEntries(Entry):
    """The keys of the file."""

    reassessment: ReassessmentEntry
    leave_reason: list[LabelEntry] = Field(min_length=1)
    end_reason: list[LabelEntry] = Field(min_length=1)
    carry_reason: list[LabelEntry] = Field(min_length=1)
