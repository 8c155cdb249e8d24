"""What a surgeon may decide in detail, as the program reads it: procedures, measures, blocks, implants, bone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from triage.domain.treatment import KINDS
from triage.knowledge import building as b
from triage.knowledge import schema
from triage.knowledge import types as t
from triage.knowledge.checks import known, unique
from triage.knowledge.reading import Document

#: Keys whose entries carry an id.
KEYS = ("procedure", "measure", "block", "implant", "graft", "step", "reason")


@dataclass(frozen=True, kw_only=True)
class Procedure(t.Labelled):
    """A procedure a surgeon may choose.

    kind: under which kind of decision it is signed. steps: done in this order, the last only where ``trial_finding``
    says that the first helped; ``trial_criterion`` is the candidate's criterion for it. same_day: may be done on the
    day of the decision. plain: said to the patient.
    """

    needs_level: bool
    needs_side: bool
    plain: t.Text
    kind: str = "procedure"
    fusion: bool = False
    same_day: bool = False
    implants: tuple[str, ...] = ()
    grafts: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    trial_finding: str = ""
    trial_criterion: str = ""


@dataclass(frozen=True, kw_only=True)
class Measure(t.Labelled):
    """A measure of conservative care; plain: said to the patient."""

    plain: t.Text


@dataclass(frozen=True, kw_only=True)
class Block(t.Labelled):
    """A kind of nerve block, and what its signature must carry."""

    needs_level: bool
    needs_side: bool


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """Everything a decision may name, by id.

    reasons: every indication of a procedure in the patient's words. care_weeks: where nothing else is said.
    """

    measures: Mapping[str, Measure]
    blocks: Mapping[str, Block]
    implants: Mapping[str, t.Labelled]
    grafts: Mapping[str, t.Labelled]
    steps: Mapping[str, t.Labelled]
    reasons: Mapping[str, t.Labelled]
    care_weeks: int


def build(document: Document, raw: schema.Knowledge) -> Decisions:
    """Return what a decision may name; raises KnowledgeError for a doubled id or an unknown name."""
    _check(document, raw)
    return Decisions(
        measures=b.by_id(Measure(id=e.id, text=b.text(e.label), plain=b.text(e.plain)) for e in raw.measure),
        blocks=b.by_id(
            Block(id=e.id, text=b.text(e.label), needs_level=e.needs_level, needs_side=e.needs_side) for e in raw.block
        ),
        implants=b.by_id(b.labelled(raw.implant)),
        grafts=b.by_id(b.labelled(raw.graft)),
        steps=b.by_id(b.labelled(raw.step)),
        reasons=b.by_id(b.labelled(raw.reason)),
        care_weeks=raw.care.weeks,
    )


def procedures(raw: schema.Knowledge) -> tuple[Procedure, ...]:
    """Return the procedures in the clinic's order."""
    return tuple(
        Procedure(
            id=e.id, text=b.text(e.label), needs_level=e.needs_level, needs_side=e.needs_side, plain=b.text(e.plain),
            kind=e.kind, fusion=e.fusion, same_day=e.same_day, implants=tuple(e.implants), grafts=tuple(e.grafts),
            steps=tuple(e.steps),
            trial_finding=e.trial_finding or "", trial_criterion=e.trial_criterion or "",
        ) for e in raw.procedure
    )  # fmt: skip


def _check(document: Document, raw: schema.Knowledge) -> None:
    for key in KEYS:
        unique(document, key, [entry.id for entry in getattr(raw, key)])
    sources = {source.id for source in raw.source}
    for key, entries in (("measure", raw.measure), ("block", raw.block), ("care", [raw.care])):
        _sourced(document, key, entries, sources)
    for index, entry in enumerate(raw.procedure):
        known(document, "procedure", index, "kind", [entry.kind], KINDS)
        for what in ("implant", "graft", "step"):
            known(document, "procedure", index, what, getattr(entry, f"{what}s"), [e.id for e in getattr(raw, what)])
        known(document, "procedure", index, "finding", _given(entry.trial_finding), [e.name for e in raw.finding])
        if bool(entry.steps) != bool(entry.trial_finding and entry.trial_criterion):
            raise document.fault("procedure", index, "steps need the finding and the criterion of their trial")


def _given(name: str | None) -> list[str]:
    return [name] if name else []


def _sourced(document: Document, key: str, entries: Iterable[object], sources: Sequence[str] | set[str]) -> None:
    for index, entry in enumerate(entries):
        known(document, key, index, "source", [getattr(entry, "source", "")], sources)
