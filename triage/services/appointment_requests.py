"""Requests for an appointment: entered by the desk, answered in the order of application, closed with a reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import appointments as rules
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, NotFound, Refused
from triage.models import AppointmentRequest, Encounter, Patient
from triage.services import encounters, slots
from triage.services.audit import lock_site, record
from triage.services.submissions import once, remember


@dataclass(frozen=True)
class Asked:
    """What somebody asked for, as the desk took it down."""

    channel: str
    received_at: datetime
    name: str
    contact: str
    kind: str
    urgent: str
    same_day: bool = False
    wishes: str = ""
    patient_id: str = ""


class Visit(NamedTuple):
    """The open visit of a patient who asks for an appointment, or for whom somebody does."""

    id: str
    ticket: str
    acuity: int | None


@verb
def enter(actor: Actor, asked: Asked, request_id: str = "") -> str:
    """Enter a request and return its id; the same form sent twice enters one. Raises Invalid at a field."""
    lock_site(session(), actor.site_id)
    if made := once(request_id):
        return made
    _check(actor, asked)
    request = AppointmentRequest(
        site_id=actor.site_id, channel=asked.channel, received_at=asked.received_at, name=asked.name.strip(),
        patient_id=asked.patient_id or None, contact=asked.contact.strip(), kind=asked.kind, urgent=asked.urgent,
        wishes=asked.wishes.strip(), same_day=asked.same_day, entered_by=actor.staff_id, status=rules.WAITING,
        updated_by=actor.name, updated_at=clock.now(),
    )  # fmt: skip
    session.add(request)
    session.flush()
    remember(actor, request_id, request.id)
    told = {"kind": asked.kind, "urgent": asked.urgent, "same_day": asked.same_day}
    _record(actor, request, "appointment_requested", channel=asked.channel, received_at=asked.received_at, **told)
    return request.id


def _check(actor: Actor, asked: Asked) -> None:
    if asked.channel not in rules.CHANNELS:
        raise Invalid(channel="not_a_choice")
    if asked.urgent not in rules.URGENT:
        raise Invalid(urgent="not_a_choice")
    if not asked.name.strip():
        raise Invalid(name="name_needed")
    if asked.received_at > clock.now():
        raise Invalid(received="received_later")
    slots.kind_of(asked.kind)
    seen = select(Patient.id).where(Patient.id == asked.patient_id, Patient.visible_to(actor))
    if asked.patient_id and session.scalar(seen) is None:
        raise NotFound("patient")


def _record(actor: Actor, request: AppointmentRequest, name: str, **payload: Any) -> None:
    record(actor, name, patient_id=request.patient_id, request=request.id, **payload)


def get(actor: Actor, request_id: str) -> AppointmentRequest:
    """Return the request with its patient, if the actor may see it; raises NotFound otherwise."""
    query = select(AppointmentRequest).where(AppointmentRequest.id == request_id, AppointmentRequest.visible_to(actor))
    request = session.scalar(
        query.options(joinedload(AppointmentRequest.patient)).execution_options(populate_existing=True)
    )
    if request is None:
        raise NotFound("appointment_request")
    return request


def list_waiting(actor: Actor) -> Sequence[AppointmentRequest]:
    """Return the requests that wait, in the order in which they are answered."""
    query = select(AppointmentRequest).where(
        AppointmentRequest.visible_to(actor), AppointmentRequest.status == rules.WAITING
    )
    rows = session.scalars(query.options(joinedload(AppointmentRequest.patient))).all()
    return rules.in_order(rows, acuities(actor, rows))


def visits(actor: Actor, patient_ids: Iterable[str | None]) -> dict[str, Visit]:
    """Return the open visits of these patients, by patient."""
    wanted = {one for one in patient_ids if one}
    if not wanted:
        return {}
    query = select(Encounter.patient_id, Encounter.id, Encounter.ticket, Encounter.acuity).where(
        Encounter.site_id == actor.site_id, Encounter.finished_at.is_(None), Encounter.patient_id.in_(wanted)
    )
    return {row.patient_id: Visit(row.id, row.ticket, row.acuity) for row in session.execute(query)}


def acuities(actor: Actor, rows: Sequence[AppointmentRequest]) -> dict[str, int | None]:
    """Return the acuity of who asks and is here, by the request's id."""
    here = visits(actor, (row.patient_id for row in rows))
    return {row.id: here[row.patient_id].acuity for row in rows if row.patient_id in here}


