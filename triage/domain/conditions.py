"""Conditions over findings in three-valued logic: true, false, or unknown (None).

A condition is written as an expression: names of findings and of definitions, comparisons with
numbers or with the values of a choice, "and", "or", at_least(n, ...), denied(...) and unless(...).
There is no "not": a rule must never depend on something being absent, because absent may only mean
not asked. unless(x) holds until x is known to be true, so a missing answer never switches a rule off.
denied(x) holds when x was asked and the answer is no; while nobody asked, it is unknown.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from triage.domain.findings import Finding

Values = Mapping[str, Any]
Verdict = bool | None

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.Lt: operator.lt,
    ast.Eq: operator.eq,
}


class ConditionError(ValueError):
    """A condition that cannot be read; the message says why."""


class Condition(Protocol):
    """One node of a condition."""

    def test(self, values: Values) -> Verdict:
        """Return whether the condition holds, None when that is unknown."""

    def true_names(self, values: Values) -> Iterator[str]:
        """Yield the findings that make the condition true."""

    def open_names(self, values: Values) -> Iterator[str]:
        """Yield the unanswered findings on which the condition still depends."""

    def names(self) -> Iterator[str]:
        """Yield every finding the condition reads."""


class Fact:
    """A finding that is present, or one whose value passes a comparison."""

    def __init__(self, name: str, holds: Callable[[Any], Verdict]) -> None:
        self.name = name
        self.holds = holds

    def test(self, values: Values) -> Verdict:
        value = values.get(self.name, _MISSING)
        return None if value is _MISSING else self.holds(value)

    def true_names(self, values: Values) -> Iterator[str]:
        if self.test(values):
            yield self.name

    def open_names(self, values: Values) -> Iterator[str]:
        if self.test(values) is None:
            yield self.name

    def names(self) -> Iterator[str]:
        yield self.name


class Defined:
    """A named definition, already tested for these values under its own name."""

    def __init__(self, name: str, node: Condition) -> None:
        self.name = name
        self.node = node

    def test(self, values: Values) -> Verdict:
        verdict: Verdict = values[self.name]
        return verdict

    def true_names(self, values: Values) -> Iterator[str]:
        return self.node.true_names(values)

    def open_names(self, values: Values) -> Iterator[str]:
        return self.node.open_names(values)

    def names(self) -> Iterator[str]:
        return self.node.names()


class AtLeast:
    """At least n of the parts hold: n = 1 is "or", n = all of them is "and"."""

    def __init__(self, n: int, parts: tuple[Condition, ...]) -> None:
        self.n = n
        self.parts = parts
        self.may_fail = len(parts) - n

    def test(self, values: Values) -> Verdict:
        held = failed = 0
        for part in self.parts:
            verdict = part.test(values)
            if verdict:
                held += 1
                if held == self.n:
                    return True
            elif verdict is False:
                failed += 1
                if failed > self.may_fail:
                    return False
        return None

    def true_names(self, values: Values) -> Iterator[str]:
        for part in self.parts:
            if part.test(values):
                yield from part.true_names(values)

    def open_names(self, values: Values) -> Iterator[str]:
        if self.test(values) is None:
            for part in self.parts:
                yield from part.open_names(values)

    def names(self) -> Iterator[str]:
        for part in self.parts:
            yield from part.names()


class Unless:
    """Holds until the part is known to be true."""

    def __init__(self, part: Condition) -> None:
        self.part = part

    def test(self, values: Values) -> Verdict:
        return self.part.test(values) is not True

    def true_names(self, values: Values) -> Iterator[str]:
        return iter(())

    def open_names(self, values: Values) -> Iterator[str]:
        return iter(())

    def names(self) -> Iterator[str]:
        return self.part.names()


def _is_denied(value: Any) -> Verdict:
    return value is False or value is None


_MISSING = object()


def parse(text: str, vocabulary: Mapping[str, Finding], definitions: Mapping[str, Condition]) -> Condition:
    """Return the condition that the text says, or raise ConditionError with the reason."""
    if not text.strip():
        raise ConditionError("empty condition")
    try:
        tree = ast.parse(" ".join(text.split()), mode="eval").body
    except SyntaxError as error:
        raise ConditionError(f"cannot read the condition: {error.msg}") from error
    return _Reader(vocabulary, definitions).read(tree)


class _Reader:
    def __init__(self, vocabulary: Mapping[str, Finding], definitions: Mapping[str, Condition]) -> None:
        self.vocabulary = vocabulary
        self.definitions = definitions

    def read(self, node: ast.expr) -> Condition:
        if isinstance(node, ast.BoolOp):
            parts = tuple(self.read(value) for value in node.values)
            return AtLeast(len(parts) if isinstance(node.op, ast.And) else 1, parts)
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Compare):
            return self._compare(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        raise ConditionError(f"not allowed in a condition: {ast.unparse(node)}")

    def _name(self, name: str) -> Condition:
        if name in self.definitions:
            return Defined(name, self.definitions[name])
        if "bool" not in self._finding(name).types:
            raise ConditionError(f"{name} is not a yes/no finding and needs a comparison")
        return Fact(name, bool)

    def _finding(self, name: str) -> Finding:
        if name not in self.vocabulary:
            raise ConditionError(f"unknown name: {name}")
        return self.vocabulary[name]

    def _compare(self, node: ast.Compare) -> Condition:
        if not isinstance(node.left, ast.Name) or len(node.ops) != 1:
            raise ConditionError(f"a comparison is: name, sign, value; not {ast.unparse(node)}")
        finding, wanted = self._finding(node.left.id), _literal(node.comparators[0])
        if finding.values:
            return Fact(finding.name, _one_of(finding, node.ops[0], wanted))
        return Fact(finding.name, _compared(finding, node.ops[0], wanted))

    def _call(self, node: ast.Call) -> Condition:
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called == "unless" and len(node.args) == 1:
            return Unless(self.read(node.args[0]))
        if called == "denied" and len(node.args) == 1 and isinstance(node.args[0], ast.Name):
            return Fact(self._finding(node.args[0].id).name, _is_denied)
        if called == "at_least" and len(node.args) > 2:
            n, parts = _literal(node.args[0]), tuple(self.read(a) for a in node.args[1:])
            if isinstance(n, int) and 1 <= n <= len(parts):
                return AtLeast(n, parts)
        raise ConditionError(f"not allowed in a condition: {ast.unparse(node)}")


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise ConditionError(f"not a value: {ast.unparse(node)}") from error


def _one_of(finding: Finding, sign: ast.cmpop, wanted: Any) -> Callable[[Any], Verdict]:
    values = frozenset((wanted,) if isinstance(sign, ast.Eq) else wanted)
    if not isinstance(sign, ast.Eq | ast.In) or not values <= set(finding.values):
        raise ConditionError(f"{finding.name} can only be one of {', '.join(finding.values)}")
    covers_every_kind = values >= set(finding.values) - {finding.some}

    def holds(value: Any) -> Verdict:
        if value is not None and value == finding.some:
            return True if covers_every_kind or value in values else None
        return value in values

    return holds


def _compared(finding: Finding, sign: ast.cmpop, wanted: Any) -> Callable[[Any], Verdict]:
    if not {"int", "float"} & set(finding.types):
        raise ConditionError(f"{finding.name} is free text or yes/no and is never compared")
    if type(sign) not in _COMPARISONS or isinstance(wanted, bool) or not isinstance(wanted, int | float):
        raise ConditionError(f"{finding.name} must be compared with a number")
    compare = _COMPARISONS[type(sign)]
    return lambda value: compare(value, wanted)
