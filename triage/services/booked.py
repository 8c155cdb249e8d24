"""What an arrival does to the day's appointments: whoever comes has come to all of them."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from triage import clock
from triage.db import read, session
from triage.domain import appointments as rules
from triage.domain.access import Actor
from triage.models import Appointment, AppointmentStep, Encounter, Milestone, MilestoneChange
from triage.prepared import Prepared
from triage.services.audit import record

#: Asked at every check-in, and nearly always in vain.
_AWAITED = Prepared(
    select(Appointment.id).where(
        Appointment.patient_id == bindparam("patient"),
        Appointment.site_id == bindparam("site"),
        Appointment.day == bindparam("day"),
        Appointment.status.in_(rules.STEPS["arrive"][0]),
    )
)


def keep(actor: Actor, encounter: Encounter) -> None:
    """Note inside a verb that the patient has come, on every appointment of the visit's day that waits for them."""
    asked = {"patient": encounter.patient_id, "site": encounter.site_id, "day": encounter.ticket_date}
    for row in read(_AWAITED, **asked):
        appointment = session.get_one(Appointment, row.id)
        appointment.status, appointment.encounter_id = rules.after("arrive", appointment.status), encounter.id
        appointment.updated_by, appointment.updated_at = actor.name, clock.entered()
        note(actor, appointment, "arrive")
        ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
        record(actor, "appointment_kept", **ids, appointment=appointment.id, starts_at=appointment.starts_at)


def note(
    actor: Actor, appointment: Appointment, step: str, reason: str = "", words: str = "", was: date | None = None
) -> None:
    """Append a step to the appointment's history, and to that of the pathway it is for; ``was``: its day before."""
    if appointment.milestone_id:
        _note_at_step(actor, appointment, step, reason, was)
    session.add(
        AppointmentStep(
            appointment_id=appointment.id, at=clock.now(), staff_id=actor.staff_id, step=step,
            starts_at=appointment.starts_at, reason=reason, note=words.strip(),
        )
    )  # fmt: skip


def _note_at_step(actor: Actor, appointment: Appointment, step: str, reason: str, was: date | None) -> None:
    of = session.get_one(Milestone, appointment.milestone_id)
    at = f"{appointment.starts_at.astimezone(ZoneInfo(actor.time_zone)):%-H:%M}"
    session.add(
        MilestoneChange(
            pathway_id=of.pathway_id, milestone=of.name, kind=f"time_{step}", at=clock.now(), staff_id=actor.staff_id,
            was_on=was, is_on=appointment.day, words=f"{at} {reason}".strip(),
        )
    )  # fmt: skip
