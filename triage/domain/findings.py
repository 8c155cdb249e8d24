"""The vocabulary of findings, and how recorded answers become the findings the rules read.

A finding that nobody asked for is absent. Absent is unknown, and unknown is never "no".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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

    @cached_property
    def negative(self) -> object:
        """The value that means "asked, and it is not there"."""
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

    def is_abnormal(self, values: Sequence[Any]) -> bool:
        """Tell whether one of the recorded values is abnormal."""
        if self.at_most is not None:
            return bool(values) and min(values) <= self.at_most
        return any(value in self.values for value in values)


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

    def add_lowest(self, name: str, value: Any) -> None:
        old: Any = self.values.get(name)
        self.values[name] = value if old is None else min(old, value)


def resolve(knowledge: Any, answers: Mapping[str, Answer]) -> dict[str, object]:
    """Return the findings that the recorded answers say, absent where nothing is known.

    answers: recorded items by name: findings, urgent question ids, examination cells, option keys.
    A positive always wins over a negative, wherever either comes from.
    """
    gathered = _Resolution(knowledge.findings)
    known = {name: answer[1] for name, answer in answers.items() if answer[0]}
    for name in filter(known.__contains__, knowledge.findings):
        if known[name] is not None or knowledge.findings[name].null_means != "unknown":
            gathered.values[name] = known[name]
    measured = {name: value for name, value in known.items() if value is not None}
    for derivation in knowledge.examination.derivations:
        _derive(gathered, derivation, knowledge.examination.cells, measured)
    for option in knowledge.options:
        if known.get(option.key) is True:
            for name, value in option.implies.items():
                gathered.add(name, value)
    _hear(gathered, knowledge.urgent_questions, known)
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


def _hear(gathered: _Resolution, questions: Iterable[Question], known: Mapping[str, object]) -> None:
    for question in questions:
        answer = known.get(question.id)
        if answer is True:
            _affirm(gathered, question)
        elif answer is False:
            for name in question.findings:
                gathered.values.setdefault(name, gathered.vocabulary[name].negative)


def _affirm(gathered: _Resolution, question: Question) -> None:
    explained = any(gathered.is_positive(name) for name in question.details)
    for name, value in question.yes_means.items():
        if name not in question.details or not explained:
            gathered.add(name, value)


def _is_not_known(question: Question, answers: Mapping[str, Answer]) -> bool:
    names = [name for name in question.findings if name in answers]
    if len(names) == len(question.findings) or question.id not in answers:
        return len(names) == len(question.findings) and any(not answers[name].known for name in names)
    if answers[question.id].known:
        return False
    return not any(answers[name].known and answers[name].value not in (False, None) for name in names)


def _derive(
    gathered: _Resolution, derivation: Derivation, cells: Mapping[str, Cell], measured: Mapping[str, Any]
) -> None:
    values = _values(derivation.cells, measured)
    is_abnormal = derivation.is_abnormal(values)
    if not is_abnormal and not _is_grid_normal(derivation, values, measured):
        return
    if derivation.how == "lowest":
        gathered.add_lowest(derivation.finding, min(values))
    elif not is_abnormal or derivation.how != "both_sides" or _is_on_both_sides(derivation, cells, measured):
        gathered.add(derivation.finding, is_abnormal)


def _values(names: Iterable[str], measured: Mapping[str, Any]) -> list[Any]:
    return [measured[name] for name in names if name in measured]


def _is_on_both_sides(derivation: Derivation, cells: Mapping[str, Cell], measured: Mapping[str, Any]) -> bool:
    abnormal = (name for name in derivation.cells if derivation.is_abnormal(_values((name,), measured)))
    return {cells[name].side for name in abnormal} >= {"left", "right"}


def _is_grid_normal(derivation: Derivation, values: Sequence[Any], measured: Mapping[str, Any]) -> bool:
    if derivation.grid == derivation.cells:  # looked at already
        return len(values) == len(derivation.grid)
    grid = _values(derivation.grid, measured)
    return len(grid) == len(derivation.grid) and not derivation.is_abnormal(grid)


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
