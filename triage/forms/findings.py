"""Posted answers: any subset of what intake and sheet ask, read by the vocabulary alone.

Wire format: ``a.<name>`` is yes, no, unknown (asked, not known), a value, "none" for a choice that says there is
none, or "" (take back to "not asked"); absent means unchanged. ``w.<name>`` is what the page held when it was made:
an answer equal to it was not touched. ``u.<name>`` is the unit the number was given in.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from triage import knowledge
from triage.domain.findings import Answer

NAME, WAS, UNIT = "a.", "w.", "u."
#: Longest text that is kept as an answer.
LONGEST = 2000
NOT_KNOWN = frozenset({"unknown", "not_known", "?", "不明"})
YES_NO = {"yes": True, "no": False}
#: Unit of a duration -> unit it may be typed in -> how many of the first one of it is.
UNITS: dict[str, dict[str, float]] = {
    "weeks": {"days": 1 / 7, "weeks": 1.0, "months": 365.25 / 12 / 7, "years": 365.25 / 7}
}
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{0,6})?")


class Form(Protocol):
    """What a posted form offers (werkzeug's MultiDict is one)."""

    def __iter__(self) -> Any:
        """Iterate over the names."""

    def getlist(self, key: str) -> list[str]:
        """Return every value of a name, in order."""


class Refusal(Exception):
    """The typed text cannot be an answer: a message code and its values."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params


@dataclass(frozen=True)
class Item:
    """One thing that can be answered, whatever file of the knowledge it comes from."""

    name: str
    kind: str
    place: str
    spec: Any
    decimal: bool = False
    role: str = ""  # question, chip

    @property
    def units(self) -> Mapping[str, float]:
        """Return the units a number may be given in; empty when there is only its own."""
        return UNITS.get(getattr(self.spec, "unit", ""), {}) if self.decimal and self.kind == "number" else {}


@dataclass(frozen=True)
class Posted:
    """The answers of one form, what could not be read (message code and values), and the typed text of every name."""

    answers: dict[str, Answer | None] = field(default_factory=dict)
    errors: dict[str, tuple[str, dict[str, object]]] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)

    def places(self) -> set[str]:
        """Return the places ("desk", "sheet") that the answers belong to."""
        known = items()
        return {known[name].place for name in self.answers if name in known}


@cache
def items() -> Mapping[str, Item]:
    """Return everything that can be answered, by name; what the patient's record says is not asked again."""
    known = knowledge.load()
    places = {"reception": "desk", "nurse": "sheet"}
    found = [
        Item(name, spec.kind, spec.place, spec, "float" in spec.types)
        for name, spec in known.findings.items()
        if not spec.from_record
    ]
    found += [Item(name, cell.kind, cell.place, cell) for name, cell in known.examination.cells.items()]
    found += [Item(q.id, "yes_no", places[q.asked_by], q, role="question") for q in known.urgent_questions]
    found += [Item(option.key, "yes_no", "desk", option, role="chip") for option in known.options]
    return {item.name: item for item in found}


@cache
def told_by(question_id: str) -> tuple[str, ...]:
    """Return the findings that only the urgent question itself enters: they have no detail of their own."""
    question = next(q for q in knowledge.load().urgent_questions if q.id == question_id)
    return tuple(name for name in question.findings if name not in question.details)


def parse(form: Form) -> Posted:
    """Return the touched answers of a posted form, and an error for each that cannot be one."""
    posted = Posted()
    for key in form:
        name = key.removeprefix(NAME)
        if name == key or _typed(form, name) == _last(form, WAS + name):
            continue
        posted.typed[name] = _typed(form, name)
        try:
            posted.answers[name] = read(name, posted.typed[name])
        except Refusal as refusal:
            posted.errors[name] = (refusal.code, refusal.params)
    _fill(form, posted)
    _settle(posted.answers)
    return posted


def read(name: str, text: str) -> Answer | None:
    """Return the answer that the text says, None for "take back"; raises Refusal."""
    item = items().get(name)
    if item is None:
        raise Refusal("unknown_name")
    if "\x00" in text or len(text) > LONGEST:
        raise Refusal("bad_text" if "\x00" in text else "too_long")
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return None
    if plain in NOT_KNOWN:
        return Answer(False)
    return Answer(True, _READERS[item.kind](item, plain))


def _typed(form: Form, name: str) -> str:
    text, unit = _one(form, name), _last(form, UNIT + name)
    return f"{text} {unit}" if unit and text.strip() and text.strip() not in NOT_KNOWN else text


def _one(form: Form, name: str) -> str:
    """Return the text of a number, or that it is not known, which a box beside it says: the one that is new counts.

    Where both are new, neither can be meant: what is returned is no number, and the field says so.
    """
    texts = [text for text in form.getlist(NAME + name) if text.strip()]
    if len(texts) < 2 or texts[-1] not in NOT_KNOWN:
        return _last(form, NAME + name) or ""
    was = (_last(form, WAS + name) or "").partition(" ")[0]
    if was in NOT_KNOWN:
        return texts[0]
    return texts[-1] if was == texts[0].strip() else " ".join(texts)


def _last(form: Form, key: str) -> str | None:
    # A hidden blank stands before each control, so that clearing it posts something.
    values = form.getlist(key)
    return values[-1] if values else None


def _fill(form: Form, posted: Posted) -> None:
    """Grade a whole side of the strength grid as full; examination only, never an urgent question."""
    known = knowledge.load().examination
    for side in set(form.getlist("fill")) & {"left", "right"}:
        for row in known.myotomes:
            name = getattr(row, side)
            posted.answers.setdefault(name, Answer(True, int(known.cells[name].maximum or 0)))


def filled(form: Form) -> set[str]:
    """Return the names that "the rest is full" may grade; a grade that stands already is kept."""
    rows, sides = knowledge.load().examination.myotomes, set(form.getlist("fill")) & {"left", "right"}
    return {getattr(row, side) for row in rows for side in sides}


def _settle(answers: dict[str, Answer | None]) -> None:
    """Let an urgent question speak alone for the findings that have no detail of their own."""
    questions = {question.id for question in knowledge.load().urgent_questions}
    for name in [name for name in answers if name in questions]:
        for finding in told_by(name):
            answers.setdefault(finding, None)


def _read_yes_no(item: Item, text: str) -> bool:
    if item.role == "chip" and text == item.spec.id:
        return True
    if text not in YES_NO:
        raise Refusal("not_a_choice")
    return YES_NO[text]


def _read_choice(item: Item, text: str) -> str | None:
    chosen = {choice.id: choice.value for choice in item.spec.choices}
    if text not in chosen:
        raise Refusal("not_a_choice")
    value: str | None = chosen[text]
    return value


def _read_text(_item: Item, text: str) -> str:
    return text


def _read_number(item: Item, text: str) -> int | float:
    number, _, unit = text.partition(" ")
    if not _NUMBER.fullmatch(number) or (unit and unit not in item.units):
        raise Refusal("not_a_number")
    value = round(float(number) * item.units.get(unit, 1.0), 4)
    if value != int(value) and not item.decimal:
        raise Refusal("not_whole")
    _refuse_out_of_range(item.spec, value)
    whole = value == int(value) and "int" in getattr(item.spec, "types", ("int",))
    return int(value) if whole else value


def _refuse_out_of_range(spec: Any, value: float) -> None:
    low, high = spec.minimum, spec.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        raise Refusal("number_range", low=f"{low:g}", high=f"{high:g}")


_READERS = {
    "yes_no": _read_yes_no,
    "choice": _read_choice,
    "text": _read_text,
    "integer": _read_number,
    "number": _read_number,
}


def wire(name: str, known: bool, value: object) -> str:
    """Return a stored answer as the form posts it."""
    if not known:
        return "?" if items()[name].kind in ("integer", "number", "text") else "unknown"
    if isinstance(value, bool):
        yes = items()[name].spec.id if items()[name].role == "chip" else "yes"
        return str(yes) if value else "no"
    if value is None:
        return "none"
    if isinstance(value, int | float):
        return _number_text(items()[name], value)
    return str(value)


def _number_text(item: Item, value: float) -> str:
    if not item.units:
        return f"{value:g}"
    days = value / item.units["days"]
    if value < 2 and round(days) >= 1 and abs(days - round(days)) < 0.01:
        return f"{round(days)} days"
    return f"{round(value, 1):g} {item.spec.unit}"
