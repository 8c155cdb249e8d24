"""How far two judges agree: the table of their pairs, percent agreement, Cohen's kappa and weighted kappa.

Kappa: Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas 1960;20:37-46. Weighted with linear
weights 1 - |i - j| / (k - 1): Cohen J. Psychol Bull 1968;70:213-220. Interval: kappa +- 1.96 large-sample standard
errors, for any weights: Fleiss JL, Cohen J, Everitt BS. Psychol Bull 1969;72:323-327.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

#: Fewer pairs than this are to be read with care.
FEW = 20
Z95 = 1.959964
#: Why there is no kappa, or no interval around it.
NO_PAIRS, ONE_CATEGORY, NO_SPREAD = "no_pairs", "one_category", "no_spread"

Weights = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Kappa:
    """Agreement beyond chance, -1 to 1, with its 95 % interval; None where it is not defined, with the reason."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""


@dataclass
class Table:
    """Pairs counted by category: (what the first said, what the second said) to how often."""

    categories: tuple[Hashable, ...]
    cells: Counter[tuple[Hashable, Hashable]] = field(default_factory=Counter)

    def add(self, first: Hashable, second: Hashable) -> None:
        """Count one pair; raises ValueError for a category the table does not have."""
        if first not in self.categories or second not in self.categories:
            raise ValueError(f"no such category: {first!r}, {second!r}")
        self.cells[first, second] += 1

    @property
    def n(self) -> int:
        """Return the number of pairs."""
        return sum(self.cells.values())

    @property
    def agreed(self) -> int:
        """Return the number of pairs in which both said the same."""
        return sum(self.cells[category, category] for category in self.categories)

    @property
    def percent(self) -> float | None:
        """Return the agreement in percent, None without pairs."""
        return percent(self.agreed, self.n)

    @property
    def is_few(self) -> bool:
        """Tell whether there are too few pairs (under 20) to conclude much."""
        return self.n < FEW

    @property
    def rows(self) -> list[list[int]]:
        """Return the counts as rows (the first) and columns (the second), in the order of the categories."""
        return [[self.cells[first, second] for second in self.categories] for first in self.categories]

    @property
    def kappa(self) -> Kappa:
        """Return Cohen's kappa; every disagreement weighs the same."""
        size = range(len(self.categories))
        return _kappa(self.rows, [[float(i == j) for j in size] for i in size])

    @property
    def weighted(self) -> Kappa:
        """Return kappa with linear weights, for categories in order: two levels apart weighs twice as much as one."""
        size = range(len(self.categories))
        most = max(1, len(self.categories) - 1)
        return _kappa(self.rows, [[1 - abs(i - j) / most for j in size] for i in size])


def percent(part: int, whole: int) -> float | None:
    """Return a part in percent of the whole, None when the whole is 0."""
    return 100 * part / whole if whole else None


def _kappa(counts: Sequence[Sequence[int]], weights: Weights) -> Kappa:
    n, size = sum(map(sum, counts)), range(len(counts))
    if not n:
        return Kappa(why=NO_PAIRS)
    p = [[count / n for count in row] for row in counts]
    first, second = [sum(row) for row in p], [sum(row[j] for row in p) for j in size]
    if max(map(sum, counts)) == n or max(sum(row[j] for row in counts) for j in size) == n:
        return Kappa(why=ONE_CATEGORY)  # one judge never distinguished: the formula would say 0, or divide by 0
    seen = sum(weights[i][j] * p[i][j] for i in size for j in size)
    chance = sum(weights[i][j] * first[i] * second[j] for i in size for j in size)
    value = (seen - chance) / (1 - chance)
    error = sqrt(max(0.0, _variance(p, weights, value, chance)) / n) / (1 - chance)
    if all(i == j or not counts[i][j] for i in size for j in size):
        return Kappa(value, why=NO_SPREAD)  # all agree: the formula's interval has no width, which says too much
    return Kappa(value, max(-1.0, value - Z95 * error), min(1.0, value + Z95 * error))


def _variance(p: Weights, weights: Weights, value: float, chance: float) -> float:
    """Return n (1 - chance)^2 times the variance of kappa, after Fleiss, Cohen and Everitt 1969."""
    size = range(len(p))
    first, second = [sum(row) for row in p], [sum(row[j] for row in p) for j in size]
    by_row = [sum(second[j] * weights[i][j] for j in size) for i in size]
    by_column = [sum(first[i] * weights[i][j] for i in size) for j in size]
    spread = sum(p[i][j] * (weights[i][j] - (by_row[i] + by_column[j]) * (1 - value)) ** 2 for i in size for j in size)
    return spread - (value - chance * (1 - value)) ** 2


@dataclass
class Tally:
    """How the people who decided took one rule, one reason, one version: accepted, raised, lowered, sent elsewhere."""

    n: int = 0
    accepted: int = 0
    raised: int = 0
    lowered: int = 0
    rerouted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, suggested: Mapping[str, object], level: int, route: str, reason: str) -> None:
        """Count one decision on a suggestion of "level" and "route"; 1 is the most urgent level."""
        advised = int(str(suggested["level"]))
        same = (advised, suggested["route"]) == (level, route)
        self.n += 1
        self.accepted += same
        self.raised += level < advised
        self.lowered += level > advised
        self.rerouted += route != suggested["route"]
        if not same:
            self.reasons[reason] += 1

    @property
    def percent(self) -> float | None:
        """Return how many were accepted, in percent."""
        return percent(self.accepted, self.n)

    @property
    def is_few(self) -> bool:
        """Tell whether there are too few decisions (under 20) to conclude much."""
        return self.n < FEW
