"""The shapes of clinical knowledge that the rest of the program reads; all of them immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from triage.domain.candidates import Candidacy
from triage.domain.findings import Cell, Derivation, Finding, Question
from triage.domain.ruleset import Ruleset
from triage.domain.score_items import Score

if TYPE_CHECKING:
    from triage.knowledge.acr import Acr
    from triage.knowledge.decisions import Decisions, Procedure
    from triage.knowledge.flow import Flow


@dataclass(frozen=True)
class Text:
    """One text in English and Japanese."""

    en: str
    ja: str

    def in_(self, lang: str) -> str:
        """Return the text in the language, English when the language is not Japanese."""
        return self.ja if str(lang).startswith("ja") else self.en


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Anything with an id and a label in both languages."""

    id: str
    text: Text

    def label(self, lang: str = "en") -> str:
        """Return the label in the language."""
        return self.text.in_(lang)


@dataclass(frozen=True, kw_only=True)
class Choice(Labelled):
    """One value of a choice; value None says "asked, there is none"."""

    value: str | None


@dataclass(frozen=True, kw_only=True)
class Section(Labelled):
    """One block of the intake ("desk") or of the triage sheet ("sheet"); summarised: its answers stand in summaries."""

    place: str
    summarised: bool = True


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a rule comes from; url is empty when there is no page to open."""

    id: str
    title: str
    url: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Asked(Labelled):
    """Something a form asks: its kind, its limits, its choices."""

    section: str
    place: str
    kind: str
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    order: int = 0


@dataclass(frozen=True, kw_only=True)
class FindingSpec(Asked, Finding):
    """One name of the vocabulary, with the one place where it is entered."""

    question_text: Text
    asked_by: str
    urgent: bool = False
    ask: str = ""
    score_only: bool = False
    from_record: bool = False
    not_of: str | None = None  # the recorded sex that is not asked this

    def question(self, lang: str = "en") -> str:
        """Return the question to put to the patient, or the label for an examined sign."""
        return self.question_text.in_(lang)


@dataclass(frozen=True, kw_only=True)
class ExamCell(Asked, Cell):
    """One cell of the examination grid, for one side or for both."""

    group: str
    side: str | None


@dataclass(frozen=True, kw_only=True)
class Myotome(Labelled):
    """One row of the strength grid, its two cells by name."""

    level: str
    left: str
    right: str


@dataclass(frozen=True, kw_only=True)
class UrgentQuestion(Question):
    """One urgent question, answered yes, no or not known."""

    asked_by: str
    question_text: Text

    def question(self, lang: str = "en") -> str:
        """Return the question as it is put to the patient."""
        return self.question_text.in_(lang)


@dataclass(frozen=True, kw_only=True)
class Option(Labelled):
    """One choice of a chip group; key is the name under which the choice is recorded."""

    key: str
    implies: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    side: str | None = None
    finding: str | None = None


@dataclass(frozen=True, kw_only=True)
class Hospital(Labelled):
    """A receiving hospital."""

    phone: str
    mri: bool
    demo: bool


@dataclass(frozen=True, kw_only=True)
class WorkList(Labelled):
    """A list someone owns, with its limit in minutes."""

    owner: str
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Modality(Labelled):
    """A kind of imaging and whether the clinic has it."""

    on_site: bool


@dataclass(frozen=True, kw_only=True)
class Imaging(Labelled):
    """One kind of imaging a rule may name, the machine it needs, and its rows in the ACR table."""

    modality: str
    acr: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Acuity(Labelled):
    """One acuity with its usual level; it reaches up to the level of the one before."""

    level: int


@dataclass(frozen=True, kw_only=True)
class Way(Labelled):
    """Routes, and kinds of surgeon's decisions, that count as the same way when they are compared."""

    routes: tuple[str, ...]
    decisions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Examination:
    """The examination grid: cells by name, strength rows, and what the cells say."""

    cells: Mapping[str, ExamCell]
    myotomes: tuple[Myotome, ...]
    derivations: tuple[Derivation, ...]


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """Everything clinical the program knows, loaded once and never changed."""

    ruleset: Ruleset
    candidacy: Candidacy
    findings: Mapping[str, FindingSpec]
    sections: tuple[Section, ...]
    sources: Mapping[str, Source]
    urgent_questions: tuple[UrgentQuestion, ...]
    symptoms: tuple[Option, ...]
    diagnoses: tuple[Option, ...]
    body_regions: tuple[Option, ...]
    body_chart_question: Text
    treatments_tried: tuple[Option, ...]
    examination: Examination
    acr: "Acr"
    flow: "Flow"
    override_reasons: tuple[Labelled, ...]
    not_imaged_reasons: tuple[Labelled, ...]
    hospitals: tuple[Hospital, ...]
    procedures: tuple["Procedure", ...]
    decisions: "Decisions"
    levels: tuple[str, ...]
    targets: Mapping[int, int]
    untriaged_minutes: int
    targets_source: str
    lists: Mapping[str, WorkList]
    modalities: tuple[Modality, ...]
    actions: Mapping[str, Labelled]
    imaging: Mapping[str, Imaging]
    routes: Mapping[str, Labelled]
    acuities: Mapping[str, Acuity]
    ways: tuple[Way, ...]
    scores: tuple[Score, ...]

    @property
    def from_record(self) -> tuple[str, ...]:
        """Return the findings that the patient's record gives and no answer changes."""
        return tuple(name for name, spec in self.findings.items() if spec.from_record)

    @property
    def myotomes(self) -> tuple[Myotome, ...]:
        """Return the rows of the strength grid."""
        return self.examination.myotomes

    @property
    def options(self) -> tuple[Option, ...]:
        """Return every choice that may imply findings."""
        return self.symptoms + self.diagnoses + self.body_regions
