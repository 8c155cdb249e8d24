"""The imaging table of the American College of Radiology, and the check of the rules against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from triage.knowledge import schema, schema_rules
from triage.knowledge import types as t
from triage.knowledge.checks import known, unique
from triage.knowledge.reading import Document

NOT_APPROPRIATE = "usually_not_appropriate"


@dataclass(frozen=True)
class Rating:
    """One cell. basis: "seen", or "inferred" where a procedure was not named among the appropriate ones."""

    category: str
    basis: str


@dataclass(frozen=True)
class Variant:
    """One clinical situation of the ACR table with the rating of every procedure."""

    number: int
    title: t.Text
    ratings: Mapping[str, Rating]


@dataclass(frozen=True)
class Acr:
    """The ACR imaging table, and which rules stand for which situation."""

    source: t.Source
    procedures: Mapping[str, t.Labelled]
    variants: tuple[Variant, ...]
    rules: Mapping[int, tuple[str, ...]]


def build(document: Document, raw: schema.Knowledge, sources: Mapping[str, t.Source]) -> Acr:
    """Return the table; raise KnowledgeError for a missing, unknown or double procedure, situation or source."""
    known(document, "acr", 0, "source", [raw.acr.source], sources)
    unique(document, "acr_procedure", [e.id for e in raw.acr_procedure])
    unique(document, "acr_variant", [str(e.number) for e in raw.acr_variant])
    names = {e.id: t.Labelled(id=e.id, text=t.Text(e.label.en, e.label.ja)) for e in raw.acr_procedure}
    for index, kind in enumerate(raw.imaging):
        known(document, "imaging", index, "procedure", kind.acr, names)
    return Acr(
        source=sources[raw.acr.source],
        procedures=MappingProxyType(names),
        variants=tuple(_variant(document, raw, index, names) for index in range(len(raw.acr_variant))),
        rules=MappingProxyType({e.number: _rules(raw, e.number) for e in raw.acr_variant}),
    )


def _variant(document: Document, raw: schema.Knowledge, index: int, names: Mapping[str, t.Labelled]) -> Variant:
    entry = raw.acr_variant[index]
    known(document, "acr_variant", index, "procedure", entry.ratings, names)
    missing = [name for name in names if name not in entry.ratings]
    if missing:
        raise document.fault("acr_variant", index, f"no rating of {missing[0]}")
    ratings = {name: Rating(cell.category, cell.basis) for name, cell in entry.ratings.items()}
    return Variant(entry.number, t.Text(entry.title.en, entry.title.ja), MappingProxyType(ratings))


def _rules(raw: schema.Knowledge, number: int) -> tuple[str, ...]:
    return tuple(e.id for e in (*raw.rule, raw.default) if e.acr == number)


def check_rule(document: Document, key: str, index: int, raw: schema.Knowledge, entry: schema_rules.RuleEntry) -> None:
    """Refuse a rule of an unknown situation, and one whose imaging its situation calls usually not appropriate."""
    if entry.acr is None:
        return
    variants = {e.number: e for e in raw.acr_variant}
    known(document, key, index, "ACR variant", [str(entry.acr)], [str(number) for number in variants])
    rows = {e.id: e.acr for e in raw.imaging}
    for kind in entry.imaging:
        cells = [variants[entry.acr].ratings[name] for name in rows[kind] if name in variants[entry.acr].ratings]
        if cells and all(cell.category == NOT_APPROPRIATE for cell in cells):
            raise document.fault(key, index, f"{kind} is usually not appropriate in ACR variant {entry.acr}")
