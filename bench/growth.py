"""How the product's cost grows with history: a clinic of each size served at once, and asked in turns.

A machine's speed drifts. Measured one size after the other, it would say more about the hour than about the history; so
each round asks all sizes within seconds, and what is compared is what they took in the same round.
"""

import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.cases import cases
from bench.measure import table
from bench.pairs import Clinic, Side, filled, in_turns, served, urls
from bench.waiting import PEOPLE
from triage import clock
from triage.demo.years import Size

#: Of each size by the number of its past visits: milliseconds a request, and how many times the smallest size's.
Found = dict[str, dict[str, dict[str, float]]]


def growth(quick: bool, full: bool = False) -> dict[str, Any]:
    """Measure the product's screens with more and more past visits behind the same day."""
    sizes = (100, 1000) if quick else (1_000, 10_000, 100_000, *((1_000_000,) if full else ()))
    rounds, calls = (2, 2) if quick else (16, 10)
    found: dict[str, Any] = {}
    for engine in ("sqlite", "postgresql") if full else ("sqlite",):
        with tempfile.TemporaryDirectory() as folder:
            if not urls(Path(folder), engine):
                continue
            with grown(Path(folder), engine, sizes, PEOPLE, routings=2 * (rounds + 1) * calls + 9) as clinics:
                found[engine] = measured(clinics, rounds, calls)
        _show(engine, found[engine])
    return found


@contextmanager
def grown(folder: Path, engine: str, sizes: Sequence[int], people: int, routings: int) -> Iterator[dict[int, Clinic]]:
    """Fill a database for each number of past visits, then serve all of them; yield the clinics by that number."""
    ready: dict[int, tuple[Path, list[str], str]] = {}
    with clock.at(clock.now()):  # the last filled takes minutes: nobody waits longer in one than in another
        for visits in sizes:
            place = folder / str(visits)
            place.mkdir()
            url = urls(place, engine)[engine]
            ready[visits] = place, filled(url, people, routings, _behind(visits)), url
    with ExitStack() as stack:  # one worker each: of two, one may keep already what the other has yet to read
        yield {visits: stack.enter_context(served(*what, workers=1)) for visits, what in ready.items()}


def _behind(visits: int) -> Size:
    days = max(7, min(3650, visits // 100))
    return Size(patients=max(1, visits // 10), days=days, visits=visits, whole=min(visits, 2000))


def measured(clinics: Mapping[int, Clinic], rounds: int, calls: int) -> Found:
    """Measure screen by screen, the clinics in turns; the first is the smallest."""
    found: Found = {str(visits): {} for visits in clinics}
    for alike in zip(*(cases(clinic) for clinic in clinics.values()), strict=True):
        name = alike[0].name
        sides = [
            Side(clinic.product, case.product, case.before)
            for clinic, case in zip(clinics.values(), alike, strict=True)
        ]
        in_turns(sides, name, rounds, calls)
        for by_name, side in zip(found.values(), sides, strict=True):
            by_name[name] = {"ms": round(statistics.median(side.found), 3), "times": round(times(side, sides[0]), 3)}
    return found


def times(side: Side, smallest: Side) -> float:
    """Return how many times the smallest one's cost a side took, each round compared with the same round."""
    return statistics.median(mine / its for mine, its in zip(side.found, smallest.found, strict=True))


def _show(engine: str, found: Found) -> None:
    last = list(found.values())[-1]
    rows = [(name, *(by_name[name]["ms"] for by_name in found.values()), row["times"]) for name, row in last.items()]
    head = ("milliseconds of processor a request", *(f"{int(size):,}" for size in found), "last / first")
    table(f"{engine}: past visits behind the day, in turns (target: at most 1.2 times)", head, rows)
