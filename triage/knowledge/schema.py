"""What each knowledge file must look like; a file that differs is refused."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from triage.knowledge.schema_acr import AcrEntry, AcrProcedureEntry, AcrVariantEntry
from triage.knowledge.schema_base import Entry, LabelEntry, Name, TextEntry
from triage.knowledge.schema_candidates import CandidateEntry, CriterionEntry
from triage.knowledge.schema_decisions import DecisionEntries
from triage.knowledge.schema_flow import FlowEntries
from triage.knowledge.schema_pathways import PathwayEntries
from triage.knowledge.schema_referral import ReferralEntry
from triage.knowledge.schema_rules import (
    ActionEntry,
    AcuityEntry,
    CombinationEntry,
    DefaultEntry,
    DefinitionEntry,
    ImagingEntry,
    NarrowingEntry,
    RestrictionEntry,
    RouteEntry,
    RuleEntry,
    RulesetEntry,
    WayEntry,
)
from triage.knowledge.schema_scores import ScoreEntry

Place = Literal["desk", "sheet"]
Side = Literal["left", "right"]


class SectionEntry(LabelEntry):
    """A block of a form; summarised: false leaves its answers out of summaries, which show the score instead."""

    place: Place
    summarised: bool = True


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
    """One name of the vocabulary; score_only: no rule may read it."""

    name: Name
    score_only: bool = False
    types: list[Literal["bool", "int", "float", "str", "null"]] = Field(min_length=1)
    null_means: Literal["unknown", "none"] = "unknown"
    some: str | None = None
    from_record: bool = False
    not_of: Literal["male", "female"] | None = None
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
    """A list with its owner, its limit in minutes, and where the limit comes from."""

    owner: Name
    minutes: int
    source: Name


class ModalityEntry(LabelEntry):
    """A kind of imaging."""

    on_site: bool


class HospitalEntry(LabelEntry):
    """A receiving hospital."""

    phone: str
    mri: bool
    demo: bool


class Knowledge(FlowEntries, DecisionEntries, PathwayEntries):
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
    ruleset: RulesetEntry
    acuity: list[AcuityEntry]
    route: list[RouteEntry]
    way: list[WayEntry]
    imaging: list[ImagingEntry]
    action: list[ActionEntry]
    definition: list[DefinitionEntry]
    rule: list[RuleEntry]
    default: DefaultEntry
    restriction: list[RestrictionEntry]
    combination: list[CombinationEntry]
    narrowing: list[NarrowingEntry] = []
    candidate: list[CandidateEntry]
    criterion: list[CriterionEntry]
    score: list[ScoreEntry] = []
    acr: AcrEntry
    acr_procedure: list[AcrProcedureEntry]
    acr_variant: list[AcrVariantEntry]
    referral: list[ReferralEntry] = Field(min_length=1)
