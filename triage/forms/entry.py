"""What a page shows of the answers: each field with its stored value, or the typed one with its message."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from triage import knowledge
from triage.forms.findings import NAME as ANSWER
from triage.forms.findings import UNIT, WAS, Item, items, told_by, wire

#: A number with at most this many whole values is shown as a row of buttons.
SCALE = 11
#: Sections that the surgeon's review shows for entering, too.
REVIEWED = ("diagnoses", "operation")


@dataclass(frozen=True)
class Conflict:
    """Somebody else answered after the page was made: their answer stands, ``mine`` was not saved."""

    by: str
    at: Any
    mine: str
    theirs: str


@dataclass(frozen=True, kw_only=True)
class Field:
    """One input of the page; ``value`` is what it holds, ``was`` what is stored, both as they are posted."""

    item: Item
    label: str
    question: str
    value: str
    was: str
    options: tuple[tuple[str, str], ...] = ()
    error: str = ""
    link: str = ""
    conflict: Conflict | None = None
    by: str = ""
    at: Any = None
    entered_at: Any = None  # where it was entered later, from paper
    details: tuple["Field", ...] = ()

    @property
    def name(self) -> str:
        """Return the name under which the answer is recorded."""
        return self.item.name

    @property
    def key(self) -> str:
        """Return the name as part of an element's id."""
        return self.name.replace(".", "-")

    @property
    def input(self) -> str:
        """Return the name of the input."""
        return ANSWER + self.name

    @property
    def params(self) -> str:
        """Return the names that one saved answer posts."""
        return ",".join([self.input, *([UNIT + self.name] if self.item.units else []), "revision", "place"])

    @property
    def was_input(self) -> str:
        """Return the name of the hidden field that keeps what the page was made with."""
        return WAS + self.name

    @property
    def widget(self) -> str:
        """Return how the field is drawn: yes_no, choice, scale, number or text."""
        if self.item.kind in ("yes_no", "choice", "text"):
            return self.item.kind
        return "scale" if self.scale and self.value in ("", "?", *map(str, self.scale)) else "number"

    @property
    def scale(self) -> tuple[int, ...]:
        """Return the whole values of a short scale, else nothing."""
        spec = self.item.spec
        if spec.minimum is None or spec.maximum is None or spec.maximum - spec.minimum >= SCALE:
            return ()
        if self.item.kind == "number" and getattr(spec, "step", None) != 1:
            return ()
        return tuple(range(int(spec.minimum), int(spec.maximum) + 1))

    @property
    def graded(self) -> bool:
        """Tell whether each choice is a grade such as 2+, short enough to stand for its text."""
        return bool(self.options) and all(text.startswith(value) for value, text in self.options)

    @property
    def wordy(self) -> bool:
        """Tell whether the choices are too long to stand side by side."""
        return sum(len(text) for _, text in self.options) > 70

    @property
    def amount(self) -> str:
        """Return the number without its unit."""
        return self.value.partition(" ")[0] if self.item.units else self.value

    @property
    def unit(self) -> str:
        """Return the unit the number is shown in."""
        return self.value.partition(" ")[2] or str(self.item.spec.unit)


