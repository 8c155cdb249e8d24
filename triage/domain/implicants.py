"""The implicants of every rule: the smallest sets of tests that make its condition true.

A condition has no "not", so the implicants of a rule say exactly which answers can still make it fire, and
which answers alone hold it up. A set of tests is a mask (see ``literals.py``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING

from triage.domain.conditions import AtLeast, Condition, Defined, Fact, Unless
from triage.domain.findings import Finding
from triage.domain.literals import Literals, Mask, Questions

if TYPE_CHECKING:
    from triage.domain.ruleset import Rule

#: No condition of a rule may have more implicants than this; a rule that wide wants to be two rules.
LIMIT = 2000
#: Nor may one implicant need more answers than this together.
LONGEST = 15


class TooManyImplicants(ValueError):
    """A rule with so many implicants that nobody could read them all."""

    def __init__(
        self, rule: str, count: int, what: str = "ways to make the condition true", limit: int = LIMIT
    ) -> None:
        super().__init__(f"{count} {what}, the limit is {limit}: split the rule")
        self.rule = rule


@dataclass(frozen=True)
class Implicant:
    """One smallest set of tests, and everything that these tests imply."""

    mask: Mask
    implied: Mask


@dataclass(frozen=True)
class Tier:
    """The implicants to one rank and route that no tier before it already includes; route "" changes the wait only."""

    rank: int
    route: str
    implicants: tuple[Implicant, ...]


class Implicants:
    """The implicants of one ruleset, rule by rule."""

    def __init__(
        self,
        vocabulary: Mapping[str, Finding],
        rules: "Sequence[Rule]",
        restricting: "Sequence[Rule]" = (),
        questions: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.literals = Literals(vocabulary)
        self._defined: dict[str, list[Mask]] = {}
        masks = {}
        for rule in (*rules, *restricting):
            self._reading = rule.id
            masks[rule.id] = self.expand(rule.when)
        self.exceptions = self._expand_exceptions()
        self.literals.close()
        self.of_rule = {name: self._possible(name, found) for name, found in masks.items()}
        self.questions = Questions(self.literals, questions)

    def expand(self, condition: Condition) -> list[Mask]:
        """Return the smallest sets of tests that make the condition true; raises TooManyImplicants."""
        if isinstance(condition, Fact | Unless):
            return [self.literals.bit(condition)]
        if isinstance(condition, Defined):
            if condition.name not in self._defined:
                self._defined[condition.name] = self.expand(condition.node)
            return self._defined[condition.name]
        if isinstance(condition, AtLeast):
            return self._expand_parts(condition)
        raise TypeError(f"no implicants are known to {type(condition).__name__}")

    def _expand_parts(self, condition: AtLeast) -> list[Mask]:
        parts = [self.expand(part) for part in condition.parts]
        found: list[Mask] = []
        for chosen in combinations(parts, condition.n):
            together = [0]
            for part in chosen:
                if (count := len(together) * len(part)) > LIMIT:
                    raise TooManyImplicants(self._reading, count)
                together = smallest(a | b for a in together for b in part)
            found += together
            if len(found) > 2 * LIMIT:
                found = smallest(found)
                if len(found) > LIMIT:
                    raise TooManyImplicants(self._reading, len(found))
        return smallest(found)

    def _expand_exceptions(self) -> dict[Mask, list[Mask]]:
        """Return for each unless() the smallest sets that switch it off; they may hold exceptions of their own."""
        found: dict[Mask, list[Mask]] = {}
        number = 0
        while number < len(self.literals.entries):
            entry = self.literals.entries[number]
            if isinstance(entry, Unless):
                found[1 << number] = self.expand(entry.part)
            number += 1
        return found

    def _possible(self, rule: str, masks: list[Mask]) -> tuple[Implicant, ...]:
        """Return the implicants that some values can really take: nobody is under 45 and over 65."""
        if (longest := max((mask.bit_count() for mask in masks), default=0)) > LONGEST:
            raise TooManyImplicants(rule, longest, "tests needed together", LONGEST)
        possible = (self.literals.reduced(m) for m in masks if self.literals.witness(m) is not None)
        return tuple(Implicant(m, self.literals.closure(m)) for m in possible)

    def tiers(self, rules: "Iterable[tuple[int, str, Rule]]") -> tuple[Tier, ...]:
        """Return the implicants of the rules by rank and route; each rule with its rank and the place of its route."""
        gathered: dict[tuple[int, int, str], list[Implicant]] = {}
        for place, route, rule in rules:
            gathered.setdefault((rule.rank, place, route), []).extend(self.of_rule[rule.id])
        tiers: list[Tier] = []
        above = Masks()
        for rank, place, route in sorted(gathered):
            implicants = _without_larger(gathered[rank, place, route])
            fresh = [implicant for implicant in implicants if not above.include_one_of(implicant.implied)]
            for implicant in fresh:
                above.add(implicant.mask)
            tiers.append(Tier(rank, route, tuple(fresh)))
        return tuple(tiers)


class Masks:
    """Masks, kept by the lowest test of each, so that few of them are looked at for one question."""

    def __init__(self) -> None:
        self._by_lowest: dict[Mask, list[Mask]] = {}

    def add(self, mask: Mask) -> None:
        """Keep one more."""
        self._by_lowest.setdefault(mask & -mask, []).append(mask)

    def include_one_of(self, mask: Mask) -> bool:
        """Tell whether every test of one of them is among those of ``mask``."""
        beside = ~mask
        for lowest, kept in self._by_lowest.items():  # plain loops: asked a hundred thousand times for one ruleset
            if not lowest & beside:
                for one in kept:
                    if not one & beside:
                        return True
        return False


def smallest(masks: Iterable[Mask]) -> list[Mask]:
    """Return the masks that include no other of them."""
    found, kept = [], Masks()
    for mask in sorted(set(masks), key=int.bit_count):
        if not kept.include_one_of(mask):
            kept.add(mask)
            found.append(mask)
    return found


def _without_larger(implicants: list[Implicant]) -> list[Implicant]:
    """Return the implicants that include no other: a grade of 3 or less is included in a grade of 4 or less."""
    found, kept = [], Masks()
    for implicant in sorted(implicants, key=lambda w: (w.mask.bit_count(), w.implied.bit_count())):
        if not kept.include_one_of(implicant.implied):
            kept.add(implicant.mask)
            found.append(implicant)
    return found
