"""What the implicants of many rules still depend on, worked out for all of them at once.

Every set of implicants is one whole number with a bit for each, so that a thousand of them cost what one costs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from triage.domain.implicants import LONGEST, Implicant, Tier
from triage.domain.literals import Literals, Mask, Questions, bits, every_bit

#: A set of implicants: bit n stands for the n-th implicant of a Reach.
Set = int


@dataclass(frozen=True)
class Opening:
    """What is left of the implicants.

    alone: each test that is enough alone, with the place of the first tier it leads to. several: the implicants that
    still need more than one test. tests: every test that can matter.
    """

    alone: dict[int, int]
    several: Set
    tests: Mask

    def __bool__(self) -> bool:
        return bool(self.tests)


NOTHING = Opening({}, 0, 0)


class Reach:
    """The implicants of a row of tiers, the most urgent first, indexed by the tests they are made of."""

    def __init__(self, tiers: Sequence[Tier], literals: Literals, questions: Questions) -> None:
        self.tiers = tiers
        self.implicants: list[Implicant] = [implicant for tier in tiers for implicant in tier.implicants]
        self.places = [place for place, tier in enumerate(tiers) for _ in tier.implicants]
        self.having, self.implying = [0] * len(literals.entries), [0] * len(literals.entries)
        for index, implicant in enumerate(self.implicants):
            for number in bits(implicant.mask):
                self.having[number] |= 1 << index
            for number in bits(implicant.implied):
                self.implying[number] |= 1 << index
        self.tests = (1 << len(literals.entries)) - 1
        self.exceptions = sum_of(bit for bit, _ in literals.exceptions)
        self.inside = self._inside()
        self.lengths = self._lengths()
        self.insiders = sum_of(1 << index for index in self.inside)
        of_tier = [sum_of(1 << i for i, at in enumerate(self.places) if at == place) for place in range(len(tiers))]
        self.of_tier = of_tier
        self.starts = [sum_of(of_tier[place:]) for place in range(len(tiers))]
        self.questions = questions
        self.askers = [{questions.of[number] for number in bits(each.mask)} - {-1} for each in self.implicants]
        self.settling = [sum_of(self.having[number] for number in bits(tests)) for tests in questions.tests]

    def closed_by(self, question: int, passed: Mask) -> Set:
        """Return the implicants that a "no" to the question would close; what is known to be there stays."""
        tests = self.questions.tests[question]
        if not tests & passed:
            return self.settling[question]
        return sum_of(self.having[number] for number in bits(tests & ~passed))

    def open(self, passed: Mask, failed: Mask, places: Iterable[int], above: Mask = 0) -> Opening:
        """Return what is left of the implicants of some tiers; above: tests that alone lead further than all."""
        alive = sum_of(self.of_tier[place] for place in places)
        if not alive:
            return NOTHING
        for number in bits(failed):
            alive &= ~self.having[number]
        unknown = every_bit(self.tests & ~passed & ~failed)
        at_least = self._left(passed)
        alone = self._alone(unknown, alive & at_least[1] & ~at_least[2])
        several = alive & at_least[2]
        for number, place in alone.items():
            several &= ~(self.implying[number] & self.starts[place])
        for number in bits(above):
            several &= ~self.implying[number]
        several &= ~self._including_smaller(several, at_least, passed)
        tests = sum(1 << number for number in alone)
        for number in unknown:
            if self.having[number] & several:
                tests |= 1 << number
        return Opening(alone, several, tests)

    def _lengths(self) -> tuple[Set, Set, Set, Set]:
        """Return the number of facts of every implicant, as the four places of a binary number."""
        sizes = [(each.mask & ~self.exceptions).bit_count() for each in self.implicants]
        one, two, four, eight = (
            sum_of(1 << index for index, size in enumerate(sizes) if size >> place & 1) for place in range(4)
        )
        return one, two, four, eight

    def _left(self, passed: Mask) -> list[Set]:
        """Return, by n, the implicants with at least n tests not passed: all implicants counted at once, in binary."""
        one, two, four, eight = self.lengths
        for number in bits(passed & ~self.exceptions):
            borrow = self.having[number]
            borrow, one = ~one & borrow, one ^ borrow
            if borrow:
                borrow, two = ~two & borrow, two ^ borrow
                if borrow:
                    borrow, four = ~four & borrow, four ^ borrow
                    eight ^= borrow
        at_least, rest = [0] * (LONGEST + 2), 0
        for count in range(LONGEST, 0, -1):
            small = (one if count & 1 else ~one) & (two if count & 2 else ~two)
            rest |= small & (four if count & 4 else ~four) & (eight if count & 8 else ~eight)
            at_least[count] = rest
        return at_least

    def _alone(self, unknown: list[int], single: Set) -> dict[int, int]:
        found = {}
        for number in unknown:
            leading = self.having[number] & single
            if leading:
                found[number] = self.places[(leading & -leading).bit_length() - 1]
        return found

    def _including_smaller(self, several: Set, at_least: list[Set], passed: Mask) -> Set:
        """Return the implicants that include what is left of a smaller implicant."""
        found = 0
        for index in bits(several & at_least[3] & self.insiders):
            if self.inside[index] & several:
                found |= 1 << index
        # Only what has shrunk can lie inside another one: whole ones were compared when the rules were read.
        shrunk = several & sum_of(self.having[number] for number in bits(passed & ~self.exceptions))
        for index in bits(shrunk):
            left = self.implicants[index].mask & ~passed
            including = several & at_least[left.bit_count() + 1] & self.starts[self.places[index]]
            for number in bits(left) if including else ():
                including &= self.implying[number]
            found |= including
        return found

    def _inside(self) -> dict[int, Set]:
        """Return for each implicant those whose facts it includes too, so that only exceptions keep them apart."""
        excepted = [
            (i, implicant.mask & ~self.exceptions)
            for i, implicant in enumerate(self.implicants)
            if implicant.mask & self.exceptions
        ]
        found: dict[int, Set] = {}
        for index, implicant in enumerate(self.implicants):
            if (implicant.mask & ~self.exceptions).bit_count() > 2:
                for other, facts in excepted:
                    if other != index and not facts & ~implicant.implied and self.places[other] <= self.places[index]:
                        found[index] = found.get(index, 0) | 1 << other
        return found


def sum_of(sets: Iterable[int]) -> int:
    """Return everything that is in one of the sets."""
    total = 0
    for each in sets:
        total |= each
    return total
