"""What the table of the American College of Radiology must look like."""

from typing import Literal

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name, TextEntry

Category = Literal["usually_appropriate", "may_be_appropriate", "usually_not_appropriate"]


class AcrEntry(Entry):
    """Where the whole table comes from."""

    source: Name


class AcrProcedureEntry(LabelEntry):
    """One row of the table: a procedure."""


class AcrRatingEntry(Entry):
    """One cell: the rating, and whether it was read or follows because the procedure was not named."""

    category: Category
    basis: Literal["seen", "inferred"]


class AcrVariantEntry(Entry):
    """One column of the table: a clinical situation with a rating of every procedure."""

    number: int = Field(ge=1)
    title: TextEntry
    ratings: dict[Name, AcrRatingEntry]
