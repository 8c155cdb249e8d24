"""Appointments: booked, moved, cancelled, missed, and kept by who arrives and joins the queue."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import appointments as rules
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound, Refused
from triage.knowledge.hours import AppointmentKind
from triage.models import Appointment, AppointmentRequest, AppointmentStep, Encounter, Patient
from triage.services import appointment_requests as requests
from triage.services import booked, encounters, patients, procedures, slots, step_times
from triage.services.audit import lock_site, record
from triage.services.organisations import today
from triage.services.submissions import once, remember

Wish = rules.Wish


def get(actor: Actor, appointment_id: str) -> Appointment:
    """Return the appointment with its patient and surgeon, if the actor may see it; raises NotFound otherwise."""
    query = select(Appointment).where(Appointment.id == appointment_id, Appointment.visible_to(actor))
    whole = query.options(
        joinedload(Appointment.patient), joinedload(Appointment.surgeon), joinedload(Appointment.milestone)
    )
    appointment = session.scalar(whole.execution_options(populate_existing=True))
    if appointment is None:
        raise NotFound("appointment")
    return appointment


def history(appointment: Appointment) -> Sequence[AppointmentStep]:
    """Return the appointment's steps in order, each with who took it."""
    query = select(AppointmentStep).where(AppointmentStep.appointment_id == appointment.id)
    return session.scalars(query.options(joinedload(AppointmentStep.staff)).order_by(AppointmentStep.at)).all()


@verb
def book(
    actor: Actor, patient_id: str, wish: Wish, asked: str = "", skip_reason: str = "", request_id: str = "",
    why: str = "",
) -> str:  # fmt: skip
    """Book an appointment and return its id; the same form sent twice books one.

    ``asked``: the request it answers. Raises Refused where requests before it wait and no ``skip_reason`` says why,
    where somebody urgent would wait and no words say ``why``, or for a time that cannot be; Conflict for one taken.
    """
    lock_site(session(), actor.site_id)
    if made := once(request_id):
        return made
    patient = session.scalar(select(Patient).where(Patient.id == patient_id, Patient.visible_to(actor)))
    if patient is None:
        raise NotFound("patient")
    return _book(actor, patient, wish, (asked, skip_reason, request_id, why))


@verb
def book_caller(
    actor: Actor, person: Mapping[str, Any], different: Collection[str], wish: Wish, words: tuple[str, str, str, str]
) -> str:
    """Add somebody new who is on the telephone and book the appointment, both or neither; return its id.

    ``words``: the last four of ``book``. Raises Conflict as "maybe_on_file" while somebody on file may be the same
    person, unless their id is among ``different``; else as ``book``.
    """
    lock_site(session(), actor.site_id)
    if made := once(words[2]):
        return made
    patient = patients.add_caller(actor, person, f"{words[2]}-caller" if words[2] else "", different)
    return _book(actor, patient, wish, words)


def _book(actor: Actor, patient: Patient, wish: Wish, words: tuple[str, str, str, str]) -> str:
    asked, skip_reason, request_id, why = words
    kind = slots.kind_of(wish.kind)
    request = requests.to_answer(actor, asked, skip_reason) if asked else None
    requests.check_urgent(actor, patient.id, request, _day_of(actor, wish) == today(actor.site_id), why)
    appointment = _new(actor, patient, kind, wish, request)
    slots.take(appointment)
    booked.note(actor, appointment, "book", words=wish.note)
    if request:
        requests.answer(actor, request, patient.id, skip_reason, why)
    remember(actor, request_id, appointment.id)
    record(
        actor, "appointment_booked", patient_id=patient.id, appointment=appointment.id, request=asked, kind=kind.id,
        what=appointment.what, starts_at=wish.starts_at, minutes=kind.minutes, skipped=skip_reason,
        why=why.strip(), procedure=appointment.procedure,
    )  # fmt: skip
    return appointment.id


def _new(
    actor: Actor, patient: Patient, kind: AppointmentKind, wish: Wish, request: AppointmentRequest | None
) -> Appointment:
    appointment = Appointment(
        site_id=actor.site_id, patient_id=patient.id, request_id=request.id if request else None, kind=kind.id,
        minutes=kind.minutes, status=rules.BOOKED, note=wish.note.strip(), updated_by=actor.name,
        updated_at=clock.now(), **procedures.named(actor, patient.id, kind, wish.procedure, wish.decision_id),
        **step_times.named(actor, patient.id, kind, wish),
    )  # fmt: skip
    _place(actor, appointment, kind, wish)
    session.add(appointment)
    session.flush()
    return appointment


def _place(actor: Actor, appointment: Appointment, kind: AppointmentKind, wish: Wish) -> None:
    day = _day_of(actor, wish)
    resource = slots.find_resource(actor, kind, wish.what, day)
    slots.check_time(actor, kind, wish.starts_at, resource)
    appointment.staff_id = resource.id if resource.is_surgeon else None
    appointment.modality = None if resource.is_surgeon else resource.id
    appointment.starts_at, appointment.day, appointment.to_move = wish.starts_at, day, ""


