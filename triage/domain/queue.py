"""In which order people are seen: emergencies, untriaged between levels 2 and 3, then acuity and target used."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

EMERGENCY_LEVEL = 2
UNTRIAGED_PLACE = 2.5
#: Nothing is recorded yet. Unknown is never "no": such a row stands before those the rules already know can wait.
UNKNOWN_LEVEL = 3.5


@dataclass(frozen=True)
class Targets:
    """Minutes from arrival within which each acuity, and who is not triaged, should be seen."""

    by_acuity: Mapping[int, int]
    untriaged: int

    def of(self, acuity: int | None) -> int:
        """Return the target in minutes."""
        return self.untriaged if acuity is None else self.by_acuity[acuity]


@dataclass(frozen=True)
class Place:
    """What decides the place of one encounter: acuity, what the rules suggest, arrival, and since when it is pinned."""

    acuity: int | None
    suggested: int | None
    arrived_at: datetime
    pinned_at: datetime | None = None


def waited(arrived_at: datetime, now: datetime) -> int:
    """Return whole minutes since the arrival, never below 0 (a clock may have been set back)."""
    return max(0, int((now - arrived_at).total_seconds() // 60))


def over_from(arrived_at: datetime, target: int) -> datetime:
    """Return the moment from which a wait counts as over its target of so many minutes."""
    return arrived_at + timedelta(minutes=target + 1)


def share(place: Place, now: datetime, targets: Targets) -> float:
    """Return the share of the target that the wait has used; 1.0 is the target itself."""
    seconds = max(0.0, (now - place.arrived_at).total_seconds())
    return seconds / 60 / max(1, targets.of(place.acuity))


def sort_key(place: Place, now: datetime, targets: Targets) -> tuple[float, float, float]:
    """Return the key by which the board is sorted, smallest first."""
    if place.pinned_at is not None or (place.acuity is not None and place.acuity <= EMERGENCY_LEVEL):
        since = place.pinned_at or place.arrived_at
        return (0.0, since.timestamp(), 0.0)
    used = share(place, now, targets)
    if place.acuity is None:
        return (UNTRIAGED_PLACE, place.suggested or UNKNOWN_LEVEL, -used)
    return (float(place.acuity), -used, 0.0)


def moved(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many rows, of those in both orders, have to leave their place to get from one to the other."""
    place = {row: number for number, row in enumerate(after)}
    tails: list[int] = []  # of the longest run of rows that keep their order
    places = [place[row] for row in before if row in place]
    for number in places:
        at = bisect_left(tails, number)
        tails[at : at + 1] = [number]
    return len(places) - len(tails)
