"""Who may be asked to come back another day, and how an expected return stands."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from triage.domain.gate import EMERGENCY_ROUTE, Reasons
from triage.domain.hours import Opening

#: Whoever stands at this level or above it, by the rules or by a person, is seen today.
URGENT_LEVEL = 3
#: Nobody is put off further than this; to be confirmed by the clinic.
MOST_DAYS = 31
UNDO = timedelta(minutes=10)

# A return: expected until the patient has come, was reached and does not come, or a named person stopped it.
EXPECTED, CAME, CALLED_BACK, CANCELLED, UNDONE = "expected", "came", "called_back", "cancelled", "undone"
# Where an expected return stands on the lists.
ABSENT, TO_MOVE, TODAY, LATER = "absent", "to_move", "today", "later"
PLACES = (ABSENT, TO_MOVE, TODAY, LATER)
# What a telephone call may end in.
NEW_DAY, REACHED, NOT_REACHED, STOPPED = "new_day", "reached", "not_reached", "stopped"
RESULTS = (NEW_DAY, REACHED, NOT_REACHED, STOPPED)
_AFTER = {NEW_DAY: EXPECTED, NOT_REACHED: EXPECTED, REACHED: CALLED_BACK, STOPPED: CANCELLED}


@dataclass(frozen=True)
class Day:
    """The day of a return and its window; without limits the window is the clinic's day."""

    on: date
    begins: time | None = None
    ends: time | None = None

    def within(self, opening: Opening) -> Opening | None:
        """Return when the patient finds the clinic open in the window, None where it is closed all through it."""
        first, last = max(self.begins or opening.opens, opening.opens), min(self.ends or opening.closes, opening.closes)
        return Opening(first, last) if first < last else None


@dataclass(frozen=True)
class Standing:
    """What is known of a patient whom somebody would ask to come back.

    suggested: every level the rules suggest, as kept and as of now; None: they never ran. not_denied: urgent questions
    whose answer is anything but a plain "no".
    """

    unanswered: Collection[str]
    not_known: Collection[str]
    not_denied: Collection[str]
    suggested: Collection[int | None]
    routes: Collection[str | None] = ()
    acuity: int | None = None
    emergency_open: bool = False
    is_worse: bool = False


def closed(standing: Standing) -> Reasons:
    """Return every reason why this patient is not asked to come back, as message codes with values; empty: may be."""
    return _open_questions(standing) + _fears(standing)


def _open_questions(standing: Standing) -> Reasons:
    found: Reasons = []
    if standing.unanswered:
        found.append(("comeback_unanswered", {"count": len(standing.unanswered)}))
    if standing.not_known:
        found.append(("comeback_not_known", {"count": len(standing.not_known)}))
    told = set(standing.not_denied) - {*standing.unanswered, *standing.not_known}
    if told:
        found.append(("comeback_told", {"count": len(told)}))
    return found


def _fears(standing: Standing) -> Reasons:
    found: Reasons = []
    if standing.emergency_open or EMERGENCY_ROUTE in standing.routes:
        found.append(("comeback_emergency", {}))
    if not standing.suggested or None in standing.suggested:
        found.append(("comeback_not_judged", {}))
    urgent = [level for level in standing.suggested if level is not None and level <= URGENT_LEVEL]
    if urgent:
        found.append(("comeback_suggested", {"level": min(urgent)}))
    if standing.acuity is not None and standing.acuity <= URGENT_LEVEL:
        found.append(("comeback_acuity", {"level": standing.acuity}))
    if standing.is_worse:
        found.append(("comeback_worse", {}))
    return found


def may_undo(at: datetime, now: datetime) -> bool:
    """Tell whether it is young enough (10 minutes) to be undone."""
    return timedelta(0) <= now - at <= UNDO


def status_after(result: str) -> str:
    """Return how a return stands after a call that ended in ``result``."""
    return _AFTER[result]


def is_absent(day: date, until: time | None, today: date, now: time) -> bool:
    """Tell whether who was expected has not come: the day is over, or the window has closed on the day itself."""
    return day < today or (day == today and until is not None and until <= now)


def place(day: Day, opening: Opening | None, today: date, now: time) -> str:
    """Return the list an expected return stands on; ``opening``: the hours of its day as they are by now."""
    window = day.within(opening) if opening else None
    if window is None:  # the hours have changed since: nobody would find the door open
        return TO_MOVE
    if is_absent(day.on, window.closes, today, now):
        return ABSENT
    return TODAY if day.on == today else LATER


def fault_of_day(day: date, today: date) -> str | None:
    """Return what is wrong with a day of return, as a message code: it lies ahead, and not too far."""
    if day <= today:
        return "return_not_ahead"
    return "return_too_far" if (day - today).days > MOST_DAYS else None


def fault_of_window(begins: time | None, ends: time | None, opening: Opening) -> tuple[str, str] | None:
    """Return the field that is wrong and why; a window lies inside the hours, and one without limits is the day."""
    first, last = begins or opening.opens, ends or opening.closes
    if not opening.opens <= first < opening.closes:
        return "begins", "return_outside_hours"
    if not opening.opens < last <= opening.closes:
        return "ends", "return_outside_hours"
    return ("ends", "closes_before") if first >= last else None
