"""What the files of the procedure candidates must look like."""

from typing import Literal, Self

from pydantic import Field, model_validator

from triage.knowledge.schema_base import Entry, Name, TextEntry


class CandidateEntry(Entry):
    """One treatment; label only for what is no procedure of the clinic's list, note for what no criterion says."""

    id: Name
    short: TextEntry
    label: TextEntry | None = None
    note: TextEntry | None = None
    sources: list[Name] = []


class CriterionEntry(Entry):
    """One thing that speaks for or against treatments, or has to come first.

    warning: in place of a condition: an emergency or urgent rule fires. not_if: what, once known, settles that a
    contra-indication does not hold although one of its findings was never asked.
    """

    id: Name
    of: list[Name] = Field(min_length=1)
    kind: Literal["indication", "prerequisite", "contraindication", "relative"]
    when: str | None = None
    not_if: str | None = None
    warning: bool = False
    text: TextEntry
    sources: list[Name] = Field(min_length=1)
    status: Literal["verified", "third_party_copy", "recalled", "project"]
    note: str | None = None

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if (self.when is None) != self.warning:
            raise ValueError("a criterion has either when or warning = true")
        return self
