"""What a score is made of: items that give points, groups of them, typed values, bands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from triage.domain.conditions import Condition, Values
from triage.domain.score_results import Band, said


@dataclass(frozen=True)
class Case:
    """The points of an item while a condition holds; says: the condition as it is written."""

    when: Condition
    points: int
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of a score: the first case that holds gives its points, ``otherwise`` when none does.

    instead: cases that are read where the first ones are undecided, such as another test of the same thing.
    finding: the finding that is itself the points, from ``least`` to ``most``.
    """

    id: str
    least: int
    most: int
    cases: tuple[Case, ...] = ()
    instead: tuple[Case, ...] = ()
    otherwise: int = 0
    finding: str = ""

    def points(self, values: Values) -> tuple[int, ...]:
        """Return every number of points that the item may still give; one where it is settled."""
        if self.finding:
            known = values.get(self.finding)
            return tuple(range(self.least, self.most + 1)) if known is None else (int(known),)
        first = _points(self.cases, self.otherwise, values)
        if len(first) == 1 or not self.instead:
            return first
        second = _points(self.instead, self.otherwise, values)
        return second if len(second) == 1 else first

    def open_names(self, values: Values) -> Iterable[str]:
        """Return the unknown findings on which the points still depend."""
        if self.finding:
            return (self.finding,)
        undecided = (case.when for case in self.cases if case.when.test(values) is None)
        return chain.from_iterable(when.open_names(values, set()) for when in undecided)

    @property
    def names(self) -> set[str]:
        """Return every finding the item reads."""
        read = {name for case in self.cases + self.instead for name in case.when.names()}
        return read | ({self.finding} if self.finding else set())


def _points(cases: tuple[Case, ...], otherwise: int, values: Values) -> tuple[int, ...]:
    found = []
    for case in cases:
        verdict = case.when.test(values)
        if verdict is not False:
            found.append(case.points)
        if verdict:
            break
    else:
        found.append(otherwise)
    return tuple(found) if len(found) == 1 else tuple(dict.fromkeys(found))


@dataclass(frozen=True, kw_only=True)
class Group:
    """Items that are added up; finding: where the sum of the group may be typed instead."""

    id: str
    text: Mapping[str, str]
    items: tuple[Item, ...]
    finding: str = ""

    def label(self, lang: str = "en") -> str:
        """Return the name of the group in the language."""
        return said(self.text, lang)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A value of a score that is typed as it is, such as one domain of a questionnaire."""

    id: str
    text: Mapping[str, str]
    finding: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """One score: groups of items that add up, or nothing but typed values.

    finding: where the total may be typed. worse: "higher" or "lower", which of two totals is the worse one.
    """

    id: str
    text: Mapping[str, str]
    minimum: int | None
    maximum: int | None
    worse: str
    groups: tuple[Group, ...] = ()
    finding: str = ""
    values: tuple[Typed, ...] = ()
    bands: tuple[Band, ...] = ()
    sources: tuple[str, ...]
    status: str
    licence: Mapping[str, str]
    copyright: Mapping[str, str] | None = None
    note: Mapping[str, str] | None = None

    @cached_property
    def names(self) -> frozenset[str]:
        """Return every finding the score reads."""
        read: set[str] = {self.finding} | {g.finding for g in self.groups} | {v.finding for v in self.values}
        return frozenset(read.union(*(item.names for group in self.groups for item in group.items)) - {""})

    def label(self, lang: str = "en") -> str:
        """Return the name of the score in the language."""
        return said(self.text, lang)

    def worst(self, values: Iterable[float]) -> float:
        """Return the worst of the values."""
        return max(values) if self.worse == "higher" else min(values)
