"""A day of appointments as the page shows it: surgeon by surgeon and machine by machine, what is booked and free."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
from triage.domain.surgeon_days import SurgeonDay
from triage.models import Appointment, AppointmentRequest, Encounter
from triage.services import displaced, slots
from triage.services.audit import record_read
from triage.services.organisations import today
from triage.services.slots import DayTimes, Resource

#: So far ahead appointments are compared with the hours of their days.
AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class Column:
    """One surgeon or machine: the appointments of the day in order, and the time that is still free."""

    resource: Resource
    appointments: Sequence[Appointment]
    gaps: Sequence[Gap]
    day: SurgeonDay

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
    times = replace(slots.day_times(actor, day), kept=0)  # what is kept for the day's patients is free all the same
    columns = [_column(actor, one, times, rows) for one in (*there, *gone.values())]
    standing = [row for row in rows if row.status != rules.CANCELLED]
    arrived = sum(row.status == rules.ARRIVED for row in standing)
    return Day(day, times.opening, columns, len(standing), arrived)


def _of(actor: Actor, day: date) -> Select[Appointment]:
    query = select(Appointment).where(Appointment.visible_to(actor), Appointment.day == day)
    whole = query.options(joinedload(Appointment.patient), joinedload(Appointment.surgeon))
    return whole.order_by(Appointment.starts_at, Appointment.id)


def _former(row: Appointment) -> Resource:
    name = row.surgeon.name if row.surgeon else row.what
    return Resource(row.what, name, rules.SURGEON if row.staff_id else row.what, "")


def _column(actor: Actor, resource: Resource, times: DayTimes, rows: Sequence[Appointment]) -> Column:
    mine = [row for row in rows if row.what == resource.id and row.status != rules.CANCELLED]
    slot = knowledge.load().flow.hours.slot_minutes
    free = slots.free_starts(actor, resource, times.day, slot, times) if resource.key else []
    return Column(resource, mine, rules.gaps(free, slot), times.of(resource))


def first_free(actor: Actor, day: date, locale: str = "en") -> list[tuple[Resource, datetime]]:
    """Return each surgeon's and machine's first free time of a day, the earliest first."""
    slot, times_ = knowledge.load().flow.hours.slot_minutes, slots.day_times(actor, day)
    free = [(one, slots.free_starts(actor, one, day, slot, times_)) for one in slots.resources(actor, day, locale)]
    return sorted(((one, times[0]) for one, times in free if times), key=lambda found: found[1])


def today_of(actor: Actor, limit: int = 8) -> tuple[list[Appointment], int, int]:
    """Return the next of today's appointments who have not come, how many are booked today, and how many came."""
    rows = [row for row in session.scalars(_of(actor, today(actor.site_id))) if row.status != rules.CANCELLED]
    waited_for = [row for row in rows if row.status == rules.BOOKED]
    return waited_for[:limit], len(rows), sum(row.status == rules.ARRIVED for row in rows)


def count_outside(actor: Actor, opening: Callable[[date], Opening | None]) -> int:
    """Return how many appointments to come would lie outside these hours, of those that lie within the hours now."""
    zone = ZoneInfo(actor.time_zone)
    stand = [row for row in _to_come(actor) if row.to_move != displaced.CLOSED]
    return sum(not rules.is_within(row.starts_at, row.minutes, opening(row.day), zone) for row in stand)


def _to_come(actor: Actor) -> Sequence[Appointment]:
    at = clock.now()
    query = select(Appointment).where(
        Appointment.site_id == actor.site_id, Appointment.status == rules.BOOKED,
        Appointment.starts_at.between(at, at + AHEAD),
    )  # fmt: skip
    return session.scalars(query.order_by(Appointment.starts_at)).all()


#: So many of a patient's appointments to come are shown.
_NEXT = 5


def next_of_patient(actor: Actor, patient_id: str) -> Sequence[Appointment]:
    """Return the patient's appointments of today and to come at this site that stand, the next first."""
    query = select(Appointment).where(
        Appointment.patient_id == patient_id, Appointment.visible_to(actor), Appointment.status != rules.CANCELLED,
        Appointment.starts_at >= clock.now() - timedelta(days=1), Appointment.day >= today(actor.site_id),
    )  # fmt: skip
    return session.scalars(
        query.options(joinedload(Appointment.surgeon), joinedload(Appointment.milestone))
        .order_by(Appointment.starts_at)
        .limit(_NEXT)
    ).all()


def of_visit(actor: Actor, encounter: Encounter) -> Sequence[Appointment]:
    """Return for which appointments of that day the patient has come."""
    near = (encounter.arrived_at - timedelta(days=1), encounter.arrived_at + timedelta(days=1))
    query = select(Appointment).where(
        Appointment.patient_id == encounter.patient_id, Appointment.visible_to(actor),
        Appointment.starts_at.between(*near),
        Appointment.day == encounter.ticket_date, Appointment.status.in_((rules.ARRIVED, rules.BOOKED)),
    )  # fmt: skip
    return session.scalars(query.options(joinedload(Appointment.surgeon)).order_by(Appointment.starts_at)).all()


def answering(actor: Actor, request: AppointmentRequest) -> Appointment | None:
    """Return the appointment with which a request was answered, None where it has none."""
    query = select(Appointment).where(
        Appointment.patient_id == (request.patient_id or ""), Appointment.visible_to(actor),
        Appointment.request_id == request.id,
    )  # fmt: skip
    return session.scalar(
        query.options(joinedload(Appointment.surgeon)).order_by(Appointment.starts_at.desc()).limit(1)
    )


def print_(actor: Actor, day: date, locale: str = "en") -> Day:
    """Return a day to be printed, and record that the actor printed it."""
    record_read(actor, "printed", what=f"appointments {day}")
    return look(actor, day, locale)
