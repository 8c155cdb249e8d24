"""Procedures that are done without admission: which there are, and which one an appointment is for."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import knowledge
from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import Refused
from triage.knowledge.decisions import Procedure
from triage.knowledge.hours import AppointmentKind
from triage.models import Appointment, Encounter, TreatmentDecision


def possible() -> dict[str, Procedure]:
    """Return the procedures that may be done on the day of the decision, by id."""
    return {one.id: one for one in knowledge.load().procedures if one.same_day}


def named(
    actor: Actor, patient_id: str, kind: AppointmentKind, procedure: str, decision_id: str
) -> dict[str, str | None]:
    """Return the columns of an appointment that say which procedure it is for; none for a kind that names none.

    Raises Refused for a procedure that needs an admission, and for a decision about anything or anybody else.
    """
    if not kind.names_procedure:
        return {}
    if procedure not in possible():
        raise Refused("same_day_procedure_needed")
    if decision_id:
        decision = _decision(actor, decision_id)
        if decision is None or decision.procedure != procedure or decision.amended or not _is_of(decision, patient_id):
            raise Refused("other_decision")
    return {"procedure": procedure, "decision_id": decision_id or None}


def _decision(actor: Actor, decision_id: str) -> TreatmentDecision | None:
    query = select(TreatmentDecision).join(Encounter, Encounter.id == TreatmentDecision.encounter_id)
    query = query.where(TreatmentDecision.id == decision_id, Encounter.visible_to(actor))
    return session.scalar(query.options(joinedload(TreatmentDecision.amended)))


def _is_of(decision: TreatmentDecision, patient_id: str) -> bool:
    of = select(Encounter.id).where(Encounter.id == decision.encounter_id, Encounter.patient_id == patient_id)
    return session.scalar(of) is not None


def booked_for(actor: Actor, patient_id: str, decision_ids: Sequence[str]) -> dict[str, Appointment]:
    """Return the appointment that stands for each of these decisions of a patient, by decision."""
    query = select(Appointment).where(
        Appointment.patient_id == patient_id, Appointment.visible_to(actor), Appointment.decision_id.in_(decision_ids),
        Appointment.status.in_(("booked", "arrived")),
    )  # fmt: skip
    rows = session.scalars(query.order_by(Appointment.starts_at)).all() if decision_ids else ()
    return {row.decision_id: row for row in rows if row.decision_id}