def _day_of(actor: Actor, wish: Wish) -> date:
    return _local_day(actor, wish.starts_at)


def _local_day(actor: Actor, at: datetime) -> date:
    return at.astimezone(ZoneInfo(actor.time_zone)).date()


def _step(actor: Actor, appointment_id: str, version: int, step: str) -> Appointment:
    lock_site(session(), actor.site_id)
    appointment = get(actor, appointment_id)
    encounters.check_version(appointment, version)
    appointment.status = rules.after(step, appointment.status)
    encounters.touch(actor, appointment)
    return appointment


@verb
def move(actor: Actor, appointment_id: str, version: int, what: str, starts_at: datetime, reason: str) -> None:
    """Move an appointment to another time or surgeon, with the coded reason; it keeps its history.

    Raises Refused without a reason or for a time that cannot be, Conflict where the time is taken.
    """
    _check_reason(reason)
    appointment = _step(actor, appointment_id, version, "move")
    before = appointment.starts_at
    slots.free(appointment)
    _place(actor, appointment, slots.kind_of(appointment.kind), Wish(appointment.kind, what, starts_at))
    slots.take(appointment)
    booked.note(actor, appointment, "move", reason, was=_local_day(actor, before))
    step_times.renew(appointment)
    record(
        actor, "appointment_moved", **_ids(appointment), appointment=appointment.id,
        what=appointment.what, before=before, after=starts_at, reason=reason,
    )  # fmt: skip


@verb
def cancel(actor: Actor, appointment_id: str, version: int, reason: str, note: str = "") -> None:
    """Cancel an appointment with the coded reason; its time is free at once."""
    _check_reason(reason)
    appointment = _step(actor, appointment_id, version, "cancel")
    slots.free(appointment)
    booked.note(actor, appointment, "cancel", reason, note)
    record(actor, "appointment_cancelled", **_ids(appointment), appointment=appointment.id, reason=reason)


def _ids(appointment: Appointment) -> dict[str, str | None]:
    """Return whom an event is about; the visit too, whose lists show the time of an examination."""
    return {"patient_id": appointment.patient_id, "encounter_id": appointment.encounter_id}


def _check_reason(reason: str) -> None:
    if reason not in knowledge.load().flow.hours.cancel_reasons:
        raise Refused("reason_needed")


@verb
def note_absent(actor: Actor, appointment_id: str, version: int) -> None:
    """Note that the patient has not come; raises Refused before the time. Who comes late after all still arrives."""
    appointment = _step(actor, appointment_id, version, "note_absent")
    if appointment.starts_at > clock.now():
        raise Refused("not_yet_over")
    slots.free(appointment)
    booked.note(actor, appointment, "note_absent")
    record(
        actor, "appointment_missed", patient_id=appointment.patient_id, appointment=appointment.id,
        starts_at=appointment.starts_at,
    )  # fmt: skip


@verb
def arrive(actor: Actor, appointment_id: str) -> str:
    """Check the patient of today's appointment in, who joins the queue as everybody does; return the encounter's id.

    Twice is once: the visit that is open already keeps the appointment. Raises Refused for another day's.
    """
    lock_site(session(), actor.site_id)
    appointment = get(actor, appointment_id)
    if appointment.status == rules.ARRIVED and appointment.encounter_id:
        return appointment.encounter_id
    rules.after("arrive", appointment.status)
    if appointment.day != today(actor.site_id):
        raise Refused("not_today")
    here = session.scalar(
        select(Encounter).where(
            Encounter.site_id == actor.site_id, Encounter.patient_id == appointment.patient_id,
            Encounter.finished_at.is_(None),
        )
    )  # fmt: skip
    if here is None:
        return encounters.admit(actor, appointment.patient).id
    if here.ticket_date != appointment.day:
        raise Conflict("already_open", ticket=here.ticket, encounter=here.id)
    booked.keep(actor, here)
    return here.id


#: Appointments of earlier days that nobody has settled are shown for so long.
LOOK_BACK = timedelta(days=60)


def list_unsettled(actor: Actor) -> Sequence[Appointment]:
    """Return the appointments of earlier days of which nobody has said whether the patient came, oldest first."""
    day, at = today(actor.site_id), clock.now()
    query = select(Appointment).where(
        Appointment.visible_to(actor), Appointment.status == rules.BOOKED, Appointment.day < day,
        Appointment.starts_at.between(at - LOOK_BACK, at),
    )  # fmt: skip
    return session.scalars(_shown(query)).all()


def _shown(query: Select[Appointment]) -> Select[Appointment]:
    whole = query.options(joinedload(Appointment.patient), joinedload(Appointment.surgeon))
    return whole.order_by(Appointment.starts_at, Appointment.id)
