"""What was found when somebody looked before: which earlier value is another examination, not a correction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

#: What is entered anew within so long of the value that stands now corrects it: nobody has examined twice.
CORRECTED_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Stood:
    """One value of a sign and when it was recorded. Not known: nobody could tell, so there is nothing to compare."""

    known: bool
    value: Any
    recorded_at: datetime
    recorded_by: str = ""
    entered_at: datetime | None = None


def examined_before(now: Stood | None, values: Sequence[Stood]) -> Stood | None:
    """Return the last value of an earlier examination of the same visit; ``values``: what stood before, oldest first.

    None where the sign does not stand now: an answer that was taken back was no examination.
    """
    if now is None or not now.known:
        return None
    apart = (one for one in reversed(values) if now.recorded_at - one.recorded_at >= CORRECTED_WITHIN)
    found = next(apart, None)
    return found if found is not None and found.known else None
