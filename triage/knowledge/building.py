"""Turns the validated entries into the immutable shapes that the program reads."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from triage.domain.findings import Derivation
from triage.knowledge import schema, schema_base
from triage.knowledge import types as t
from triage.knowledge.checks import check_answers, check_choice, known, unique
from triage.knowledge.reading import Document

KINDS = {"bool": "yes_no", "int": "integer", "float": "number", "str": "text"}


def text(entry: schema_base.TextEntry) -> t.Text:
    """Return a text in both languages."""
    return t.Text(entry.en, entry.ja)


def labelled(entries: Iterable[schema_base.LabelEntry]) -> tuple[t.Labelled, ...]:
    """Return entries that are nothing but an id and a label."""
    return tuple(t.Labelled(id=e.id, text=text(e.label)) for e in entries)


def by_id(things: Iterable[Any]) -> Mapping[str, Any]:
    """Return labelled things by their id, in their order."""
    return MappingProxyType({thing.id: thing for thing in things})


def sections(raw: schema.Knowledge) -> tuple[t.Section, ...]:
    """Return the blocks of the forms in display order."""
    return tuple(t.Section(id=e.id, text=text(e.label), place=e.place, summarised=e.summarised) for e in raw.section)


def sources(document: Document, raw: schema.Knowledge) -> Mapping[str, t.Source]:
    """Return the sources by id."""
    unique(document, "source", [e.id for e in raw.source])
    return by_id(t.Source(id=e.id, title=e.title, url=e.url, status=e.status) for e in raw.source)


def findings(document: Document, raw: schema.Knowledge) -> Mapping[str, t.FindingSpec]:
    """Return the vocabulary by name, in the order of the sections and within them of the files."""
    unique(document, "finding", [e.name for e in raw.finding])
    order = {section.id: number for number, section in enumerate(raw.section)}
    places = {section.id: section.place for section in raw.section}
    asks = {name: q for q in raw.question for name in (*q.findings, *q.details)}
    specs = []
    for index, entry in enumerate(raw.finding):
        if entry.section not in places:
            raise document.fault("finding", index, f"unknown section: {entry.section}")
        check_choice(document, index, entry)
        specs.append((order[entry.section], index, _finding(entry, index, places, asks.get(entry.name))))
    return MappingProxyType({spec.name: spec for _, _, spec in sorted(specs, key=lambda item: item[:2])})


def _finding(
    entry: schema.FindingEntry, index: int, places: Mapping[str, str], ask: schema.QuestionEntry | None
) -> t.FindingSpec:
    place = places[entry.section]
    return t.FindingSpec(
        **_asked(entry, index, places),
        name=entry.name,
        types=tuple(entry.types),
        null_means=entry.null_means,
        some=entry.some,
        values=tuple(c.value for c in entry.choices if c.value is not None),
        kind=_kind(entry),
        question_text=text(entry.question or entry.label),
        asked_by=ask.asked_by if ask else ("reception" if place == "desk" else "nurse"),
        urgent=ask is not None,
        ask=ask.id if ask else "",
        score_only=entry.score_only,
        from_record=entry.from_record,
        not_of=entry.not_of,
    )


def _kind(entry: schema.FindingEntry) -> str:
    if entry.choices:
        return "choice"
    return KINDS["float" if "float" in entry.types else next(kind for kind in entry.types if kind != "null")]


def _asked(entry: schema.FindingEntry | schema.CellEntry, index: int, places: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": entry.name,
        "text": text(entry.label),
        "section": entry.section,
        "place": places[entry.section],
        "choices": tuple(t.Choice(id=c.value or "none", text=text(c), value=c.value) for c in entry.choices),
        "unit": entry.unit or "",
        "minimum": entry.minimum,
        "maximum": entry.maximum,
        "step": entry.step,
        "order": index,
    }


def questions(
    document: Document, raw: schema.Knowledge, vocabulary: Mapping[str, t.FindingSpec]
) -> tuple[t.UrgentQuestion, ...]:
    """Return the urgent questions in the order in which they are asked."""
    unique(document, "question", [e.id for e in raw.question])
    for index, entry in enumerate(raw.question):
        check_answers(document, "question", index, vocabulary, entry.yes_means)
        for name in (*entry.findings, *entry.details):
            check_answers(document, "question", index, vocabulary, {name: None})
    return tuple(
        t.UrgentQuestion(
            id=e.id,
            asked_by=e.asked_by,
            question_text=text(e.question),
            findings=tuple(e.findings),
            yes_means=MappingProxyType(dict(e.yes_means)),
            details=tuple(e.details),
        )
        for e in raw.question
    )


def options(
    document: Document, key: str, entries: list[schema.OptionEntry], vocabulary: Mapping[str, t.FindingSpec]
) -> tuple[t.Option, ...]:
    """Return the choices of one chip group; each is recorded under "group.id"."""
    unique(document, key, [e.id for e in entries])
    for index, entry in enumerate(entries):
        check_answers(document, key, index, vocabulary, entry.implies)
        if entry.finding:
            check_answers(document, key, index, vocabulary, {entry.finding: True})
    return tuple(
        t.Option(
            id=e.id,
            text=text(e.label),
            key=e.finding or f"{key}.{e.id}",
            implies=MappingProxyType(dict(e.implies)),
            side=e.side,
            finding=e.finding,
        )
        for e in entries
    )


def examination(document: Document, raw: schema.Knowledge, vocabulary: Mapping[str, t.FindingSpec]) -> t.Examination:
    """Return the examination grid and what its cells say."""
    unique(document, "cell", [*vocabulary, *(e.name for e in raw.cell)], offset=len(vocabulary))
    places = {section.id: section.place for section in raw.section}
    cells = {e.name: _cell(e, index, places) for index, e in enumerate(raw.cell)}
    for index, entry in enumerate(raw.derivation):
        check_answers(document, "derivation", index, vocabulary, {entry.finding: None})
        known(document, "derivation", index, "cell", (*entry.cells, *entry.grid), cells)
        known(document, "derivation", index, "source", entry.sources, [e.id for e in raw.source])
    return t.Examination(
        cells=MappingProxyType(cells),
        myotomes=tuple(_myotome(e, cells) for e in raw.myotome),
        derivations=tuple(_derivation(e) for e in raw.derivation),
    )


def _cell(entry: schema.CellEntry, index: int, places: Mapping[str, str]) -> t.ExamCell:
    asked = _asked(entry, index, places)
    return t.ExamCell(**asked, name=entry.name, side=entry.side, group=entry.group, kind=entry.kind)


def _myotome(entry: schema.MyotomeEntry, cells: Mapping[str, t.ExamCell]) -> t.Myotome:
    sides = {cell.side: cell.name for cell in cells.values() if cell.group == entry.id}
    return t.Myotome(id=entry.id, text=text(entry.label), level=entry.level, left=sides["left"], right=sides["right"])


def _derivation(entry: schema.DerivationEntry) -> Derivation:
    return Derivation(
        finding=entry.finding,
        how=entry.how,
        cells=tuple(entry.cells),
        grid=tuple(entry.grid),
        at_most=entry.at_most,
        values=tuple(entry.values),
        sources=tuple(entry.sources),
    )
