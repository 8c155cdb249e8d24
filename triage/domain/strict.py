"""The same condition read strictly: what nobody asked makes nothing true.

A rule counts a missing answer towards caution: unless(x) holds until x is known. Where a verdict must rest on what is
known alone, the strict condition is asked: there unless(x) is unknown while x is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from triage.domain.conditions import AtLeast, Condition, Defined, Unless, Values, Verdict


@dataclass(frozen=True)
class KnownNot:
    """Holds when the part is known to be false."""

    part: Condition

    def test(self, values: Values) -> Verdict:
        """Return whether the part is known to be false, None while it is unknown."""
        verdict = self.part.test(values)
        return None if verdict is None else not verdict

    def true_names(self, values: Values) -> Iterator[str]:
        """Yield nothing: what is not there is no reason."""
        return iter(())

    def open_names(self, values: Values, seen: set[str]) -> Iterator[str]:
        """Yield the unanswered findings of the part."""
        return self.part.open_names(values, seen)

    def names(self) -> Iterator[str]:
        """Yield every finding of the part."""
        return self.part.names()


def strict(condition: Condition) -> Condition:
    """Return the condition with every unless() unknown while its part is, also inside definitions."""
    if isinstance(condition, Defined):
        return strict(condition.node)
    if isinstance(condition, Unless):
        return KnownNot(strict(condition.part))
    if isinstance(condition, AtLeast):
        return AtLeast(condition.n, tuple(strict(part) for part in condition.parts))
    return condition
