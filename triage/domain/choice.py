"""What a surgeon chose, before and after it is signed: one shape for the form, the verb and the stored decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

SIDES = ("right", "left", "both")
#: What became of a point that speaks against a procedure, or of one that nobody knows.
ACCEPTED, FIRST, ABSENT = "accepted", "first", "absent"
ANSWERS = (ABSENT, FIRST, ACCEPTED)
#: Between the first and the last level of a choice that reaches over several.
REACH = " – "


@dataclass(frozen=True)
class Choice:
    """What the surgeon chose; ``identified`` says that the patient's identity was confirmed at the signature.

    level_to: the last level where it is more than one. answers: criterion id of the chosen procedure to one of ANSWERS.
    told: words for the patient's own sheet. examination: which one at the machine, "" for the usual one.
    """

    kind: str
    procedure: str = ""
    level: str = ""
    side: str = ""
    modality: str = ""
    note: str = ""
    identified: bool = False
    level_to: str = ""
    step: str = ""
    block: str = ""
    measures: tuple[str, ...] = ()
    weeks: int | None = None
    review_on: date | None = None
    if_needed: bool = False
    indications: tuple[str, ...] = ()
    indication_note: str = ""
    alternatives: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    implants: tuple[str, ...] = ()
    grafts: tuple[str, ...] = ()
    implant_note: str = ""
    told: str = ""
    examination: str = ""

    @property
    def levels(self) -> str:
        """Return the level, or the first and the last of several."""
        return f"{self.level}{REACH}{self.level_to}" if self.level_to and self.level_to != self.level else self.level

    def stored(self) -> dict[str, Any]:
        """Return the columns of a signed decision; what was said in detail together, nothing empty."""
        values = {name: getattr(self, name) for name in DETAILS}
        details = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if v}
        columns = {name: getattr(self, name) for name in COLUMNS}
        return columns | {"level": self.levels, "details": details}


#: What lists, dates and other decisions look for.
COLUMNS = ("kind", "procedure", "side", "modality", "note", "review_on")
#: Stored together as one JSON value.
DETAILS = (
    "level_to", "step", "block", "measures", "weeks", "if_needed", "indications", "indication_note", "alternatives",
    "answers", "implants", "grafts", "implant_note", "told",
    "examination",
)  # fmt: skip


def chosen(stored: Mapping[str, Any]) -> Choice:
    """Return the choice behind a stored decision's values, to be changed into its amendment; nobody is identified."""
    names = {item.name for item in fields(Choice)}
    kept = {name: value for name, value in stored.items() if name in names}
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in kept.items()}
    level = str(values.get("level", "")).partition(REACH)[0]
    return Choice(**values | {"level": level, "identified": False})


def only(names: Sequence[str], allowed: Sequence[str] | Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that are allowed, each once, in the order of what is allowed."""
    return tuple(name for name in allowed if name in names)
