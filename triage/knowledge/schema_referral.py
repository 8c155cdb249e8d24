"""What the minimum data set of a referral must look like."""

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name, TextEntry


class ReferralItemEntry(Entry):
    """One thing to be said, the ways of saying it, and when it is needed at all."""

    label: TextEntry
    ways: list[list[Name]] = Field(min_length=1)
    only_if: str | None = None
    not_if: str | None = None
    comes_with: list[Name] = []


class ReferralEntry(LabelEntry):
    """One part of the referral."""

    sources: list[Name] = Field(min_length=1)
    item: list[ReferralItemEntry] = Field(min_length=1)
