"""The patients of today who asked for it: who waits for an answer, the urgent before the others; who has a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import appointments as rules
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound, Refused
from triage.models import Appointment, AppointmentRequest, Encounter, Patient
from triage.services import appointment_requests as requests
from triage.services import encounters, pins
from triage.services.appointment_requests import Visit
from triage.services.audit import lock_site, record
from triage.services.organisations import today

#: What a request is closed with when its patient was sent to the queue.
TO_QUEUE = "to_queue"


@dataclass(frozen=True)
class Waits:
    """A request for today, with the visit of a patient who is here already, and how urgent it is."""

    request: AppointmentRequest
    visit: Visit | None

    @property
    def acuity(self) -> int | None:
        """Return the acuity of the visit, None where nobody is here or has been triaged."""
        return self.visit.acuity if self.visit else None

    @property
    def is_emergency(self) -> bool:
        """Tell whether no time is needed: the patient goes to the queue at once."""
        return rules.is_emergency(self.acuity)

    @property
    def is_urgent(self) -> bool:
        """Tell whether nobody goes before without words."""
        return rules.is_urgent(self.request, self.acuity)


def list_waiting(actor: Actor) -> list[Waits]:
    """Return who waits for an answer for today: urgent ones whatever day they asked for, in their order."""
    rows = requests.list_waiting(actor)
    here = requests.visits(actor, (row.patient_id for row in rows))
    all_ = [Waits(row, here.get(row.patient_id or "")) for row in rows]
    return [one for one in all_ if one.is_urgent or one.request.same_day]


def list_booked(actor: Actor) -> Sequence[Appointment]:
    """Return today's procedures without admission, and today's appointments of who asked for today, by time."""
    kinds = [one.id for one in knowledge.load().flow.hours.kinds.values() if one.names_procedure]
    query = select(Appointment).outerjoin(AppointmentRequest, AppointmentRequest.id == Appointment.request_id)
    query = query.where(
        Appointment.visible_to(actor), Appointment.day == today(actor.site_id), Appointment.status != rules.CANCELLED,
        or_(Appointment.kind.in_(kinds), AppointmentRequest.same_day.is_(True)),
    )  # fmt: skip
    whole = query.options(joinedload(Appointment.patient), joinedload(Appointment.surgeon))
    return session.scalars(whole.order_by(Appointment.starts_at, Appointment.id)).all()


@verb
def send_to_queue(actor: Actor, request_id: str, version: int, patient_id: str = "", is_emergency: bool = False) -> str:
    """Answer a request without a time: the patient is here, and joins the queue; return the encounter's id.

    ``is_emergency`` raises the emergency at once. Twice is once. Raises Refused while it is not said who it is.
    """
    lock_site(session(), actor.site_id)
    request = requests.get(actor, request_id)
    here = requests.visits(actor, [request.patient_id]).get(request.patient_id or "")
    if request.reason == TO_QUEUE and here:
        return here.id
    if request.status != rules.WAITING:
        raise Conflict("request_closed")
    encounters.check_version(request, version)
    encounter = _visit(actor, request.patient_id or patient_id)
    request.patient_id, request.status, request.reason = encounter.patient_id, rules.CLOSED, TO_QUEUE
    request.answered_at = clock.now()
    encounters.touch(actor, request)
    if is_emergency:
        pins.pin(actor, encounter, "raised", request.wishes)
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "appointment_request_queued", **ids, request=request.id, emergency=is_emergency)
    return encounter.id


def _visit(actor: Actor, patient_id: str) -> Encounter:
    """Return the patient's open visit, opened now where there is none."""
    if not patient_id:
        raise Refused("patient_needed")
    if here := requests.visits(actor, [patient_id]).get(patient_id):
        return encounters.get(actor, here.id)
    patient = session.scalar(select(Patient).where(Patient.id == patient_id, Patient.visible_to(actor)))
    if patient is None:
        raise NotFound("patient")
    return encounters.admit(actor, patient)
