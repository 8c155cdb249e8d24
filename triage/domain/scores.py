"""Scores computed from the findings in three-valued logic; they describe a patient and never decide an acuity.

A finding that is absent is unknown and never counts as nought: it leaves a score with the range of totals
that are still possible, and with a band only where every one of them lies in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import Any

from triage.domain.conditions import Values
from triage.domain.score_items import Group, Score
from triage.domain.score_results import Band, Part, ScoreResult

#: The name under which a band's condition reads the total; the other names are those of the groups.
TOTAL = "total"


@dataclass
class _Sums:
    """What the groups of a score may add up to, and what became known on the way."""

    sums: list[list[int]] = field(default_factory=list)
    missing: dict[str, None] = field(default_factory=dict)
    settled: int = 0
    open: int = 0
    disagrees: bool = False
    is_typed: bool = False


def evaluate_scores(scores: Sequence[Score], values: Values) -> tuple[ScoreResult, ...]:
    """Return the result of every score on the known findings, in the order of the scores."""
    known = frozenset(values)  # a set is compared by its smaller side, a mapping name by name
    return tuple(_blank(score) if score.names.isdisjoint(known) else _evaluate(score, values) for score in scores)


def results_of(knowledge: Any, findings: Mapping[str, object]) -> tuple[ScoreResult, ...]:
    """Return the results of all scores on findings as the rules read them; a null that says "unknown" is left out."""
    known = knowledge.findings
    values = {n: value for n, value in findings.items() if value is not None or known[n].null_means == "none"}
    return evaluate_scores(knowledge.scores, values)


def scores_of(knowledge: Any, findings: Mapping[str, object], lang: str = "en") -> list[dict[str, Any]]:
    """Return as JSON values, in the language, every score of which anything is known."""
    return [result.as_dict(lang) for result in results_of(knowledge, findings) if result.is_begun]


@lru_cache(maxsize=256)
def _blank(score: Score) -> ScoreResult:
    return _evaluate(score, {})


def _evaluate(score: Score, values: Values) -> ScoreResult:
    if score.values:
        return _typed_values(score, values)
    found = _Sums()
    for group in score.groups:
        _add_group(found, score, group, values)
    typed = values.get(score.finding) if score.finding else None
    ways, disagrees = _ways(score, found, typed)
    bands = tuple(dict.fromkeys(_band(score, total, sums) for total, sums in ways)) if score.bands else ()
    totals = [total for total, _ in ways]
    least, most = min(totals, default=score.minimum), max(totals, default=score.maximum)
    is_settled = bool(ways) and least == most and len(bands) <= 1
    missing = () if is_settled else _missing(score, found, typed)
    return ScoreResult(
        score=score, total=least if ways and least == most else None, least=least, most=most,
        band=bands[0] if len(bands) == 1 else None, possible=bands, missing=missing, settled=found.settled,
        open=found.open if typed is None else len(missing), typed=typed, computed=_computed(found),
        disagrees=disagrees or found.disagrees, parts=_parts(score, ways),
        is_begun=typed is not None or found.is_typed or found.settled > 0,
    )  # fmt: skip


def _computed(found: _Sums) -> float | None:
    return sum(sums[0] for sums in found.sums) if found.settled and not found.open else None


def _missing(score: Score, found: _Sums, typed: Any) -> tuple[str, ...]:
    """Return what to ask next: the items, or after a typed total the sub-totals that belong to it."""
    if typed is None and score.groups:
        return tuple(found.missing)
    asked = [group.finding for group, sums in zip(score.groups, found.sums, strict=True) if len(sums) > 1]
    return tuple(name for name in asked if name) or ((score.finding,) if typed is None else tuple(found.missing))


def _add_group(found: _Sums, score: Score, group: Group, values: Values) -> None:
    """Add the sums that a group may have; they are kept as the bits of a number while the items are added."""
    base, bits = 0, 1
    for item in group.items:
        points = item.points(values)
        if len(points) == 1:
            base, found.settled = base + points[0], found.settled + 1
            continue
        low, spread, bits = min(points), bits, 0
        for point in points:
            bits |= spread << (point - low)
        base, found.open = base + low, found.open + 1
        found.missing.update(dict.fromkeys(item.open_names(values)))
    sums = [base + place for place in range(bits.bit_length()) if bits >> place & 1]
    typed = values.get(group.finding) if group.finding else None
    if typed is not None:
        found.is_typed = True
        sums = _with_typed(found, score, sums, typed)
    found.sums.append(sums)


def _with_typed(found: _Sums, score: Score, sums: list[int], typed: int) -> list[int]:
    """Return the typed sum where the items allow it, else the worse of both."""
    if sums[0] <= typed <= sums[-1]:
        return [typed]
    found.disagrees = True
    return sorted({int(score.worst((typed, one))) for one in sums})


def _ways(score: Score, found: _Sums, typed: Any) -> tuple[list[tuple[float, tuple[int, ...]]], bool]:
    """Return every possible total with the sums of its groups, and whether the typed total contradicts them."""
    if not score.groups:
        return ([] if typed is None else [(typed, ())]), False
    ways: list[tuple[float, tuple[int, ...]]] = [(sum(sums), sums) for sums in product(*found.sums)]
    if typed is None:
        return ways, False
    fits = [way for way in ways if way[0] == typed]
    return (fits, False) if fits else ([(score.worst((typed, total)), sums) for total, sums in ways], True)


def _parts(score: Score, ways: Sequence[tuple[float, tuple[int, ...]]]) -> tuple[Part, ...]:
    """Return the sums of the groups where there are several, each settled one with its value."""
    if len(score.groups) < 2:
        return ()
    found = []
    for place, group in enumerate(score.groups):
        sums = {way[place] for _, way in ways}
        found.append(Part(group.id, group.text, sums.pop() if len(sums) == 1 else None))
    return tuple(found)


def _typed_values(score: Score, values: Values) -> ScoreResult:
    parts = tuple(Part(typed.id, typed.text, values.get(typed.finding)) for typed in score.values)
    missing = tuple(typed.finding for typed in score.values if typed.finding not in values)
    known = len(parts) - len(missing)
    return ScoreResult(
        score=score, total=None, least=None, most=None, band=None, possible=(), missing=missing, settled=known,
        open=len(missing), typed=None, computed=None, disagrees=False, parts=parts, is_begun=known > 0,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _band(score: Score, total: float, sums: tuple[int, ...]) -> Band:
    names = MappingProxyType({TOTAL: total, **{g.id: one for g, one in zip(score.groups, sums, strict=False)}})
    return next(band for band in score.bands if band.holds(total, names))
