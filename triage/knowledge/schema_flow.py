"""What the clinic's way of working around a visit must look like."""

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name
from triage.knowledge.schema_hours import HoursEntries
from triage.knowledge.schema_imaging import ImagingEntries
from triage.knowledge.schema_ordering import OrderingEntries
from triage.knowledge.schema_outcomes import OutcomeEntries


class ReassessmentEntry(Entry):
    """Minutes after which a waiting patient of each level is re-assessed."""

    levels: dict[str, int] = Field(min_length=1)
    source: Name


class AnswerEntry(Entry):
    """Minutes within which a question is answered, by the role that is asked."""

    minutes: dict[str, int] = Field(min_length=1)
    source: Name


class FlowEntries(HoursEntries, ImagingEntries, OrderingEntries, OutcomeEntries):
    """The keys of the file, and those of the hours, the examinations and the follow-up."""

    reassessment: ReassessmentEntry
    answer_within: AnswerEntry
    leave_reason: list[LabelEntry] = Field(min_length=1)
    end_reason: list[LabelEntry] = Field(min_length=1)
    comeback_reason: list[LabelEntry] = Field(min_length=1)
    carry_reason: list[LabelEntry] = Field(min_length=1)
