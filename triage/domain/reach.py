"""What the ways of many rules still depend on, worked out for all of them at once.

Every set of ways is one whole number with a bit for each way, so that a thousand ways cost what one costs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from triage.domain.literals import Literals, Mask, Questions, bits
from triage.domain.ways import Tier, Way

#: A set of ways: bit n stands for the n-th way of a Reach.
Set = int


@dataclass(frozen=True)
class Opening:
    """What is left of the ways.

    alone: each test that is enough alone, with the place of the first tier it leads to. several: the ways that
    still need more than one test. tests: every test that can matter.
    """

    alone: dict[int, int]
    several: Set
    tests: Mask

    def __bool__(self) -> bool:
        return bool(self.tests)


NOTHING = Opening({}, 0, 0)


class Reach:
    """The ways of a row of tiers, the most urgent first, indexed by the tests they are made of."""

    def __init__(self, tiers: Sequence[Tier], literals: Literals, questions: Questions) -> None:
        self.tiers = tiers
        self.ways: list[Way] = [way for tier in tiers for way in tier.ways]
        self.places = [place for place, tier in enumerate(tiers) for _ in tier.ways]
        self.having, self.implying = [0] * len(literals.entries), [0] * len(literals.entries)
        for index, way in enumerate(self.ways):
            for number in bits(way.mask):
                self.having[number] |= 1 << index
            for number in bits(way.implied):
                self.implying[number] |= 1 << index
        self.tests = (1 << len(literals.entries)) - 1
        self.exceptions = sum_of(bit for bit, _ in literals.exceptions)
        self.inside = self._inside()
        of_tier = [sum_of(1 << i for i, at in enumerate(self.places) if at == place) for place in range(len(tiers))]
        self.of_tier = of_tier
        self.starts = [sum_of(of_tier[place:]) for place in range(len(tiers))]
        self.questions = questions
        self.settling = [sum_of(self.having[number] for number in bits(tests)) for tests in questions.tests]

    def closed_by(self, question: int, passed: Mask) -> Set:
        """Return the ways that a "no" to the question would close; what is known to be there stays."""
        tests = self.questions.tests[question]
        if not tests & passed:
            return self.settling[question]
        return sum_of(self.having[number] for number in bits(tests & ~passed))

    def open(self, passed: Mask, failed: Mask, places: Iterable[int], above: Mask = 0) -> Opening:
        """Return what is left of the ways of some tiers; above: tests that alone lead further than all of them."""
        alive = sum_of(self.of_tier[place] for place in places)
        if not alive:
            return NOTHING
        for number in bits(failed):
            alive &= ~self.having[number]
        unknown = self.tests & ~passed & ~failed
        one, two, three, four = self._counted(unknown)
        alone = self._alone(unknown, alive & one & ~two)
        several = alive & two
        for number, place in alone.items():
            several &= ~(self.implying[number] & self.starts[place])
        for number in bits(above):
            several &= ~self.implying[number]
        if several & three:
            several &= ~self._including_smaller(several, three, four, passed)
        tests = sum(1 << number for number in alone)
        for number in bits(unknown & ~tests):
            if self.having[number] & several:
                tests |= 1 << number
        return Opening(alone, several, tests)

    def _counted(self, unknown: Mask) -> tuple[Set, Set, Set, Set]:
        """Return the ways with at least one, two, three and four unknown tests."""
        one = two = three = four = 0
        for number in bits(unknown):
            having = self.having[number]
            four |= three & having
            three |= two & having
            two |= one & having
            one |= having
        return one, two, three, four

    def _alone(self, unknown: Mask, single: Set) -> dict[int, int]:
        found = {}
        for number in bits(unknown):
            leading = self.having[number] & single
            if leading:
                found[number] = self.places[(leading & -leading).bit_length() - 1]
        return found

    def _including_smaller(self, several: Set, three: Set, four: Set, passed: Mask) -> Set:
        """Return the ways of at least three unknown tests that include what is left of a smaller way."""
        found = 0
        for index in bits(several & three):
            if self.inside.get(index, 0) & several:
                found |= 1 << index
        shrunk = several & sum_of(self.having[number] for number in bits(passed & ~self.exceptions))
        for index in bits(shrunk & ~four):
            including = (four if three & 1 << index else three) & self.starts[self.places[index]]
            for number in bits(self.ways[index].mask & ~passed):
                including &= self.implying[number]
            found |= including
        return found | self._largest(several & four, shrunk & four, passed)

    def _largest(self, several: Set, shrunk: Set, passed: Mask) -> Set:
        """Return the ways of many unknown tests that include what is left of another one of many."""
        left = [(self.places[index], self.ways[index].mask & ~passed) for index in bits(shrunk)]
        found = 0
        for index in bits(several) if left else ():
            rest, implied = self.ways[index].mask & ~passed, self.ways[index].implied
            place, size = self.places[index], rest.bit_count()
            if any(not r & ~implied and r.bit_count() < size and p <= place for p, r in left):
                found |= 1 << index
        return found

    def _inside(self) -> dict[int, Set]:
        """Return for each way of several facts the ways whose facts it includes: only exceptions keep them apart."""
        excepted = [(i, way.mask & ~self.exceptions) for i, way in enumerate(self.ways) if way.mask & self.exceptions]
        found: dict[int, Set] = {}
        for index, way in enumerate(self.ways):
            if (way.mask & ~self.exceptions).bit_count() > 2:
                for other, facts in excepted:
                    if other != index and not facts & ~way.implied and self.places[other] <= self.places[index]:
                        found[index] = found.get(index, 0) | 1 << other
        return found


def sum_of(sets: Iterable[int]) -> int:
    """Return everything that is in one of the sets."""
    total = 0
    for each in sets:
        total |= each
    return total
