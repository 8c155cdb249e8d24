"""A day of appointments as the page shows it: surgeon by surgeon and machine by machine, what is booked and free."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session
from triage.domain import appointments as rules
from triage.domain.access import Actor
from triage.domain.appointments import Gap
from triage.domain.hours import Opening
from triage.models import Appointment
from triage.services import hours, slots
from triage.services.organisations import today
from triage.services.slots import Resource

#: So far ahead appointments are compared with the hours of their days.
AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class Column:
    """One surgeon or machine: the appointments of the day in order, and the time that is still free."""

    resource: Resource
    appointments: Sequence[Appointment]
    gaps: Sequence[Gap]

    @property
    def entries(self) -> list[tuple[datetime, Appointment | None, Gap | None]]:
        """Return both in the order of time."""
        rows: list[tuple[datetime, Appointment | None, Gap | None]] = [
            (a.starts_at, a, None) for a in self.appointments
        ]
        rows += [(gap.starts, None, gap) for gap in self.gaps]
        return sorted(rows, key=lambda row: row[0])


@dataclass(frozen=True)
class Day:
    """A day: its hours, a column each, and how many are booked and have come."""

    day: date
    opening: Opening | None
    columns: Sequence[Column]
    booked: int
    arrived: int


def look(actor: Actor, day: date, locale: str = "en") -> Day:
    """Return a day; who was booked with somebody who no longer works here keeps a column of their own."""
    rows = list(session.scalars(_of(actor, day)))
    there = slots.resources(actor, day, locale)
    known = {one.id for one in there}
    gone = {row.what: _former(row) for row in rows if row.what not in known}
    columns = [_column(actor, one, day, rows) for one in (*there, *gone.values())]
    standing = [row for row in rows if row.status != rules.CANCELLED]
    arrived = sum(row.status == rules.ARRIVED for row in standing)
    return Day(day, hours.opening(actor.site_id, day), columns, len(standing), arrived)


def _of(actor: Actor, day: date) -> Select[Appointment]:
    query = select(Appointment).where(Appointment.visible_to(actor), Appointment.day == day)
    whole = query.options(joinedload(Appointment.patient), joinedload(Appointment.surgeon))
    return whole.order_by(Appointment.starts_at, Appointment.id)


def _former(row: Appointment) -> Resource:
    name = row.surgeon.name if row.surgeon else row.what
    return Resource(row.what, name, rules.SURGEON if row.staff_id else row.what, "")


def _column(actor: Actor, resource: Resource, day: date, rows: Sequence[Appointment]) -> Column:
    mine = [row for row in rows if row.what == resource.id and row.status != rules.CANCELLED]
    slot = knowledge.load().flow.hours.slot_minutes
    free = slots.free_starts(actor, resource, day, slot) if resource.key else []
    return Column(resource, mine, rules.gaps(free, slot))


def first_free(actor: Actor, day: date, locale: str = "en") -> list[tuple[Resource, datetime]]:
    """Return each surgeon's and machine's first free time of a day, the earliest first."""
    slot = knowledge.load().flow.hours.slot_minutes
    free = [(one, slots.free_starts(actor, one, day, slot)) for one in slots.resources(actor, day, locale)]
    return sorted(((one, times[0]) for one, times in free if times), key=lambda found: found[1])


def today_of(actor: Actor, limit: int = 8) -> tuple[list[Appointment], int, int]:
    """Return the next of today's appointments who have not come, how many are booked today, and how many came."""
    rows = [row for row in session.scalars(_of(actor, today(actor.site_id))) if row.status != rules.CANCELLED]
    waited_for = [row for row in rows if row.status == rules.BOOKED]
    return waited_for[:limit], len(rows), sum(row.status == rules.ARRIVED for row in rows)


def outside_hours(actor: Actor) -> list[Appointment]:
    """Return the booked appointments to come that lie outside the hours: a day was closed after they were made."""
    rows = _to_come(actor)
    if not rows:
        return []
    open_on = hours.openings(actor.site_id, rows[0].day, rows[-1].day)
    return _outside(actor, rows, open_on.__getitem__)


def count_outside(actor: Actor, opening: Callable[[date], Opening | None]) -> int:
    """Return how many appointments to come would lie outside these hours, of those that lie within them now."""
    already = {row.id for row in outside_hours(actor)}
    return sum(row.id not in already for row in _outside(actor, _to_come(actor), opening))


def _to_come(actor: Actor) -> Sequence[Appointment]:
    at = clock.now()
    query = select(Appointment).where(
        Appointment.site_id == actor.site_id, Appointment.status == rules.BOOKED,
        Appointment.starts_at.between(at, at + AHEAD),
    )  # fmt: skip
    whole = query.options(joinedload(Appointment.patient), joinedload(Appointment.surgeon))
    return session.scalars(whole.order_by(Appointment.starts_at)).all()


def _outside(actor: Actor, rows: Sequence[Appointment], opening: Callable[[date], Opening | None]) -> list[Appointment]:
    zone = ZoneInfo(actor.time_zone)
    return [row for row in rows if not rules.is_within(row.starts_at, row.minutes, opening(row.day), zone)]
