"""The course of one patient as small pictures: for each measure the numbers that are known."""

from dataclasses import dataclass

from triage.domain.outcomes import Measure
from triage.services import outcomes
from triage.services.outcome_lists import Course

#: The picture's size, in its own units.
WIDTH, HEIGHT, EDGE = 240, 72, 8


@dataclass(frozen=True)
class Dot:
    """One number where it stands in the picture."""

    x: float
    y: float
    point: str
    words: str


@dataclass(frozen=True)
class Chart:
    """One measure over the points."""

    measure: Measure
    dots: tuple[Dot, ...]

    @property
    def line(self) -> str:
        """Return the corners of the line through the numbers."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)


def charts_of(course: Course) -> list[Chart]:
    """Return a picture of every measure with a number; up is better in all of them."""
    known = outcomes.known()
    last = max(point.months for point in known.points.values()) or 1
    charts = []
    for name in course.measures:
        measure = known.measures[name]
        dots = [
            Dot(EDGE + (WIDTH - 2 * EDGE) * known.points[point].months / last,
                EDGE + (HEIGHT - 2 * EDGE) * (1 - better(measure, values[name].value or 0)), point,
                measure.written(values[name].value))
            for point, values in course.values.items() if name in values
        ]  # fmt: skip
        charts.append(Chart(measure, tuple(dots)))
    return charts


def better(measure: Measure, value: float) -> float:
    """Return how good a value is: 0 for the worst that can be, 1 for the best."""
    share = (value - measure.minimum) / (measure.maximum - measure.minimum)
    return 1 - share if measure.worse == "higher" else share
