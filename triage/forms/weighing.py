"""What has to be said before a procedure is signed: its indications as they stand, and the points to answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from triage.domain import operation
from triage.domain.candidate import Candidate, Point
from triage.domain.choice import Choice


@dataclass(frozen=True)
class Weighed:
    """One procedure or block on the form; reasons: id, text and sign of each coded indication."""

    named: Any
    candidate: Candidate | None
    reasons: tuple[tuple[str, str, str], ...]
    points: tuple[Point, ...]


def weigh(known: Any, candidates: Sequence[Candidate], choice: Choice, locale: str) -> Weighed | None:
    """Return what the chosen procedure has to say, None where none is chosen; ``known``: with the rules in force."""
    named = operation.procedure_of(known, choice)
    if named is None:
        return None
    found = operation.candidate_of(candidates, named.id)
    coded = operation.indications_of(known, named.id)
    reasons = tuple((item.id, item.text.get(locale, item.text["en"]), _sign(found, item.id)) for item in coded)
    return Weighed(named, found, reasons, operation.points_for(known, choice, candidates))


def _sign(candidate: Candidate | None, criterion: str) -> str:
    """Return ＋ for an indication that is recorded, － for one that is known to be absent, else ？."""
    if candidate and any(point.id == criterion for point in candidate.for_):
        return "＋"
    absent = candidate and any(point.id == criterion for point in candidate.against)
    return "－" if absent else "？"
