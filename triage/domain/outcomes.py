"""Outcomes: when a patient is asked what, how an answer is read, and whether it counts as in time."""

import calendar
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from triage.domain.choice import SIDES

PROCEDURE, CONSERVATIVE = "procedure", "conservative"
KINDS = (PROCEDURE, CONSERVATIVE)
BASELINE = "baseline"
#: How a point stands, as it is stored.
OPEN, PARTLY, ANSWERED, STOPPED = "open", "partly", "answered", "stopped"
WAITING = (OPEN, PARTLY)
#: The series ended because the patient was operated on (again).
OPERATED = "operated"
#: It ended because what was planned was not done.
NOT_DONE = "not_done"
#: So long a planned operation is waited for; afterwards the plan is looked at again.
PLANNED_DAYS = 365


@dataclass(frozen=True)
class Treatment:
    """What a patient is followed up after. start, note: why it was begun by hand; pathway_id: the way it belongs to."""

    kind: str
    procedure: str = ""
    surgeon_id: str = ""
    level: str = ""
    side: str = ""
    pathway_id: str | None = None
    start: str = ""
    note: str = ""

    def columns(self) -> dict[str, str | None]:
        """Return it as a stored follow-up keeps it."""
        return {name: value for name, value in vars(self).items() if name != "note"} | {"start_note": self.note}


@dataclass(frozen=True)
class Named:
    """An operation as the history of a follow-up keeps it in one text of codes: "MED L4-5 right"."""

    procedure: str = ""
    level: str = ""
    side: str = ""

    @property
    def stored(self) -> str:
        """Return it as one text."""
        return " ".join(filter(None, (self.procedure, self.level, self.side)))

    @classmethod
    def read(cls, stored: str) -> "Named":
        """Return what a stored text says: no code has a blank in it, a level that reaches over several has."""
        procedure, *rest = stored.split() or [""]
        side = rest.pop() if rest and rest[-1] in SIDES else ""
        return cls(procedure, " ".join(rest), side)


@dataclass(frozen=True)
class Point:
    """When is asked: months after the index day, with the days before and after that count as in time."""

    id: str
    text: Mapping[str, str]
    months: int
    before: int
    after: int

    def label(self, lang: str = "en") -> str:
        """Return the name of the point in the language."""
        return self.text["ja" if str(lang).startswith("ja") else "en"]

    def window(self, index_day: date) -> "Window":
        """Return the days of this point after an index day."""
        due = add_months(index_day, self.months)
        return Window(due - timedelta(days=self.before), due, due + timedelta(days=self.after))


@dataclass(frozen=True)
class Window:
    """The first day, the due day and the last day of a point."""

    opens: date
    due: date
    closes: date


@dataclass(frozen=True)
class Measure:
    """One number that is asked for; finding, score: where a visit records the same number."""

    id: str
    text: Mapping[str, str]
    minimum: float
    maximum: float
    decimals: int
    worse: str
    core: bool = False
    finding: str = ""
    score: str = ""

    def label(self, lang: str = "en") -> str:
        """Return the name of the measure in the language."""
        return self.text["ja" if str(lang).startswith("ja") else "en"]

    def written(self, value: float | None) -> str:
        """Return a value as people write it, "" for none."""
        return "" if value is None else f"{value:.{self.decimals}f}"

    def average(self, value: float | None, change: bool = False) -> str:
        """Return a mean as people write it, of whole numbers with one digit more; a change with its sign."""
        return "" if value is None else f"{value:{'+' if change else ''}.{self.decimals or 1}f}"

    def read(self, text: str) -> tuple[float | None, str]:
        """Return the number that was typed and "", None for an empty field, or None and the code of what is wrong."""
        plain = unicodedata.normalize("NFKC", text).strip().replace("−", "-").replace(",", ".")
        if not plain:
            return None, ""
        if not re.fullmatch(r"-?[0-9]{1,4}(\.[0-9]{1,6})?", plain):
            return None, "not_a_number"
        value = float(plain)
        if not self.minimum <= value <= self.maximum:
            return None, "number_range"
        if round(value, self.decimals) != value:
            return None, "not_whole" if not self.decimals else "too_many_decimals"
        return value, ""


def add_months(day: date, months: int) -> date:
    """Return the same day of a later month, the last one where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def state(status: str, window: Window, today: date) -> str:
    """Return how a point stands today: answered, stopped, early, due (not yet past its day), overdue or missed."""
    if status in (ANSWERED, STOPPED):
        return status
    if today < window.opens:
        return "early"
    if today > window.closes:
        return "missed"
    return "overdue" if today > window.due else "due"


def status_after(core: Collection[str], there: Collection[str]) -> str:
    """Return how a point stands with these measures: nothing, a part, or everything that is needed."""
    if not there:
        return OPEN
    return ANSWERED if set(core) <= set(there) else PARTLY
