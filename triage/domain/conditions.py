"""Conditions over findings in three-valued logic: true, false, or unknown (None).

How a condition is written is in ``expressions.py``; here are its parts.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

Values = Mapping[str, Any]
Verdict = bool | None

_MISSING = object()


class Condition(Protocol):
    """One node of a condition."""

    def test(self, values: Values) -> Verdict:
        """Return whether the condition holds, None when that is unknown."""

    def true_names(self, values: Values) -> Iterator[str]:
        """Yield the findings that make the condition true."""

    def open_names(self, values: Values, seen: set[str]) -> Iterator[str]:
        """Yield the unanswered findings on which an undecided condition still depends.

        seen: the definitions already visited; their findings are not yielded again.
        """

    def names(self) -> Iterator[str]:
        """Yield every finding the condition reads."""


class Fact:
    """A finding that is present, or one whose value passes a comparison.

    says: the test as it is written. turns: the values at which the verdict may turn.
    """

    def __init__(self, name: str, holds: Callable[[Any], Verdict], says: str, turns: tuple[Any, ...]) -> None:
        self.name = name
        self.holds = holds
        self.says = says
        self.turns = turns

    def test(self, values: Values) -> Verdict:
        value = values.get(self.name, _MISSING)
        return None if value is _MISSING else self.holds(value)

    def true_names(self, values: Values) -> Iterator[str]:
        if self.test(values):
            yield self.name

    def open_names(self, values: Values, seen: set[str]) -> Iterator[str]:
        yield self.name

    def names(self) -> Iterator[str]:
        yield self.name


class Defined:
    """A named definition; where it was already tested for these values, its verdict stands under its own name."""

    def __init__(self, name: str, node: Condition) -> None:
        self.name = name
        self.node = node

    def test(self, values: Values) -> Verdict:
        return values[self.name] if self.name in values else self.node.test(values)

    def true_names(self, values: Values) -> Iterator[str]:
        return self.node.true_names(values)

    def open_names(self, values: Values, seen: set[str]) -> Iterator[str]:
        if self.name not in seen:
            seen.add(self.name)
            yield from self.node.open_names(values, seen)

    def names(self) -> Iterator[str]:
        return self.node.names()


class AtLeast:
    """At least n of the parts hold: n = 1 is "or", n = all of them is "and"."""

    def __init__(self, n: int, parts: tuple[Condition, ...]) -> None:
        self.n = n
        self.parts = parts
        self.may_fail = len(parts) - n
        self._tests = tuple(part.test for part in parts)  # looked up once: it is asked far more often than it is built

    def test(self, values: Values) -> Verdict:
        held = failed = 0
        for test in self._tests:
            verdict = test(values)
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

    def open_names(self, values: Values, seen: set[str]) -> Iterator[str]:
        for part in self.parts:
            if part.test(values) is None:
                yield from part.open_names(values, seen)

    def names(self) -> Iterator[str]:
        for part in self.parts:
            yield from part.names()


class Unless:
    """Holds until the part is known to be true."""

    def __init__(self, part: Condition, says: str) -> None:
        self.part = part
        self.says = says

    def test(self, values: Values) -> Verdict:
        return self.part.test(values) is not True

    def true_names(self, values: Values) -> Iterator[str]:
        return iter(())

    def open_names(self, values: Values, seen: set[str]) -> Iterator[str]:
        return iter(())

    def names(self) -> Iterator[str]:
        return self.part.names()
