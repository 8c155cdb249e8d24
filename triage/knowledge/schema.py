"""What each knowledge file must look like; a file that differs is refused."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Name = str
Place = Literal["desk", "sheet"]
Side = Literal["left", "right"]
Acuity = Literal["emergency", "urgent", "soon", "routine"]


class Entry(BaseModel):
    """Anything in a knowledge file: no unknown key, no silent conversion, no empty text."""

    model_config = ConfigDict(extra="forbid", strict=True, str_min_length=1)


class TextEntry(Entry):
    """A text in both languages; neither may be missing."""

    en: str
    ja: str


class LabelEntry(Entry):
    """An id with its label."""

    id: Name
    label: TextEntry


class SectionEntry(LabelEntry):
    """A block of a form."""

    place: Place


class ChoiceEntry(TextEntry):
    """A value of a choice; without value it says "asked, there is none"."""

    value: str | None = None


class AskedEntry(Entry):
    """What a form needs to ask for something."""

    section: Name
    label: TextEntry
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: list[ChoiceEntry] = []


class FindingEntry(AskedEntry):
    """One name of the vocabulary."""

    name: Name
    types: list[Literal["bool", "int", "float", "str", "null"]] = Field(min_length=1)
    null_means: Literal["unknown", "none"] = "unknown"
    some: str | None = None
    from_record: bool = False
    question: TextEntry | None = None


class CellEntry(AskedEntry):
    """One cell of the examination grid."""

    name: Name
    group: Name
    side: Side | None = None
    kind: Literal["integer", "choice"]


class MyotomeEntry(LabelEntry):
    """One row of the strength grid."""

    level: str


class DerivationEntry(Entry):
    """What cells say about a finding."""

    finding: Name
    how: Literal["lowest", "any", "both_sides"]
    cells: list[Name] = Field(min_length=1)
    grid: list[Name] = Field(min_length=1)
    at_most: float | None = None
    values: list[str] = []
    sources: list[Name] = Field(min_length=1)


class QuestionEntry(Entry):
    """One urgent question."""

    id: Name
    asked_by: Literal["reception", "nurse"]
    question: TextEntry
    findings: list[Name] = Field(min_length=1)
    yes_means: dict[Name, bool | str] = Field(min_length=1)
    details: list[Name]


class OptionEntry(LabelEntry):
    """One chip: a symptom, a diagnosis, a place on the body chart, a treatment."""

    implies: dict[Name, bool | str] = {}
    side: Side | None = None
    finding: Name | None = None


class ChartEntry(Entry):
    """The question over the body chart."""

    question: TextEntry


class SourceEntry(BaseModel):
    """A source; the url may be empty."""

    model_config = ConfigDict(extra="forbid", strict=True)
    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    url: str = Field(pattern=r"^(https?://.+)?$")
    status: Literal["verified", "third_party_copy", "recalled", "project"]


class TargetsEntry(Entry):
    """Minutes until a patient of each level should be seen."""

    untriaged: int
    levels: dict[str, int]
    source: Name


class ListEntry(LabelEntry):
    """A list with its owner and limit in minutes."""

    owner: Name
    minutes: int


class ModalityEntry(LabelEntry):
    """A kind of imaging."""

    on_site: bool


class HospitalEntry(LabelEntry):
    """A receiving hospital."""

    phone: str
    mri: bool
    demo: bool


class ProcedureEntry(LabelEntry):
    """A procedure a surgeon may choose."""

    needs_level: bool
    needs_side: bool


class LevelsEntry(Entry):
    """The levels of the spine a decision may name."""

    source: Name
    values: list[str] = Field(min_length=1)


class DefinitionEntry(Entry):
    """A named condition."""

    name: Name
    when: str
    note: str | None = None


class RuleEntry(Entry):
    """One rule; without route it changes the wait only."""

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


class AcuityEntry(LabelEntry):
    """One acuity with its usual level."""

    level: int


class ImagingEntry(LabelEntry):
    """One kind of imaging, and what it makes superfluous."""

    covers: list[Name] = []


class RulesetEntry(Entry):
    """The version of the rules."""

    version: str


class Knowledge(Entry):
    """All knowledge files together."""

    section: list[SectionEntry]
    finding: list[FindingEntry]
    question: list[QuestionEntry]
    symptom: list[OptionEntry]
    diagnosis: list[OptionEntry]
    treatment: list[OptionEntry]
    chart: ChartEntry
    region: list[OptionEntry]
    cell: list[CellEntry]
    myotome: list[MyotomeEntry]
    derivation: list[DerivationEntry]
    source: list[SourceEntry]
    targets: TargetsEntry
    list_: list[ListEntry] = Field(alias="list")
    modality: list[ModalityEntry]
    hospital: list[HospitalEntry]
    override_reason: list[LabelEntry]
    not_imaged_reason: list[LabelEntry]
    procedure: list[ProcedureEntry]
    levels: LevelsEntry
    ruleset: RulesetEntry
    acuity: list[AcuityEntry]
    route: list[LabelEntry]
    imaging: list[ImagingEntry]
    action: list[LabelEntry]
    definition: list[DefinitionEntry]
    rule: list[RuleEntry]
    default: DefaultEntry
    restriction: list[RestrictionEntry]
    combination: list[CombinationEntry]
