"""The templates of the way after a decision, as the program reads them: one for each procedure."""

from collections.abc import Mapping
from dataclasses import dataclass

from triage.domain.pathways import DECISION, OPERATION
from triage.knowledge import building as b
from triage.knowledge import schema
from triage.knowledge import types as t
from triage.knowledge.checks import known, unique
from triage.knowledge.reading import Document
from triage.knowledge.schema_pathways import MilestoneEntry, PathwayEntry


@dataclass(frozen=True, kw_only=True)
class Milestone(t.Labelled):
    """How a step is called, on the board and on the patient's sheet; ``told`` None: not on that sheet.

    books: as which kinds of appointment it can be booked, the usual one first.
    """

    short_text: t.Text
    told: t.Text | None
    books: tuple[str, ...] = ()

    def short(self, lang: str = "en") -> str:
        """Return the short label in the language."""
        return self.short_text.in_(lang)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a template: ``after`` is a step's id, DECISION, or "" where people give the day; ``days`` from it."""

    name: str
    owner: str
    after: str
    days: int
    mark: str
    needs: tuple[str, ...]
    items: tuple[str, ...]
    grace: int
    any_day: bool
    met_by: str


@dataclass(frozen=True, kw_only=True)
class Template(t.Labelled):
    """The way of one or more procedures."""

    procedures: tuple[str, ...]
    source: str
    steps: tuple[Step, ...]
    followed_up: bool  # asked for scores after the operation


@dataclass(frozen=True, kw_only=True)
class Pathways:
    """All templates by id, the words for their steps and checklists, and why a way ends early."""

    templates: Mapping[str, Template]
    milestones: Mapping[str, Milestone]
    items: Mapping[str, t.Labelled]
    end_reasons: Mapping[str, t.Labelled]
    not_ready_days: int

    def of(self, procedure: str) -> Template | None:
        """Return the template of a procedure, None for what has none."""
        return next((one for one in self.templates.values() if procedure in one.procedures), None)


def build(document: Document, raw: schema.Knowledge) -> Pathways:
    """Return the pathways; raises KnowledgeError for an unknown name, a circle, or a procedure without its one way."""
    _check(document, raw)
    specs = {entry.id: entry for entry in raw.milestone}
    return Pathways(
        templates=b.by_id(_template(document, index, entry, specs) for index, entry in enumerate(raw.pathway)),
        milestones=b.by_id(
            Milestone(
                id=e.id, text=b.text(e.label), short_text=b.text(e.short or e.label),
                told=b.text(e.told) if e.told else None, books=tuple(e.books),
            )
            for e in raw.milestone
        ),
        items=b.by_id(b.labelled(raw.checklist_item)),
        end_reasons=b.by_id(b.labelled(raw.pathway_end_reason)),
        not_ready_days=raw.pathway_alarm.not_ready_days,
    )  # fmt: skip


def _check(document: Document, raw: schema.Knowledge) -> None:
    names, sources = [entry.id for entry in raw.milestone], [source.id for source in raw.source]
    unique(document, "milestone", names)
    unique(document, "checklist_item", [entry.id for entry in raw.checklist_item])
    marks = {entry.mark for entry in raw.milestone if entry.mark}
    for index, step in enumerate(raw.milestone):
        known(document, "milestone", index, "step", step.needs, names)
        known(document, "milestone", index, "step", filter(None, [step.after]), {*names, *marks, DECISION})
        known(document, "milestone", index, "checklist item", step.items, [e.id for e in raw.checklist_item])
        known(document, "milestone", index, "kind of appointment", step.books, [e.id for e in raw.appointment_kind])
    known(document, "pathway_alarm", 0, "source", [raw.pathway_alarm.source], sources)
    unique(document, "pathway", [entry.id for entry in raw.pathway])
    for index, way in enumerate(raw.pathway):
        known(document, "pathway", index, "source", [way.source], sources)
        known(document, "pathway", index, "step", way.days, names)
    _check_procedures(document, raw)


def _check_procedures(document: Document, raw: schema.Knowledge) -> None:
    procedures, placed = [entry.id for entry in raw.procedure], set[str]()
    for index, way in enumerate(raw.pathway):
        known(document, "pathway", index, "procedure", way.procedures, procedures)
        for name in way.procedures:
            if name in placed:
                raise document.fault("pathway", index, f"in two pathways: {name}")
            placed.add(name)
    for name in procedures:
        if name not in placed:
            raise document.fault("pathway", 0, f"in no pathway: {name}")


def _template(document: Document, index: int, way: PathwayEntry, specs: Mapping[str, MilestoneEntry]) -> Template:
    marked: dict[str, str] = {specs[name].mark or "": name for name in way.days if specs[name].mark}
    if OPERATION not in marked:
        raise document.fault("pathway", index, f"{way.id}: has no operation")
    steps = tuple(_step(name, days, specs[name], way, marked) for name, days in way.days.items())
    _refuse_circles(document, index, {step.name: step.after for step in steps})
    return Template(
        id=way.id,
        text=b.text(way.label),
        procedures=tuple(way.procedures),
        source=way.source,
        steps=steps,
        followed_up=way.followed_up,
    )


def _step(
    name: str, days: int, spec: MilestoneEntry, way: PathwayEntry,
    marked: Mapping[str, str],
) -> Step:  # fmt: skip
    return Step(
        name=name, owner=spec.owner, after=marked.get(spec.after or "", spec.after or ""), days=days,
        mark=spec.mark or "", needs=tuple(need for need in spec.needs if need in way.days), items=tuple(spec.items),
        grace=spec.grace, any_day=spec.any_day, met_by=spec.met_by or "",
    )  # fmt: skip


def _refuse_circles(document: Document, index: int, after: Mapping[str, str]) -> None:
    for name in after:
        seen, at = {name}, after[name]
        while at and at != DECISION:
            if at not in after or at in seen:
                raise document.fault("pathway", index, f"{name}: its date cannot be counted from {at}")
            seen.add(at)
            at = after[at]
