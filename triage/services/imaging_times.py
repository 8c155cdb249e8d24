"""One press books the next free time on the machine for an imaging order."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import appointments as rules
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Refused
from triage.domain.lifecycle import IMAGING_OPEN
from triage.knowledge.hours import AppointmentKind
from triage.models import Appointment, BookedSlot, ImagingOrder
from triage.services import booked, hours, imaging, order_times, slots
from triage.services.audit import lock_site, record
from triage.services.organisations import today
from triage.services.slots import Resource

#: Where the machine is booked out so many open days ahead, somebody has to choose a day.
DAYS = 5


def kind_of(modality: str) -> AppointmentKind | None:
    """Return the kind of appointment on this machine, None where it cannot be booked."""
    return next((one for one in knowledge.load().flow.hours.kinds.values() if one.with_ == modality), None)


@verb
def book_next(actor: Actor, order_id: str) -> str:
    """Book the next free time for an order and return the appointment's id; an order that has a time keeps it.

    Raises Conflict for an order that has ended, Refused where nothing is free on the next open days.
    """
    lock_site(session(), actor.site_id)
    order = imaging.get(actor, order_id)
    if order.status not in IMAGING_OPEN or order.status == "started":
        raise Conflict("imaging_step_not_possible", status=order.status)
    if there := order_times.find(order_id):
        return there.id
    kind = kind_of(order.modality)
    if kind is None:
        raise Refused("resource_needed")
    day, starts_at = _next(actor, order, kind)
    appointment = _new(actor, order, kind, day, starts_at)
    slots.take(appointment)
    booked.note(actor, appointment, "book")
    record(
        actor, "appointment_booked", patient_id=appointment.patient_id, encounter_id=order.encounter_id,
        appointment=appointment.id, request="", kind=kind.id, what=order.modality, starts_at=starts_at,
        minutes=kind.minutes, skipped="", why="", procedure="",
    )  # fmt: skip
    return appointment.id


def _next(actor: Actor, order: ImagingOrder, kind: AppointmentKind) -> tuple[date, datetime]:
    """Return the first time at which the machine is free, and the patient not booked elsewhere."""
    for day in _open_days(actor):
        resource = _machine(actor, day, kind)
        busy = _taken_of(order.encounter.patient_id, day, actor)
        for one in slots.free_starts(actor, resource, day, kind.minutes):
            if not busy.intersection(rules.pieces(one, kind.minutes, knowledge.load().flow.hours.slot_minutes)):
                return day, one
    raise Refused("nothing_free_soon")


def _open_days(actor: Actor) -> Iterator[date]:
    day = today(actor.site_id)
    for _number in range(DAYS):
        day = hours.next_open(actor.site_id, day)
        yield day
        day += timedelta(days=1)


def _machine(actor: Actor, day: date, kind: AppointmentKind) -> Resource:
    return slots.find_resource(actor, kind, kind.with_, day)


def _taken_of(patient_id: str, day: date, actor: Actor) -> set[datetime]:
    near = clock.now() + (day - today(actor.site_id))
    query = select(BookedSlot.starts_at).where(
        BookedSlot.what == f"patient:{patient_id}",
        BookedSlot.starts_at.between(near - timedelta(days=2), near + timedelta(days=2)),
    )
    return set(session.scalars(query))


def _new(actor: Actor, order: ImagingOrder, kind: AppointmentKind, day: date, starts_at: datetime) -> Appointment:
    appointment = Appointment(
        site_id=actor.site_id, patient_id=order.encounter.patient_id, kind=kind.id, modality=order.modality, day=day,
        starts_at=starts_at, minutes=kind.minutes, status=rules.BOOKED, encounter_id=order.encounter_id,
        order_id=order.id, updated_by=actor.name, updated_at=clock.now(),
    )  # fmt: skip
    session.add(appointment)
    session.flush()
    return appointment
