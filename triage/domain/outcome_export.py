"""The columns of the export in the manner of the spine registries, and what each line says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from triage.domain.messages import N_
from triage.domain.outcomes import ANSWERED, OPEN, PARTLY, STOPPED, Window

#: Column -> what stands in it. The measures stand between "how" and "complications", each under its own id.
BEFORE: dict[str, str] = {
    "site": N_("Code of the site"),
    "series": N_("Follow-up: a random code, the same in every export, which leads to nobody outside this program"),
    "kind": N_("procedure, or conservative care"),
    "origin": N_("Empty: treated and followed up here; else why the follow-up was begun by hand"),
    "procedure": N_("Code of the procedure; empty for conservative care"),
    "level": N_("Level, or the first and the last of several"),
    "side": N_("right, left or both"),
    "index_date": N_("Day of the operation, or of the decision for conservative care (YYYY-MM-DD)"),
    "age": N_("Age in full years on that day"),
    "sex": N_("Sex as recorded"),
    "point": N_("When was asked"),
    "months": N_("Months after the index date"),
    "due": N_("Day on which the answer was due"),
    "window_opens": N_("First day that counts"),
    "window_closes": N_("Last day that counts as in time"),
    "status": N_("answered, partly, missing, waiting, not_yet or not_asked"),
    "answered_on": N_("Day on which everything needed was answered"),
    "in_time": N_("1: answered by the last day that counts; 0: later; empty: not answered"),
    "how": N_("How the answer came; of several, the last one entered"),
}
AFTER: dict[str, str] = {
    "complications": N_("code:grade of each complication since the point before, with semicolons; baseline: empty"),
    "reoperation": N_("1: operated on again since the point before; 0: not; empty: baseline, or not looked at yet"),
    "ended_on": N_("Since when nobody is asked any more"),
    "end_reason": N_("Why nobody is asked any more"),
    "overtaken_by": N_("Follow-up of the later operation of the same patient, where that ended this one"),
}
#: Code of a status -> its meaning.
STATUSES: dict[str, str] = {
    "answered": N_("everything needed was answered"),
    "partly": N_("a part was answered"),
    "missing": N_("the window has closed without an answer"),
    "waiting": N_("the window is open"),
    "not_yet": N_("the window has not opened"),
    "not_asked": N_("not asked any more"),
}


@dataclass(frozen=True)
class Event:
    """Something that went wrong on a day: a complication with its grade, or ("") an operation that came later."""

    day: date
    code: str
    reoperation: bool


def header(measures: Iterable[str]) -> list[str]:
    """Return the names of the columns in their order."""
    return [*BEFORE, *measures, *AFTER]


def status(stored: str, window: Window, today: date) -> str:
    """Return how a point stands, as the export says it."""
    if stored in (ANSWERED, PARTLY):
        return stored
    if stored == STOPPED:
        return "not_asked"
    if stored == OPEN and today < window.opens:
        return "not_yet"
    return "waiting" if today <= window.closes else "missing"


def place(day: date, dues: Sequence[date]) -> int:
    """Return at which point (its number) an event of this day is told: the first after it, the last at the end.

    ``dues``: the due days in order, the baseline first, at which nothing is told.
    """
    return next((number for number, due in enumerate(dues) if number and day <= due), len(dues) - 1)
