"""Reads a condition from its expression.

A condition is written as an expression: names of findings and of definitions, comparisons with
numbers or with the values of a choice, "and", "or", at_least(n, ...), denied(...) and unless(...).
There is no "not": a rule must never depend on something being absent, because absent may only mean
not asked. unless(x) holds until x is known to be true, so a missing answer never switches a rule off.
denied(x) holds when x was asked and the answer is no; while nobody asked, it is unknown.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from triage.domain.conditions import AtLeast, Condition, Defined, Fact, Unless, Verdict
from triage.domain.findings import Finding

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.Lt: operator.lt,
    ast.Eq: operator.eq,
}


class ConditionError(ValueError):
    """A condition that cannot be read; the message says why."""


def _is_denied(value: Any) -> Verdict:
    return value is False or value is None


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
        return Fact(name, bool, name, (True, False))

    def _finding(self, name: str) -> Finding:
        if name not in self.vocabulary:
            raise ConditionError(f"unknown name: {name}")
        return self.vocabulary[name]

    def _compare(self, node: ast.Compare) -> Condition:
        if not isinstance(node.left, ast.Name) or len(node.ops) != 1:
            raise ConditionError(f"a comparison is: name, sign, value; not {ast.unparse(node)}")
        finding, wanted = self._finding(node.left.id), _literal(node.comparators[0])
        says = ast.unparse(node)
        if finding.values:
            return Fact(finding.name, _one_of(finding, node.ops[0], wanted), says, finding.values)
        return Fact(finding.name, _compared(finding, node.ops[0], wanted), says, (wanted,))

    def _unless(self, node: ast.expr) -> Condition:
        part = self.read(node)
        if _denies(part):
            raise ConditionError("denied() inside unless(): a no must never switch a rule off")
        return Unless(part, f"unless({ast.unparse(node)})")

    def _call(self, node: ast.Call) -> Condition:
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called == "unless" and len(node.args) == 1:
            return self._unless(node.args[0])
        if called == "denied" and len(node.args) == 1 and isinstance(node.args[0], ast.Name):
            name = self._finding(node.args[0].id).name
            return Fact(name, _is_denied, f"denied({name})", (self.vocabulary[name].negative,))
        if called == "at_least" and len(node.args) > 2:
            n, parts = _literal(node.args[0]), tuple(self.read(a) for a in node.args[1:])
            if isinstance(n, int) and 1 <= n <= len(parts):
                return AtLeast(n, parts)
        raise ConditionError(f"not allowed in a condition: {ast.unparse(node)}")


def _denies(condition: Condition) -> bool:
    """Say whether a "no" could make the condition true, also through the definitions it names."""
    if isinstance(condition, Fact):
        return condition.holds is _is_denied
    if isinstance(condition, Defined):
        return _denies(condition.node)
    if isinstance(condition, Unless):
        return _denies(condition.part)
    return isinstance(condition, AtLeast) and any(_denies(part) for part in condition.parts)


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