def ahead(actor: Actor, request_id: str) -> list[AppointmentRequest]:
    """Return the requests that are to be answered before this one."""
    rows = list_waiting(actor)
    return rules.ahead_of(request_id, rows, acuities(actor, rows))


def urgent(actor: Actor) -> list[AppointmentRequest]:
    """Return the requests that wait and that nobody may go before without words, in their order."""
    rows = list_waiting(actor)
    known = acuities(actor, rows)
    return [row for row in rows if rules.is_urgent(row, known.get(row.id))]


def to_answer(actor: Actor, request_id: str, skip_reason: str) -> AppointmentRequest:
    """Return the request inside a verb, to be answered now.

    Raises Refused as "others_first" while others wait before it and no coded reason says why it goes first.
    """
    request = get(actor, request_id)
    if request.status != rules.WAITING:
        raise Conflict("request_closed")
    before = ahead(actor, request_id)
    if before and skip_reason not in knowledge.load().flow.hours.skip_reasons:
        raise Refused("others_first", count=len(before))
    return request


def check_urgent(actor: Actor, patient_id: str, request: AppointmentRequest | None, is_today: bool, why: str) -> None:
    """Refuse inside a verb, without written words, what lets an urgent patient wait.

    That is a time today, or an answer, before somebody urgent who waits longer or worse; and another day for whoever
    told of an urgent sign.
    """
    if why.strip():
        return
    if request and request.urgent == "yes" and not is_today:
        raise Refused("urgent_today")
    if before := goes_before(actor, patient_id, request, is_today):
        raise Refused("urgent_first", count=len(before))


def goes_before(
    actor: Actor, patient_id: str, request: AppointmentRequest | None, is_today: bool
) -> list[AppointmentRequest]:
    """Return the urgent requests that a booking would go before; a time today goes before every one of them."""
    first = urgent(actor)
    mine = request.id if request else ""
    if any(row.id == mine for row in first):  # urgent too: those before it in the one order
        return first[: [row.id for row in first].index(mine)]
    if is_today:
        visit = visits(actor, [patient_id]).get(patient_id)
        is_worse = rules.is_emergency(visit.acuity if visit else None)
        return [] if is_worse else [row for row in first if row.patient_id != patient_id]
    return [row for row in ahead(actor, mine) if row in first] if request else []


def answer(actor: Actor, request: AppointmentRequest, patient_id: str, skip_reason: str, why: str = "") -> None:
    """Note inside a verb that the request has its appointment."""
    request.status, request.answered_at = rules.ANSWERED, clock.now()
    request.patient_id, request.reason, request.note = patient_id, skip_reason, why.strip()
    encounters.touch(actor, request)


@verb
def close(actor: Actor, request_id: str, version: int, reason: str, note: str = "") -> None:
    """Close a request without an appointment, with the coded reason."""
    lock_site(session(), actor.site_id)
    request = get(actor, request_id)
    if request.status != rules.WAITING:
        raise Conflict("request_closed")
    encounters.check_version(request, version)
    if reason not in knowledge.load().flow.hours.close_reasons:
        raise Refused("reason_needed")
    request.status, request.answered_at = rules.CLOSED, clock.now()
    request.reason, request.note = reason, note.strip()
    encounters.touch(actor, request)
    _record(actor, request, "appointment_request_closed", reason=reason, note=request.note)
