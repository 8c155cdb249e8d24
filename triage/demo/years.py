"""The years behind a large clinic: visits like the demonstration's own, day by day, inserted in lots."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate, islice
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select

from triage.db import Base, session, verb
from triage.demo import copies, crowd
from triage.demo.copies import Patron, Row, Template
from triage.demo.file import LAST_ARRIVAL, OPENS
from triage.domain.access import Actor
from triage.models import Encounter, Patient
from triage.services.audit import record

#: Rows in one transaction, and in memory.
LOT = 20_000
#: The visits that get their whole record, unless more is asked for: some 25 rows each, where the others have one.
WHOLE = 20_000
#: Arrivals from Monday to Sunday, as shares of an ordinary day; the minute after opening at which most arrive.
WEEK = (1.3, 1.0, 1.0, 0.9, 1.1, 0.6, 0.0)
MOST_ARRIVE = 45

Lot = Mapping[type[Base], list[Row]]
#: Hears what is being made, how many there are, and of how many.
Say = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Size:
    """What lies behind the day: patients on file, days, visits, and how many of the last have their whole record."""

    patients: int
    days: int
    visits: int
    whole: int

    @classmethod
    def of(cls, patients: int, days: int) -> "Size":
        """Return the size of a clinic whose patients come about once a year."""
        return cls(patients, days, round(patients * days / 365), WHOLE)


def fill(actor: Actor, size: Size, rng: Random, today: date, say: Say) -> None:
    """Add the patients and their visits on the days before ``today``, like those that the database holds already."""
    templates, taken = copies.templates(), _taken(actor)
    session.remove()
    days = [today - timedelta(days=back) for back in range(size.days, 0, -1)]
    patrons = list(_patients(actor, size, rng, days, say))
    arrivals = _arrivals(size, rng, days, patrons, ZoneInfo(actor.time_zone), taken)
    done, made = 0, _visits(size, rng, arrivals, templates)
    for lot in _lots(made):
        _write(actor, lot)
        done += len(lot[Encounter])
        say("earlier visits", done, size.visits)


def _taken(actor: Actor) -> Counter[date]:
    """Return how many tickets each day has given out already."""
    query = select(Encounter.ticket_date, func.count()).where(Encounter.site_id == actor.site_id)
    return Counter(dict(session.execute(query.group_by(Encounter.ticket_date)).all()))


def _patients(actor: Actor, size: Size, rng: Random, days: Sequence[date], say: Say) -> Iterator[Patron]:
    zone = ZoneInfo(actor.time_zone)
    since = [_moment(days[n * len(days) // size.patients], rng, zone) for n in range(size.patients)]
    rows, done = crowd.rows(rng, actor, sorted(since)), 0
    while lot := list(islice(rows, LOT)):
        _write(actor, {Patient: lot})
        yield from (Patron(row["id"], row["sex"], row["birth_date"]) for row in lot)
        done += len(lot)
        say("patients", done, size.patients)


def _moment(day: date, rng: Random, zone: ZoneInfo) -> datetime:
    minutes = rng.triangular(0, LAST_ARRIVAL, MOST_ARRIVE)
    return datetime.combine(day, OPENS, zone) + timedelta(seconds=int(minutes * 60))


def _arrivals(
    size: Size, rng: Random, days: Sequence[date], patrons: Sequence[Patron], zone: ZoneInfo, taken: Counter[date]
) -> Iterator[tuple[Patron, datetime, str]]:
    """Yield who came when with which ticket, in the order of time; who came on file on a day comes on that day."""
    shares = list(accumulate(WEEK[day.weekday()] for day in days))
    known = came = 0
    for n, day in enumerate(days):
        new, known = known, (n + 1) * len(patrons) // len(days)
        number = round(size.visits * shares[n] / (shares[-1] or 1)) - came  # all of the days may be Sundays
        came += number
        chosen = [*range(new, known)][:number]
        chosen += rng.choices(range(known or 1), k=number - len(chosen))
        moments = sorted(_moment(day, rng, zone) for _ in chosen)
        for ticket, (who, moment) in enumerate(zip(chosen, moments, strict=True), start=taken[day] + 1):
            yield patrons[who], moment, f"A{ticket:03d}"


def _visits(
    size: Size, rng: Random, arrivals: Iterable[tuple[Patron, datetime, str]], templates: copies.Templates
) -> Iterator[list[tuple[type[Base], Row]]]:
    for number, (patron, moment, ticket) in enumerate(arrivals, start=1):
        template: Template = rng.choice(templates.fitting(patron, moment.date()))
        whole = number > size.visits - size.whole
        yield list(template.copy(patron, moment, ticket, whole))


def _lots(visits: Iterable[list[tuple[type[Base], Row]]]) -> Iterator[Lot]:
    lot, held = defaultdict[type[Base], list[Row]](list), 0
    for rows in visits:
        if held + len(rows) > LOT:
            yield lot
            lot, held = defaultdict(list), 0
        held += len(rows)
        for table, row in rows:
            lot[table].append(row)
    if held:
        yield lot


@verb
def _write(actor: Actor, lot: Lot) -> None:
    tables: tuple[type[Base], ...] = (Patient, *copies.TABLES)
    for table in tables:
        if table in lot:
            session.execute(insert(table), lot[table])
    record(actor, "demonstration_loaded", encounters=len(lot.get(Encounter, ())))
