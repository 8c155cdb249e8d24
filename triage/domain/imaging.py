"""An imaging order: how soon it is wanted, what it may say to a scanner, and what keeps it from starting."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

#: How soon an examination is wanted (FHIR R4 request-priority), the least urgent first.
PRIORITIES = ("routine", "urgent", "asap", "stat")
YES, NO, NOT_KNOWN = "yes", "no", "not_known"
ANSWERS = (YES, NO, NOT_KNOWN)
SIDES = ("right", "left", "both")
PREGNANCY = "pregnancy"
#: What a yes leads to.
STOP, DOCTOR = "stop", "doctor"
#: So long a "no" to what stops an examination is believed: it is asked again on another day.
FRESH = timedelta(hours=24)
#: DICOM's limit for a line of words (value representation LO), in characters; a backslash would separate two of them.
LONGEST_WORDS = 64
_SEPARATES = "\\"
#: What is kept of an order's way beside its status: step of ``ImagingOrderStep``.
CHANGED, ANSWERED, ALLOWED, REPEATED, CANCELLED = "changed", "answered", "allowed", "repeated", "cancelled"


class Question(Protocol):
    """A safety question of the clinic's knowledge."""

    @property
    def id(self) -> str:
        """Return its name."""

    @property
    def yes(self) -> str:
        """Return what a yes leads to."""

    @property
    def not_of(self) -> str:
        """Return the recorded sex that is not asked."""


Q = TypeVar("Q", bound=Question)


@dataclass(frozen=True)
class Details:
    """What exactly is ordered, why, how soon and at which machine."""

    procedure: str
    views: tuple[str, ...] = ()
    level: str = ""
    side: str = ""
    priority: str = "routine"
    justification: str = ""
    acr_variant: int | None = None
    scanner_id: str | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**vars(self), "views": list(self.views)}


def asked(questions: Iterable[Q], sex: str) -> tuple[Q, ...]:
    """Return the questions that are asked of a patient: all, unless the recorded sex rules one out."""
    return tuple(one for one in questions if not one.not_of or one.not_of != sex)


def open_codes(questions: Iterable[Question], said: Mapping[str, Mapping[str, Any]], now: datetime) -> dict[str, str]:
    """Return what keeps an examination from starting: message code by question. Unknown is never no."""
    found = {one.id: _code(one, said.get(one.id, {}), now) for one in questions}
    return {name: code for name, code in found.items() if code}


def _code(question: Question, said: Mapping[str, Any], now: datetime) -> str:
    answer = said.get("answer", "")
    if question.yes == STOP:
        fresh = answer == NO and now - datetime.fromisoformat(said["at"]) <= FRESH
        return "" if fresh else "pregnancy_unknown" if question.id == PREGNANCY else "safety_stops"
    if answer not in (YES, NO):
        return "safety_unknown"
    return "safety_word_needed" if (answer, question.yes) == (YES, DOCTOR) and not said.get("word") else ""


def fits_a_line(words: str) -> bool:
    """Tell whether words can go to a scanner as one line."""
    return len(words) <= LONGEST_WORDS and _SEPARATES not in words and words.isprintable()


def as_a_line(words: str) -> str:
    """Return words as they can go to a scanner: in one line, cut where they are too long."""
    line = " ".join(words.replace(_SEPARATES, "/").split())
    printable = line if line.isprintable() else "".join(sign for sign in line if sign.isprintable())
    return printable[:LONGEST_WORDS]


def lacking(
    details: Details, views: Collection[str], levels: Collection[str], scanners: Collection[str]
) -> dict[str, str]:
    """Return what details lack, message code by field; ``views``: those of the examination, () where it has none."""
    found = {}
    if set(details.views) - set(views) or (views and not details.views):
        found["views"] = "views_needed"
    if not set(filter(None, details.level.split(REACH))) <= set(levels):
        found["level"] = "level_needed"
    if details.side not in ("", *SIDES):
        found["side"] = "side_needed"
    if details.priority not in PRIORITIES:
        found["priority"] = "priority_needed"
    if not details.justification.strip():
        found["justification"] = "justification_needed"
    elif not fits_a_line(details.justification):
        found["justification"] = "line_too_long"
    if details.scanner_id and details.scanner_id not in scanners:
        found["scanner_id"] = "not_a_choice"
    return found


#: Between the first and the last of several levels.
REACH = " – "


def levels_of(first: str, last: str) -> str:
    """Return one level, or the first and the last of several."""
    return f"{first}{REACH}{last}" if first and last and last != first else first or last


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs, as it was and as it is now."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}
