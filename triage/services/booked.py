"""What an arrival does to the day's appointments: whoever comes has come to all of them."""

from sqlalchemy import select

from triage import clock
from triage.db import session
from triage.domain import appointments as rules
from triage.domain.access import Actor
from triage.models import Appointment, AppointmentStep, Encounter
from triage.services.audit import record


def keep(actor: Actor, encounter: Encounter) -> None:
    """Note inside a verb that the patient has come, on every appointment of the visit's day that waits for them."""
    query = select(Appointment).where(
        Appointment.patient_id == encounter.patient_id, Appointment.site_id == encounter.site_id,
        Appointment.day == encounter.ticket_date, Appointment.status.in_(rules.STEPS["arrive"][0]),
    )  # fmt: skip
    for appointment in session.scalars(query).all():
        appointment.status, appointment.encounter_id = rules.after("arrive", appointment.status), encounter.id
        appointment.updated_by, appointment.updated_at = actor.name, clock.entered()
        note(actor, appointment, "arrive")
        ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
        record(actor, "appointment_kept", **ids, appointment=appointment.id, starts_at=appointment.starts_at)


def note(actor: Actor, appointment: Appointment, step: str, reason: str = "", words: str = "") -> None:
    """Append a step to the appointment's history."""
    session.add(
        AppointmentStep(
            appointment_id=appointment.id, at=clock.now(), staff_id=actor.staff_id, step=step,
            starts_at=appointment.starts_at, reason=reason, note=words.strip(),
        )
    )  # fmt: skip
