"""The clinic's file as the day begins: who is on it, what earlier visits left behind; written in one transaction."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from triage import clock
from triage.db import session, verb
from triage.demo import day, followups, ways
from triage.demo.clinic import Team
from triage.demo.past import PastVisit, Rows
from triage.demo.persons import Person, Registry
from triage.demo.reading import Script
from triage.domain import names
from triage.domain.access import Actor
from triage.models import Patient
from triage.services.audit import record

OPENS, LAST_ARRIVAL = time(9, 0), 390  # minutes after opening
SUNDAY = 6


def open_(team: Team, script: Script, registry: Registry, rng: Random, now: datetime) -> list[day.Planned]:
    """Fill the file with patients and their earlier visits; return the plan of the day that ends ``now``."""
    registry.known = [registry.draw() for _ in range(script.day["file"]["patients"])]
    on_file = list(registry.known)
    planned = day.plan(script, registry, rng, now)
    visits = sorted(
        [*_named(script, registry, planned), *_drawn(script, registry, rng, on_file)],
        key=lambda visit: (visit.today, registry.people.index(visit.person)),
    )
    since = {entry.person.id: entry.steps[0][1] - timedelta(minutes=2) for entry in planned}
    _write(team["admin"], script, team, registry, rng, visits, since)
    return planned


def _named(script: Script, registry: Registry, planned: list[day.Planned]) -> Iterator[PastVisit]:
    for entry in planned:
        for case, days in entry.past:
            yield PastVisit(entry.person, script.cases[case], registry.today - timedelta(days=days))


def _drawn(script: Script, registry: Registry, rng: Random, on_file: list[Person]) -> Iterator[PastVisit]:
    wanted = script.day["file"]
    for index, person in enumerate(on_file):
        count = rng.randint(*wanted["visits"]) if index < wanted["returning"] else 1
        for days in sorted(rng.sample(range(20, wanted["years"] * 365), count)):
            on = registry.today - timedelta(days=days)
            fitting = [case for case in script.cases.values() if case.weight and person.fits(case, on)]
            if fitting:
                case = rng.choices(fitting, [case.weight for case in fitting])[0]
                yield PastVisit(person, case, on)


@verb
def _write(
    actor: Actor, script: Script, team: Team, registry: Registry, rng: Random, visits: list[PastVisit],
    since: dict[str, datetime],
) -> None:  # fmt: skip
    """Insert the patients and their earlier visits in bulk, under one event."""
    rows, tickets = Rows(script, team, actor), Counter[date]()
    for visit in visits:
        visit.today -= timedelta(days=visit.today.weekday() == SUNDAY)
        minutes = rng.randrange(LAST_ARRIVAL)
        start = datetime.combine(visit.today, OPENS, ZoneInfo(actor.time_zone)) + timedelta(minutes=minutes)
        tickets[visit.today] += 1
        since.setdefault(visit.person.id, start)
        since[visit.person.id] = min(since[visit.person.id], start)
        rows.add(visit, start, f"A{tickets[visit.today]:03d}", rng)
    session.execute(insert(Patient), _patients(actor, registry, since))
    rows.insert()
    ways.add(team)
    followups.add(team)
    record(actor, "demonstration_loaded", encounters=len(visits))


def _patients(actor: Actor, registry: Registry, since: dict[str, datetime]) -> list[dict[str, Any]]:
    named = Counter(_full_name(person) for person in registry.people)
    first = {person.id: since.get(person.id, clock.now()) for person in registry.people}
    ordered = sorted(registry.people, key=lambda person: first[person.id])
    return [
        {
            **person.columns, "id": person.id, "organisation_id": actor.organisation_id, "number": f"9{number:05d}",
            "created_at": first[person.id], "updated_by": actor.name, "updated_at": first[person.id], "version": 1,
            "same_name": named[_full_name(person)] > 1,
            **names.keys(*(person.columns[column] for column in names.PARTS)),
        }
        for number, person in enumerate(ordered, start=1)
    ]  # fmt: skip


def _full_name(person: Person) -> str:
    return names.fold(person.columns["family_name"] + person.columns["given_name"])
