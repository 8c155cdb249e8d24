"""Whose time can be booked, and which of it is free: surgeons and machines, within the hours of the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError

from triage import clock, knowledge
from triage.db import session
from triage.domain import appointments as rules
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Refused
from triage.domain.hours import Opening
from triage.domain.surgeon_days import SurgeonDay, leaves_free
from triage.knowledge.hours import AppointmentKind
from triage.models import Appointment, BookedSlot, Grant, Staff
from triage.services import hours, surgeon_days
from triage.services.organisations import today


@dataclass(frozen=True)
class Resource:
    """A surgeon or a machine that appointments are made with."""

    id: str
    name: str
    with_: str  # surgeon, or the modality
    key: str  # whose slots are filled

    @property
    def is_surgeon(self) -> bool:
        """Tell whether it is a person."""
        return self.with_ == rules.SURGEON


def resources(actor: Actor, day: date, locale: str = "en") -> list[Resource]:
    """Return the surgeons who work at the site on a day, by name, and then its machines."""
    query = select(Staff.id, Staff.name).join(Grant, Grant.staff_id == Staff.id).where(
        Grant.site_id == actor.site_id, Grant.role == "surgeon", Grant.valid_from <= day,
        or_(Grant.valid_until.is_(None), Grant.valid_until > day), Staff.deactivated_at.is_(None),
    )  # fmt: skip
    people = session.execute(query.distinct().order_by(Staff.name, Staff.id))
    machines = (one for one in knowledge.load().modalities if one.on_site)
    return [
        *(Resource(staff_id, name, rules.SURGEON, staff_id) for staff_id, name in people),
        *(Resource(one.id, one.label(locale), one.id, f"{actor.site_id}:{one.id}") for one in machines),
    ]


def kind_of(kind_id: str) -> AppointmentKind:
    """Return a kind of appointment; raises Refused for none."""
    kind = knowledge.load().flow.hours.kinds.get(kind_id)
    if kind is None:
        raise Refused("resource_needed")
    return kind


def find_resource(actor: Actor, kind: AppointmentKind, what: str, day: date) -> Resource:
    """Return whose time the appointment fills; raises Refused where it does not fit its kind or is not there."""
    for one in resources(actor, day):
        if one.id == what and one.with_ == kind.with_:
            return one
    raise Refused("resource_needed")


@dataclass(frozen=True)
class DayTimes:
    """What a day allows: the clinic's hours, the surgeons' days, and how many slots an hour are kept for the day."""

    day: date
    opening: Opening | None
    calendar: surgeon_days.Calendar
    kept: int

    def of(self, resource: Resource) -> SurgeonDay:
        """Return when this surgeon or machine can be booked; a machine whenever the clinic is open."""
        if not resource.is_surgeon:
            return SurgeonDay(self.opening)
        return self.calendar.day_of(resource.id, self.day, self.opening)


def day_times(actor: Actor, day: date) -> DayTimes:
    """Return what a day allows; on the day itself nothing is kept back any more."""
    kept = 0 if day <= today(actor.site_id) else surgeon_days.kept_per_hour(actor.site_id)
    known = surgeon_days.calendar(actor.site_id, day, day)
    return DayTimes(day, hours.opening(actor.site_id, day), known, kept)


def free_starts(
    actor: Actor, resource: Resource, day: date, minutes: int, times: DayTimes | None = None
) -> list[datetime]:
    """Return every moment of a day, from now on, at which this surgeon or machine can be booked for so long."""
    slot, zone = knowledge.load().flow.hours.slot_minutes, ZoneInfo(actor.time_zone)
    found = times or day_times(actor, day)
    opening = found.of(resource).hours
    possible = rules.starts(opening, day, zone, minutes, slot)
    if not possible:
        return []
    whole = rules.starts(opening, day, zone, slot, slot)
    taken, soon = _taken(resource.key, whole), clock.now() - timedelta(minutes=slot)
    return [
        one
        for one in rules.free_of(possible, minutes, slot, taken)
        if one > soon and leaves_free(rules.pieces(one, minutes, slot), whole, taken, found.kept, slot)
    ]


def _taken(what: str, moments: Sequence[datetime]) -> set[datetime]:
    query = select(BookedSlot.starts_at).where(
        BookedSlot.what == what, BookedSlot.starts_at.between(moments[0], moments[-1])
    )
    return set(session.scalars(query))


_NOT_SEEN = {"absent": "surgeon_absent", "operates": "surgeon_operates", "off": "surgeon_off"}


def check_time(actor: Actor, kind: AppointmentKind, starts_at: datetime, resource: Resource) -> None:
    """Refuse a time that is over, lies outside the hours of the clinic or the surgeon, or is no beginning of a slot."""
    zone, slot = ZoneInfo(actor.time_zone), knowledge.load().flow.hours.slot_minutes
    day = starts_at.astimezone(zone).date()
    if starts_at + timedelta(minutes=slot) <= clock.now():
        raise Refused("time_is_over")
    times = day_times(actor, day)
    if not rules.is_within(starts_at, kind.minutes, times.opening, zone):
        raise Refused("outside_hours")
    found = times.of(resource)
    if not rules.is_within(starts_at, kind.minutes, found.hours, zone):
        raise Refused(_NOT_SEEN[found.why_not])
    if starts_at not in rules.starts(found.hours, day, zone, kind.minutes, slot):
        raise Refused("no_such_slot")
    whole = rules.starts(found.hours, day, zone, slot, slot)
    pieces = rules.pieces(starts_at, kind.minutes, slot)
    if times.kept and not leaves_free(pieces, whole, _taken(resource.key, whole) - set(pieces), times.kept, slot):
        raise Refused("kept_for_today")


def take(appointment: Appointment) -> None:
    """Fill the slots of an appointment, of whom it is with and of the patient; raises Conflict where one is taken."""
    slot = knowledge.load().flow.hours.slot_minutes
    moments = rules.pieces(appointment.starts_at, appointment.minutes, slot)
    for what, code in zip(appointment.fills, ("slot_taken", "patient_has_appointment"), strict=True):
        if _taken(what, moments):
            raise Conflict(code)
        session.add_all(BookedSlot(what=what, starts_at=one, appointment_id=appointment.id) for one in moments)
        try:
            session.flush()
        except IntegrityError as taken:  # at another site, whose writes wait for another lock
            raise Conflict(code) from taken


def free(appointment: Appointment) -> None:
    """Give the slots of an appointment back."""
    session.execute(delete(BookedSlot).where(BookedSlot.appointment_id == appointment.id))
