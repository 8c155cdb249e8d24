"""What the parts of a surgeon's decision must look like."""

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name, TextEntry


class ProcedureEntry(LabelEntry):
    """A procedure a surgeon may choose; kind: under which kind of decision it is signed."""

    needs_level: bool
    needs_side: bool
    plain: TextEntry
    kind: Name = "procedure"
    fusion: bool = False
    same_day: bool = False
    implants: list[Name] = []
    grafts: list[Name] = []
    steps: list[Name] = []
    trial_finding: Name | None = None
    trial_criterion: Name | None = None


class LevelsEntry(Entry):
    """The levels of the spine a decision may name."""

    source: Name
    values: list[str] = Field(min_length=1)


class MeasureEntry(LabelEntry):
    """A measure of conservative care, and how it is said to the patient."""

    plain: TextEntry
    source: Name


class BlockEntry(LabelEntry):
    """A kind of nerve block."""

    needs_level: bool
    needs_side: bool
    source: Name


class CareEntry(Entry):
    """For how many weeks conservative care goes on where nothing else is said."""

    weeks: int = Field(ge=1, le=52)
    source: Name


class DecisionEntries(Entry):
    """The keys of the two files."""

    procedure: list[ProcedureEntry]
    levels: LevelsEntry
    measure: list[MeasureEntry] = Field(min_length=1)
    block: list[BlockEntry] = Field(min_length=1)
    implant: list[LabelEntry] = Field(min_length=1)
    graft: list[LabelEntry] = Field(min_length=1)
    step: list[LabelEntry] = Field(min_length=1)
    reason: list[LabelEntry]
    care: CareEntry