@dataclass(frozen=True)
class Entry:
    """The answers of one encounter on a page: ``rows`` by name, ``staff`` names by id, texts in ``locale``.

    typed, errors: what was typed and could not be saved, and why. conflicts: where somebody else was faster.
    links: where to go on after an error. sex: as recorded; what it rules out is not asked (unless it was answered).
    """

    rows: Mapping[str, Any]
    staff: Mapping[str, str]
    locale: str = "en"
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    sex: str = ""

    @cached_property
    def known(self) -> Any:
        """Return the clinical knowledge."""
        return knowledge.load()

    @property
    def known_names(self) -> set[str]:
        """Return every name that a form may post."""
        return set(items())

    def stored(self, name: str) -> str:
        """Return what is recorded under the name, as it is posted; "" when it was not asked."""
        row = self.row(name)
        return wire(name, row.known, row.value) if row is not None else ""

    def field(self, name: str, details: Iterable["Field"] = ()) -> Field:
        """Return one field as the page shows it."""
        item, was, row = items()[name], self.stored(name), self.row(name)
        label = item.spec.question(self.locale) if not hasattr(item.spec, "text") else item.spec.label(self.locale)
        asks = getattr(item.spec, "question", None)
        return Field(
            item=item, label=label, question=asks(self.locale) if asks else label, value=self.typed.get(name, was),
            was=was, options=self._options(item), error=self.errors.get(name, ""), link=self.links.get(name, ""),
            conflict=self.conflicts.get(name),
            by=self.staff.get(row.recorded_by, "") if row is not None else "",
            at=row.recorded_at if row is not None else None, details=tuple(details),
            entered_at=row.entered_at if row is not None else None,
        )  # fmt: skip

    def section(self, section_id: str) -> list[Field]:
        """Return the fields of one section that no urgent question asks, in the vocabulary's order."""
        specs = (spec for spec in self.known.findings.values() if spec.section == section_id and not spec.ask)
        return [self.field(spec.name) for spec in specs if spec.name in items() and self._asks(spec)]

    def questions(self, asked_by: str) -> list[Field]:
        """Return the urgent questions of the desk ("reception") or the nurse, each with its details."""
        asked = (q for q in self.known.urgent_questions if q.asked_by == asked_by)
        return [self.field(q.id, [self.field(name) for name in q.details]) for q in asked]

    def options(self, group: str) -> list[Field]:
        """Return the chips of a group: symptoms, diagnoses or body_regions."""
        return [self.field(option.key) for option in getattr(self.known, group)]

    def pairs(self, section_id: str) -> list[tuple[Field, ...]]:
        """Return the cells of a section that are no strength grades: right and left together."""
        graded = {row.id for row in self.known.myotomes}
        groups: dict[str, list[Field]] = {}
        for cell in self.known.examination.cells.values():
            if cell.section == section_id and cell.group not in graded:
                groups.setdefault(cell.group, []).append(self.field(cell.name))
        return [tuple(fields) for fields in groups.values()]

    def strength(self) -> list[tuple[Any, Field, Field]]:
        """Return the rows of the strength grid: the muscle group, its right and its left grade."""
        return [(row, self.field(row.right), self.field(row.left)) for row in self.known.myotomes]

    def of_section(self, section_id: str) -> Any:
        """Return the section itself, for its title."""
        return next(section for section in self.known.sections if section.id == section_id)

    def latest(self, but: str = "") -> Any:
        """Return the newest row that somebody else than ``but`` recorded, or None."""
        others = (row for row in self.rows.values() if row.recorded_by != but)
        return max(others, key=lambda row: row.recorded_at, default=None)

    def changed_since(self, revision: int, but: str) -> list[str]:
        """Return the names that others recorded after the page's revision; a question stands for its findings."""
        newer = {name for name, row in self.rows.items() if row.revision > revision and row.recorded_by != but}
        asked = {name: q.id for q in self.known.urgent_questions for name in told_by(q.id)}
        return sorted({asked.get(name, name) for name in newer} & items().keys())

    def row(self, name: str) -> Any:
        """Return the row of a name; an urgent question also speaks through the findings it alone enters."""
        row = self.rows.get(name)
        if name not in {question.id for question in self.known.urgent_questions}:
            return row
        told = [self.rows[finding] for finding in told_by(name) if finding in self.rows]
        positive = [r for r in told if r.known and r.value not in (False, None)]
        if positive:
            return positive[0]
        return row if row is not None else (told[0] if told and len(told) == len(told_by(name)) else None)

    def is_on(self, name: str, place: str) -> bool:
        """Tell whether a page ("intake", "sheet", "review") shows a name; the sheet repeats the urgent questions."""
        if place == "review":
            return getattr(items()[name].spec, "section", "") in REVIEWED
        if (items()[name].place == "sheet") == (place == "sheet"):
            return True
        return place == "sheet" and any(name in (q.id, *q.details) for q in self.known.urgent_questions)

    def _asks(self, spec: Any) -> bool:
        return spec.not_of is None or spec.not_of != self.sex or spec.name in self.rows

    def _options(self, item: Item) -> tuple[tuple[str, str], ...]:
        if item.kind != "choice":
            return ()
        return tuple((choice.id, choice.label(self.locale)) for choice in item.spec.choices)
