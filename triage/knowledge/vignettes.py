"""The published and constructed cases the rules are held to: what each must never become."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from triage.domain.findings import refusal
from triage.domain.vignettes import Vignette
from triage.knowledge import Knowledge, load
from triage.knowledge.errors import KnowledgeError
from triage.knowledge.schema_base import Entry

FILE = Path(__file__).with_name("vignettes.jsonl")


class VignetteEntry(Entry):
    """One line of the file. Ways that fit are acceptable, unsafe ones must never be advised; the rest is over-care."""

    id: str
    kind: str
    findings: dict[str, Any]
    expected_acuity: str
    acceptable_acuity: list[str]
    expected_route: str
    acceptable_routes: list[str]
    unsafe_routes: list[str]
    expected_imaging: list[str]
    note: str
    sources: list[str]


@cache
def load_vignettes(path: Path = FILE) -> tuple[Vignette, ...]:
    """Return the cases in the order of the file; raise KnowledgeError("file:line: reason") when one is not sound."""
    known, found = load(), list[Vignette]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            entry = VignetteEntry.model_validate_json(line)
        except ValidationError as error:
            raise KnowledgeError(f"{path.name}:{number}: {_words(error)}") from error
        reasons = [*_faults(known, entry), *(["duplicate id"] if entry.id in {v.id for v in found} else [])]
        if reasons:
            raise KnowledgeError(f"{path.name}:{number}: {entry.id}: {reasons[0]}")
        found.append(_vignette(entry))
    return tuple(found)


def _vignette(entry: VignetteEntry) -> Vignette:
    return Vignette(
        id=entry.id,
        findings=entry.findings,
        expected=entry.expected_acuity,
        acuities=tuple(entry.acceptable_acuity),
        routes=tuple(entry.acceptable_routes),
        unsafe=tuple(entry.unsafe_routes),
        note=entry.note,
    )


def _words(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"


def _faults(known: Knowledge, entry: VignetteEntry) -> Iterable[str]:
    yield from _unknown("acuity", [entry.expected_acuity, *entry.acceptable_acuity], known.acuities)
    yield from _unknown("route", [entry.expected_route, *entry.acceptable_routes, *entry.unsafe_routes], known.routes)
    yield from _unknown("finding", entry.findings, known.findings)
    given = entry.findings.items()
    yield from filter(None, (refusal(known.findings[n], v) for n, v in given if n in known.findings))


def _unknown(what: str, names: Iterable[str], allowed: Mapping[str, object]) -> Iterable[str]:
    return (f"unknown {what}: {name}" for name in names if name not in allowed)
