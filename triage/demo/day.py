"""The day: who came when, who is still here, and every step in the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from triage import clock
from triage.demo.clinic import Team
from triage.demo.persons import Person, Registry
from triage.demo.reading import Case, Script
from triage.demo.visits import STEPS, Visit

#: How many of those who have gone home were here for the first time.
FIRST_VISITS = 0.4


@dataclass
class Planned:
    """A person with a case, and the steps still to be played: name and moment."""

    person: Person
    case: Case
    steps: list[tuple[str, datetime]]
    skip: tuple[str, ...] = ()
    past: tuple[tuple[str, int], ...] = ()


def plan(script: Script, registry: Registry, rng: Random, now: datetime) -> list[Planned]:
    """Return everybody of the day: those who are still here, then those who have gone."""
    return [*_still_here(script, registry, now), *_gone(script, registry, rng, now)]


def _still_here(script: Script, registry: Registry, now: datetime) -> Iterator[Planned]:
    for entry in script.day["open"]:
        person = registry.invite(entry["person"])
        steps = [(name, now - timedelta(minutes=ago)) for name, ago in entry["steps"]]
        past = tuple((case, days) for case, days in entry.get("past", ()))
        yield Planned(person, script.cases[entry["case"]], steps, tuple(entry.get("skip", ())), past)


def _gone(script: Script, registry: Registry, rng: Random, now: datetime) -> Iterator[Planned]:
    wanted = script.day["finished"]
    cases = _cases_of_the_gone(script, rng)
    gap = (wanted["first"] - wanted["last"]) / (len(cases) - 1)
    for index, (case, way) in enumerate(cases):
        ago = wanted["first"] - gap * index + rng.uniform(-3, 3)
        steps = _paced(script, rng, way, now - timedelta(minutes=ago), now)
        yield Planned(_visitor(registry, rng, case), case, steps)


def _cases_of_the_gone(script: Script, rng: Random) -> list[tuple[Case, str]]:
    wanted = script.day["finished"]
    certain = [(script.cases[name], script.cases[name].way) for name in wanted["certain"]]
    left = [(script.cases[name], "left") for name in wanted["left"]]
    common = [case for case in script.cases.values() if case.weight]
    number = wanted["count"] - len(certain) - len(left)
    drawn = rng.sample(common, number, counts=[case.weight for case in common])  # no case more often than its weight
    cases = [*certain, *left, *((case, case.way) for case in drawn)]
    rng.shuffle(cases)
    return cases


def _paced(script: Script, rng: Random, way: str, start: datetime, now: datetime) -> list[tuple[str, datetime]]:
    names = script.day["ways"][way]
    delays = [rng.uniform(*script.day["delays"][name]) for name in names]
    room = (now - start).total_seconds() / 60 - 2
    pace = min(1.0, room / sum(delays))  # who came late was seen a little faster, so that the visit is over by now
    moments = [start + timedelta(minutes=sum(delays[: index + 1]) * pace) for index in range(len(names))]
    return list(zip(names, moments, strict=True))


def _visitor(registry: Registry, rng: Random, case: Case) -> Person:
    known = [person for person in registry.known if person.fits(case, registry.today)]
    if not known or rng.random() < FIRST_VISITS:
        return registry.draw(case.ages, case.sex)
    person = rng.choice(known)
    registry.known.remove(person)
    return person


def play(script: Script, team: Team, planned: list[Planned], rng: Random) -> None:
    """Let the day happen: each step at its moment, by the person who does it."""
    queue: list[tuple[datetime, int, str, Visit]] = []
    for number, entry in enumerate(planned):
        nurse, surgeon = (team[rng.choice(names)] for names in (("nurse", "nurse2"), ("surgeon", "surgeon2")))
        visit = Visit(script, team, entry.person, entry.case, nurse, surgeon, entry.skip)
        queue += [(moment, number, name, visit) for name, moment in entry.steps]
    for moment, _, name, visit in sorted(queue, key=lambda step: step[:2]):
        with clock.at(moment):
            STEPS[name](visit)


def today_of(now: datetime, zone: str) -> date:
    """Return the site's day."""
    return now.astimezone(ZoneInfo(zone)).date()
