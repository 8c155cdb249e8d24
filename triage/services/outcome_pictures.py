"""A surgeon's results as pictures: for each measure the means over the points, or the single numbers of a few."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from triage.domain.outcome_results import Group, Mean
from triage.domain.outcomes import Measure
from triage.services import outcomes
from triage.services.outcome_charts import better

#: The picture's size and the room for its labels, in its own units.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 320, 136, 40, 14, 12, 26
#: So far beside each other stand equal numbers of a few patients.
APART = 6


@dataclass(frozen=True)
class Mark:
    """One point in the picture: the mean with its middle half, or a dot for each of a few patients."""

    x: float
    label: str
    mean: float | None
    middle: tuple[float, float] | None
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Picture:
    """One measure over the points, with the numbers behind the picture."""

    measure: Measure
    rows: Sequence[Mean]
    marks: tuple[Mark, ...]

    @property
    def line(self) -> str:
        """Return the corners of the line through the means."""
        return " ".join(f"{mark.x:.1f},{mark.mean:.1f}" for mark in self.marks if mark.mean is not None)

    @property
    def scale(self) -> tuple[str, str]:
        """Return what stands at the top of the picture, which is better, and at its foot."""
        ends = (f"{self.measure.minimum:g}", f"{self.measure.maximum:g}")
        return ends if self.measure.worse == "higher" else (ends[1], ends[0])


def pictures_of(group: Group) -> list[Picture]:
    """Return a picture of every measure of which there is a number; up is better in all of them."""
    known = outcomes.known()
    points = list(known.points)
    there = [measure for name, measure in known.measures.items() if name in group.measures]
    return [_picture(measure, group.means(measure.id, points)) for measure in there]


def _picture(measure: Measure, rows: Sequence[Mean]) -> Picture:
    return Picture(measure, rows, tuple(_mark(measure, row) for row in rows))


def _mark(measure: Measure, row: Mean) -> Mark:
    points = outcomes.known().points
    months = points[row.point].months
    x = LEFT + (WIDTH - LEFT - RIGHT) * months / max(point.months for point in points.values())
    middle = row.middle
    return Mark(
        x, str(months), None if row.mean is None else _y(measure, row.mean),
        None if middle is None else (_y(measure, middle[0]), _y(measure, middle[1])),
        () if row.is_enough else tuple(_dots(measure, row.values, x)),
    )  # fmt: skip


def _dots(measure: Measure, values: Sequence[float], x: float) -> list[tuple[float, float]]:
    seen: Counter[float] = Counter()
    dots = []
    for value in values:
        dots.append((x + APART * seen[value], _y(measure, value)))
        seen[value] += 1
    return dots


def _y(measure: Measure, value: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - better(measure, value))
