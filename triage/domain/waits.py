"""How long people wait at a station, as a range that may be shown to everybody in the waiting room."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

#: Below this many finished waits a range would be a guess, and could tell how long one person took.
FEWEST = 5
#: Only so many of the last finished waits count: the morning's queue says little about the afternoon's.
LATEST = 20
#: Minutes to which a range is rounded outwards.
STEP = 5


@dataclass(frozen=True)
class Range:
    """From ``low`` to ``high`` minutes."""

    low: int
    high: int


def estimate(done: Sequence[float], waiting: Sequence[float]) -> Range | None:
    """Return the middle half of the last finished waits in minutes, rounded outwards; None where there are too few.

    done: minutes that those waited who were taken, oldest first. waiting: minutes that those have waited who still
    wait: when half of them wait longer than the range says, the range is too short for today and is stretched.
    """
    if len(done) < FEWEST:
        return None
    known = sorted(done[-LATEST:])
    high = _quantile(known, 0.75)
    if waiting:
        high = max(high, _quantile(sorted(waiting), 0.5))
    low = STEP * floor(_quantile(known, 0.25) / STEP)
    return Range(low, max(STEP * ceil(high / STEP), low + STEP))


def _quantile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    below = ordered[floor(at)]
    return below + (ordered[ceil(at)] - below) * (at - floor(at))
