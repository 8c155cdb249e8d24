"""What a surgeon's results say: how many answered, means where there are enough, what went wrong of how many."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import fmean, quantiles

from triage.domain.outcomes import BASELINE, Window

#: Fewer patients than this say little, and the page says so.
FEW = 20
#: Of fewer patients than this no mean is drawn or written: one of them moves it by a quarter of the scale, and whoever
#: knows the patients would read a single one's answer off it. Their numbers stand one by one, without a name.
LEAST = 5


@dataclass(frozen=True)
class Rate:
    """How many were to answer by now, and how many did: in time, or late. A late answer is no response in time."""

    due: int = 0
    answered: int = 0
    late: int = 0

    @property
    def percent(self) -> float | None:
        """Return the response rate in per cent, None where nobody was due."""
        return 100 * self.answered / self.due if self.due else None

    @property
    def is_few(self) -> bool:
        """Tell whether they are too few to say much."""
        return self.due < FEW


@dataclass(frozen=True)
class Asked:
    """One point of one series, as it counts: ended_on where nobody is asked since, and whether that still counts.

    asked_from: the day on which a follow-up was begun by hand, where that was later than the treatment.
    """

    point: str
    window: Window
    answered_on: date | None
    ended_on: date | None = None
    counts: bool = True
    asked_from: date | None = None

    def is_due(self, today: date) -> bool:
        """Tell whether an answer should be there by now: the window has closed. Who died before it did is not asked.

        Answers in a window that is still open do not count yet: those who are still to come would be left out.
        """
        if today <= self.window.closes:
            return False
        if self.answered_on is None and self.asked_from is not None and self.window.closes < self.asked_from:
            return False
        left = self.ended_on is not None and not self.counts and self.ended_on <= self.window.closes
        return self.answered_on is not None or not left


def rate(asked: Iterable[Asked], today: date) -> Rate:
    """Return the response rate of points: who does not answer in time counts, also who gave up being asked."""
    due = [one for one in asked if one.is_due(today)]
    there = [(one, one.answered_on) for one in due if one.answered_on is not None]
    in_time = sum(day <= one.window.closes for one, day in there)
    return Rate(len(due), in_time, len(there) - in_time)


@dataclass(frozen=True)
class Mean:
    """One measure at one point: of those who have it there, and how they have changed since the baseline.

    values: in ascending order. pairs: how many have it at the baseline too, whose mean change it is.
    """

    point: str
    values: tuple[float, ...]
    pairs: int = 0
    change: float | None = None

    @property
    def n(self) -> int:
        """Return how many have it."""
        return len(self.values)

    @property
    def is_enough(self) -> bool:
        """Tell whether they are enough for a mean."""
        return self.n >= LEAST

    @property
    def mean(self) -> float | None:
        """Return the mean, None where they are not enough."""
        return fmean(self.values) if self.is_enough else None

    @property
    def middle(self) -> tuple[float, float] | None:
        """Return between what the middle half lies, None where they are not enough."""
        if not self.is_enough:
            return None
        low, _median, high = quantiles(self.values, n=4, method="inclusive")
        return low, high


def means(points: Sequence[str], rows: Sequence[Mapping[str, float]]) -> list[Mean]:
    """Return the means by point of one measure; ``rows``: of each series the value by point."""
    found = []
    for point in points:
        values = tuple(sorted(row[point] for row in rows if point in row))
        pairs = [row[point] - row[BASELINE] for row in rows if point in row and BASELINE in row]
        told = len(pairs) >= LEAST and point != BASELINE
        found.append(Mean(point, values, len(pairs), fmean(pairs) if told else None))
    return found


@dataclass(frozen=True)
class Wrong:
    """One complication that stands."""

    kind: str
    grade: str
    reoperation: bool


@dataclass
class Followed:
    """One follow-up as it counts: its points, the numbers by measure and point, what went wrong, operated on since."""

    procedure: str
    asked: list[Asked] = field(default_factory=list)
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    wrongs: list[Wrong] = field(default_factory=list)
    operated_since: bool = False

    @property
    def is_reoperated(self) -> bool:
        """Tell whether the patient was operated on again, because of a complication or for another reason."""
        return self.operated_since or any(one.reoperation for one in self.wrongs)


@dataclass(frozen=True)
class Group:
    """The results of one procedure, or of conservative care (procedure "")."""

    procedure: str
    followed: tuple[Followed, ...]

    @property
    def n(self) -> int:
        """Return how many were treated."""
        return len(self.followed)

    def rate(self, point: str, today: date) -> Rate:
        """Return how many answered at a point, of those who were to answer by now."""
        return rate((one for each in self.followed for one in each.asked if one.point == point), today)

    def means(self, measure: str, points: Sequence[str]) -> list[Mean]:
        """Return one measure at each point."""
        return means(points, [each.values.get(measure, {}) for each in self.followed])

    @property
    def kinds(self) -> set[str]:
        """Return the kinds of complication that any of them has."""
        return {one.kind for each in self.followed for one in each.wrongs}

    @property
    def measures(self) -> set[str]:
        """Return the measures of which there is a number."""
        return {name for each in self.followed for name, values in each.values.items() if values}

    def with_wrong(self, kind: str = "", grade: str = "") -> int:
        """Return how many patients have a complication, one of a kind, or one of a grade."""
        return sum(
            any(kind in ("", one.kind) and grade in ("", one.grade) for one in each.wrongs) for each in self.followed
        )

    @property
    def reoperated(self) -> int:
        """Return how many were operated on again."""
        return sum(each.is_reoperated for each in self.followed)

    @property
    def reoperated_for_wrong(self) -> int:
        """Return how many were operated on again because of a complication."""
        return sum(any(one.reoperation for one in each.wrongs) for each in self.followed)


def groups(followed: Iterable[Followed], order: Sequence[str]) -> list[Group]:
    """Return the results by procedure in a given order, unknown ones behind, conservative care last."""
    found: dict[str, list[Followed]] = {}
    for one in followed:
        found.setdefault(one.procedure, []).append(one)
    place = {name: number for number, name in enumerate(order)}
    names = sorted(found, key=lambda name: (not name, place.get(name, len(place)), name))
    return [Group(name, tuple(found[name])) for name in names]
