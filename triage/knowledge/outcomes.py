"""What is asked of patients afterwards, as the program reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from triage.domain.findings import Finding
from triage.domain.outcomes import BASELINE, NOT_DONE, OPERATED, Measure, Point
from triage.domain.score_items import Score, Typed
from triage.knowledge import building as b
from triage.knowledge import schema, schema_base, schema_outcomes
from triage.knowledge import types as t
from triage.knowledge.checks import known, unique
from triage.knowledge.reading import Document

#: Index days after which the months are as short as they come.
SHORTEST = (date(2025, 2, 28), date(2024, 11, 30), date(2024, 12, 31))
#: Every list of the file; an id names one entry of it.
LISTS = (
    "outcome_point", "outcome_measure", "outcome_how", "outcome_start", "outcome_contact", "outcome_end",
    "complication", "complication_grade",
)  # fmt: skip


#: What the program itself writes, by list and id.
NAMED = (
    ("outcome_point", BASELINE), ("outcome_end", OPERATED), ("outcome_end", NOT_DONE), ("outcome_how", "in_person"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class End(t.Labelled):
    """Why nobody is asked any more; counts: what was due later still counts as not answered."""

    counts: bool
    by_hand: bool


@dataclass(frozen=True, kw_only=True)
class Start(t.Labelled):
    """Why a follow-up is begun by hand; own: it counts among the results of the surgeon who is named."""

    own: bool
    needs_note: bool


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """When is asked, for what, how it came, why nobody is asked any more, and what may go wrong."""

    points: Mapping[str, Point]
    measures: Mapping[str, Measure]
    hows: Mapping[str, t.Labelled]
    contacts: Mapping[str, t.Labelled]
    starts: Mapping[str, Start]
    ends: Mapping[str, End]
    complications: Mapping[str, t.Labelled]
    grades: Mapping[str, t.Labelled]

    @property
    def core(self) -> tuple[str, ...]:
        """Return the measures without which a point is not answered."""
        return tuple(measure.id for measure in self.measures.values() if measure.core)


def build(
    document: Document, raw: schema.Knowledge, scores: tuple[Score, ...], vocabulary: Mapping[str, Finding]
) -> Outcomes:
    """Return the follow-up; raises KnowledgeError for an id twice, an unknown source or score, or no range."""
    sources, named = {source.id for source in raw.source}, {score.id: score for score in scores}
    for key in ("outcome_point", "complication_grade"):
        for index, entry in enumerate(getattr(raw, key)):
            known(document, key, index, "source", [entry.source], sources)
    _check(document, raw)
    return Outcomes(
        points=_points(document, raw),
        measures=b.by_id(
            _measure(document, index, e, named, vocabulary) for index, e in enumerate(raw.outcome_measure)
        ),
        hows=b.by_id(b.labelled(raw.outcome_how)),
        contacts=b.by_id(b.labelled(raw.outcome_contact)),
        starts=b.by_id(
            Start(id=e.id, text=b.text(e.label), own=e.own, needs_note=e.needs_note) for e in raw.outcome_start
        ),
        ends=b.by_id(
            End(id=e.id, text=b.text(e.label), counts=e.counts, by_hand=e.by_hand) for e in raw.outcome_end
        ),
        complications=b.by_id(b.labelled(raw.complication)),
        grades=b.by_id(t.Labelled(id=e.id, text=b.text(e.label)) for e in raw.complication_grade),
    )  # fmt: skip


def _check(document: Document, raw: schema_outcomes.OutcomeEntries) -> None:
    for key in LISTS:
        unique(document, key, [entry.id for entry in getattr(raw, key)])
    for key, name in NAMED:
        if name not in {entry.id for entry in getattr(raw, key)}:
            raise document.fault(key, 0, f"the program itself needs: {name}")
    if not any(entry.core for entry in raw.outcome_measure):
        raise document.fault("outcome_measure", 0, "no measure is core: every answer would be complete")


def _points(document: Document, raw: schema_outcomes.OutcomeEntries) -> Mapping[str, Point]:
    entries = raw.outcome_point
    if entries[0].months or [e.months for e in entries] != sorted({e.months for e in entries}):
        raise document.fault("outcome_point", 0, "months: the first is 0, and each is later than the one before")
    if entries[0].id != BASELINE or entries[0].after:
        raise document.fault("outcome_point", 0, "the first is the baseline; after the treatment it is none any more")
    made = b.by_id(Point(e.id, _said(e.label), e.months, e.before, e.after) for e in entries)
    for index, (one, later) in enumerate(pairwise(made.values()), 1):
        if any(one.window(day).closes >= later.window(day).opens for day in SHORTEST):
            raise document.fault("outcome_point", index, f"{later.id}: an answer could be meant for {one.id} too")
    return made


def _measure(
    document: Document, index: int, entry: schema_outcomes.MeasureEntry, scores: Mapping[str, Score],
    vocabulary: Mapping[str, Finding],
) -> Measure:  # fmt: skip
    if entry.score is None:
        return _own(document, index, entry)
    known(document, "outcome_measure", index, "score", [entry.score], scores)
    score = scores[entry.score]
    value = next((one for one in score.values if one.id == entry.value), None)
    name, text = (value.finding, _joined(score, value)) if value else (score.finding, score.text)
    spec = vocabulary.get(name)
    if (entry.value and value is None) or spec is None or spec.minimum is None or spec.maximum is None:
        raise document.fault("outcome_measure", index, f"{entry.id}: the score has no such value that is typed")
    return Measure(entry.id, text, spec.minimum, spec.maximum, 0, score.worse, entry.core, name, entry.score)


def _joined(score: Score, value: Typed) -> Mapping[str, str]:
    return {lang: f"{score.text[lang]}: {value.text[lang]}" for lang in ("en", "ja")}


def _own(document: Document, index: int, entry: schema_outcomes.MeasureEntry) -> Measure:
    if entry.minimum is None or entry.maximum is None or entry.label is None or entry.worse is None:
        raise document.fault("outcome_measure", index, f"{entry.id}: needs a score, or label, range and what is worse")
    if entry.minimum >= entry.maximum:
        raise document.fault("outcome_measure", index, f"{entry.id}: the range is empty")
    bounds = (entry.minimum, entry.maximum)
    return Measure(entry.id, _said(entry.label), *bounds, entry.decimals, entry.worse, entry.core)


def _said(entry: schema_base.TextEntry) -> Mapping[str, str]:
    return {"en": entry.en, "ja": entry.ja}
