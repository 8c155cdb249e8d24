"""Builds what counts as the same way: every route in exactly one, no surgeon's decision in two."""

from collections.abc import Iterator

from triage.domain.treatment import KINDS
from triage.knowledge import schema
from triage.knowledge.building import text
from triage.knowledge.checks import known, unique
from triage.knowledge.reading import Document
from triage.knowledge.types import Way


def ways(document: Document, raw: schema.Knowledge) -> tuple[Way, ...]:
    """Return the ways in order; raise KnowledgeError for an unknown, a doubled or a forgotten name."""
    unique(document, "way", [entry.id for entry in raw.way])
    placed: set[str] = set()
    for index, entry in enumerate(raw.way):
        known(document, "way", index, "route", entry.routes, [route.id for route in raw.route])
        known(document, "way", index, "decision", entry.decisions, KINDS)
        for name in (*entry.routes, *entry.decisions):
            if name in placed:
                raise document.fault("way", index, f"in two ways: {name}")
            placed.add(name)
    for name in _forgotten(raw, placed):
        raise document.fault("way", 0, f"in no way: {name}")
    return tuple(
        Way(id=e.id, text=text(e.label), routes=tuple(e.routes), decisions=tuple(e.decisions)) for e in raw.way
    )


def _forgotten(raw: schema.Knowledge, placed: set[str]) -> Iterator[str]:
    return (route.id for route in raw.route if route.id not in placed)
