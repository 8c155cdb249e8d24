"""The examinations that can be ordered at a machine, as the program reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from triage.domain.imaging import PRIORITIES
from triage.knowledge import building as b
from triage.knowledge import schema
from triage.knowledge import types as t
from triage.knowledge.checks import known, unique
from triage.knowledge.reading import Document
from triage.knowledge.schema_imaging import ImagingProcedureEntry, ImagingSafetyEntry


@dataclass(frozen=True, kw_only=True)
class SafetyQuestion(t.Labelled):
    """What must be known before an examination starts.

    yes: what follows where it applies: stop, doctor (a doctor writes that it is done all the same), note.
    not_of: the recorded sex that is not asked. record: the field of the patient's record that says yes.
    """

    yes: str
    not_of: str = ""
    record: str = ""


@dataclass(frozen=True, kw_only=True)
class ImagingProcedure(t.Labelled):
    """An examination at a machine; dicom: the scanner's modality code, loinc: "" where none was verified."""

    modality: str
    dicom: str
    loinc: str
    views: tuple[str, ...]
    default_views: tuple[str, ...]
    means: tuple[str, ...]
    acr: str
    safety: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Examinations:
    """Everything that can be ordered, the views it can be taken in, and what is asked before.

    seen_within, done_within: minutes by priority until a result is seen, until what is ordered is done.
    """

    procedures: Mapping[str, ImagingProcedure]
    views: Mapping[str, t.Labelled]
    safety: Mapping[str, SafetyQuestion]
    discontinued: Mapping[str, t.Labelled]  # why a scanner broke it off, by code of CID 9300
    not_ours: Mapping[str, t.Labelled]  # why something that a machine told belongs to no order
    seen_within: Mapping[str, int]
    done_within: Mapping[str, int]

    def at(self, modality: str) -> tuple[ImagingProcedure, ...]:
        """Return what can be ordered at the machine of a modality."""
        return tuple(one for one in self.procedures.values() if one.modality == modality)

    def meant(self, modality: str, suggested: Sequence[str]) -> ImagingProcedure:
        """Return what fulfils a suggestion's kinds of imaging at this machine, else the first thing it does."""
        offered = self.at(modality)
        return next((one for name in suggested for one in offered if name in one.means), offered[0])


def build(document: Document, raw: schema.Knowledge) -> Examinations:
    """Return what can be ordered; raises KnowledgeError for an id that is twice, or a name that is not there."""
    names = {
        "imaging_view": [entry.id for entry in raw.imaging_view],
        "imaging_safety": [entry.id for entry in raw.imaging_safety],
        "imaging_procedure": [entry.id for entry in raw.imaging_procedure],
        "discontinued": [entry.id for entry in raw.discontinued],
        "not_ours": [entry.id for entry in raw.not_ours],
    }
    for key, ids in names.items():
        unique(document, key, ids)
    for index, question in enumerate(raw.imaging_safety):
        known(document, "imaging_safety", index, "source", [question.source], [source.id for source in raw.source])
    _check_minutes(document, raw)
    for index, entry in enumerate(raw.imaging_procedure):
        _check(document, raw, index, entry)
    return Examinations(
        procedures=b.by_id(_procedure(entry) for entry in raw.imaging_procedure),
        views=b.by_id(b.labelled(raw.imaging_view)),
        safety=b.by_id(_question(entry) for entry in raw.imaging_safety),
        discontinued=b.by_id(b.labelled(raw.discontinued)),
        not_ours=b.by_id(b.labelled(raw.not_ours)),
        seen_within=MappingProxyType(raw.imaging_within.seen),
        done_within=MappingProxyType(raw.imaging_within.done),
    )


def _check_minutes(document: Document, raw: schema.Knowledge) -> None:
    within = raw.imaging_within
    known(document, "imaging_within", 0, "source", [within.source], [source.id for source in raw.source])
    for minutes in (within.seen, within.done):
        if minutes.keys() != set(PRIORITIES) or any(value <= 0 for value in minutes.values()):
            raise document.fault("imaging_within", 0, f"at least one minute for each of: {', '.join(PRIORITIES)}")


def _check(document: Document, raw: schema.Knowledge, index: int, entry: ImagingProcedureEntry) -> None:
    allowed = {
        "modality": ([entry.modality], [one.id for one in raw.modality]),
        "view": (entry.views, [one.id for one in raw.imaging_view]),
        "default view": (entry.default_views, entry.views),
        "imaging": (entry.means, [one.id for one in raw.imaging]),
        "ACR procedure": ([entry.acr] if entry.acr else [], [one.id for one in raw.acr_procedure]),
        "safety question": (entry.safety, [one.id for one in raw.imaging_safety]),
    }
    for what, (names, there) in allowed.items():
        known(document, "imaging_procedure", index, what, names, there)
    if entry.views and not entry.default_views:
        raise document.fault("imaging_procedure", index, f"{entry.id}: views need default views")


def _procedure(entry: ImagingProcedureEntry) -> ImagingProcedure:
    return ImagingProcedure(
        id=entry.id, text=b.text(entry.label), modality=entry.modality, dicom=entry.dicom, loinc=entry.loinc or "",
        views=tuple(entry.views), default_views=tuple(entry.default_views), means=tuple(entry.means),
        acr=entry.acr or "", safety=tuple(entry.safety),
    )  # fmt: skip


def _question(entry: ImagingSafetyEntry) -> SafetyQuestion:
    return SafetyQuestion(
        id=entry.id, text=b.text(entry.label), yes=entry.yes, not_of=entry.not_of or "", record=entry.record or ""
    )
