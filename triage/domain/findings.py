"""The vocabulary of findings, and how recorded answers become the findings the rules read.

A finding that nobody asked for is absent. Absent is unknown, and unknown is never "no".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One name of the vocabulary with the types and limits of its value.

    null_means: "unknown" (null says nobody knows) or "none" (null says asked, there is none).
    some: the value that says "yes, which kind is not known".
    """

    name: str
    types: tuple[str, ...]
    null_means: str = "unknown"
    some: str | None = None
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def is_negative(self, value: object) -> bool:
        """Say whether a known value means "asked, and it is not there"."""
        return value is False or (value is None and self.null_means == "none")

    def negative(self) -> object:
        """Return the value that means "asked, and it is not there"."""
        return False if "bool" in self.types else None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of the examination grid."""

    name: str
    side: str | None


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """What a group of examination cells says about one finding.

    how: "lowest" (the lowest abnormal cell), "any" (one abnormal cell), "both_sides" (one on each side).
    A cell is abnormal at or below at_most, or when its value is one of values.
    """

    finding: str
    how: str
    cells: tuple[str, ...]
    grid: tuple[str, ...]
    at_most: float | None = None
    values: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def abnormal(self, recorded: Mapping[str, Any]) -> list[str]:
        """Return the names of the recorded cells that are abnormal."""
        if self.at_most is not None:
            return [name for name, value in recorded.items() if value <= self.at_most]
        return [name for name, value in recorded.items() if value in self.values]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One urgent question: the findings a "no" answers, what a plain "yes" counts as, its details."""

    id: str
    findings: tuple[str, ...]
    yes_means: Mapping[str, object]
    details: tuple[str, ...] = ()


class Answer(NamedTuple):
    """One recorded answer. known is False for "asked, not known"."""

    known: bool
    value: object = None


@dataclass(frozen=True)
class _Resolution:
    """The findings gathered so far; a positive is never replaced by a negative."""

    vocabulary: Mapping[str, Finding]
    values: dict[str, object] = field(default_factory=dict)

    def is_positive(self, name: str) -> bool:
        return name in self.values and not self.vocabulary[name].is_negative(self.values[name])

    def add(self, name: str, value: object) -> None:
        finding = self.vocabulary[name]
        is_new = name not in self.values
        if is_new or (not self.is_positive(name) and not finding.is_negative(value)):
            self.values[name] = value

    def deny(self, name: str) -> None:
        self.values.setdefault(name, self.vocabulary[name].negative())

    def add_lowest(self, name: str, value: Any) -> None:
        old: Any = self.values.get(name)
        self.values[name] = value if old is None else min(old, value)


def resolve(knowledge: Any, answers: Mapping[str, Answer]) -> dict[str, object]:
    """Return the findings that the recorded answers say, absent where nothing is known.

    answers: recorded items by name: findings, urgent question ids, examination cells, option keys.
    A positive always wins over a negative, wherever either comes from.
    """
    gathered = _Resolution(knowledge.findings)
    known = {name: value for name, (is_known, value) in answers.items() if is_known}
    for name in filter(known.__contains__, knowledge.findings):
        if known[name] is not None or knowledge.findings[name].null_means != "unknown":
            gathered.values[name] = known[name]
    for derivation in knowledge.examination.derivations:
        _derive(gathered, derivation, knowledge.examination.cells, known)
    for option in knowledge.options:
        if known.get(option.key) is True:
            for name, value in option.implies.items():
                gathered.add(name, value)
    for question in knowledge.urgent_questions:
        _answer_question(gathered, question, known.get(question.id))
    return gathered.values


def unanswered_urgent(knowledge: Any, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Return the ids of the urgent questions that are neither yes, no nor not known."""
    return tuple(
        question.id
        for question in knowledge.urgent_questions
        if question.id not in answers and not all(name in answers for name in question.findings)
    )


def not_known_urgent(knowledge: Any, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Return the ids of the urgent questions whose answer is "not known", as a whole or in a part."""
    return tuple(q.id for q in knowledge.urgent_questions if _is_not_known(q, answers))


def refusal(finding: Finding, value: object) -> str | None:
    """Return why the value cannot be a value of the finding, or None when it can."""
    if value is None:
        return None if "null" in finding.types else f"{finding.name}: null is not allowed"
    if isinstance(value, bool):
        return None if "bool" in finding.types else _wrong_type(finding, value)
    if isinstance(value, str):
        return _refuse_text(finding, value)
    if isinstance(value, int | float):
        return _refuse_number(finding, value)
    return _wrong_type(finding, value)


def _answer_question(gathered: _Resolution, question: Question, answer: object) -> None:
    if answer is True:
        explained = any(gathered.is_positive(name) for name in question.details)
        for name, value in question.yes_means.items():
            if name not in question.details or not explained:
                gathered.add(name, value)
    elif answer is False:
        for name in question.findings:
            gathered.deny(name)


def _is_not_known(question: Question, answers: Mapping[str, Answer]) -> bool:
    names = [name for name in question.findings if name in answers]
    if len(names) == len(question.findings) or question.id not in answers:
        return len(names) == len(question.findings) and any(not answers[name].known for name in names)
    if answers[question.id].known:
        return False
    return not any(answers[name].known and answers[name].value not in (False, None) for name in names)


def _derive(gathered: _Resolution, derivation: Derivation, cells: Mapping[str, Cell], known: Mapping[str, Any]) -> None:
    recorded = _measured(derivation.cells, known)
    abnormal = derivation.abnormal(recorded)
    if derivation.how == "lowest":
        if abnormal or _is_grid_normal(derivation, known):
            gathered.add_lowest(derivation.finding, min(recorded.values()))
    elif _is_enough(derivation, abnormal, cells):
        gathered.add(derivation.finding, True)
    elif not abnormal and _is_grid_normal(derivation, known):
        gathered.add(derivation.finding, False)


def _measured(names: Iterable[str], known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: known[name] for name in names if known.get(name) is not None}


def _is_enough(derivation: Derivation, abnormal: list[str], cells: Mapping[str, Cell]) -> bool:
    if derivation.how == "both_sides":
        return {cells[name].side for name in abnormal} >= {"left", "right"}
    return bool(abnormal)


def _is_grid_normal(derivation: Derivation, known: Mapping[str, Any]) -> bool:
    recorded = _measured(derivation.grid, known)
    return len(recorded) == len(derivation.grid) and not derivation.abnormal(recorded)


def _refuse_text(finding: Finding, value: str) -> str | None:
    if "str" not in finding.types:
        return _wrong_type(finding, value)
    if finding.values and value not in finding.values:
        return f"{finding.name}: must be one of {', '.join(finding.values)}"
    return None


def _refuse_number(finding: Finding, value: int | float) -> str | None:
    if isinstance(value, float) and "float" not in finding.types:
        return _wrong_type(finding, value)
    if not {"int", "float"} & set(finding.types):
        return _wrong_type(finding, value)
    if value != value or value in (float("inf"), float("-inf")):
        return f"{finding.name}: must be a finite number"
    if finding.minimum is not None and value < finding.minimum:
        return f"{finding.name}: must be at least {finding.minimum:g}"
    if finding.maximum is not None and value > finding.maximum:
        return f"{finding.name}: must be at most {finding.maximum:g}"
    return None


def _wrong_type(finding: Finding, value: object) -> str:
    wanted = " or ".join(finding.types)
    return f"{finding.name}: must be {wanted}, not {type(value).__name__}"
