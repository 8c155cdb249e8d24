"""Who waits is looked at again: when that is due, and what it may say. The clock from arrival is another one."""

from collections.abc import Mapping
from datetime import datetime, timedelta

SAME, WORSE = "same", "worse"
#: What restarts the interval: a nurse's or surgeon's look, vital signs, a decision.
RESULTS = (SAME, WORSE)


def due(acuity: int | None, since: datetime, intervals: Mapping[int, int]) -> datetime | None:
    """Return when the next re-assessment is due; None where the level has no interval, or none was given yet."""
    minutes = None if acuity is None else intervals.get(acuity)
    return None if minutes is None else since + timedelta(minutes=minutes)
