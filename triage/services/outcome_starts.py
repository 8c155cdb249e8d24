"""A follow-up begun by hand, after a treatment that this program has not seen."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from triage import knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.choice import REACH, SIDES
from triage.domain.errors import Conflict, Invalid
from triage.domain.outcomes import KINDS, PROCEDURE, Treatment
from triage.models import Grant, Patient, Staff
from triage.services import outcome_series, outcomes, patients
from triage.services.audit import lock_site
from triage.services.organisations import today


@verb
def begin(actor: Actor, patient_id: str, index_day: date, treatment: Treatment) -> str:
    """Begin a follow-up by hand, with the reason; return its id.

    Raises Invalid at the field that is wrong, Conflict where the patient is followed up after this already.
    """
    lock_site(session(), actor.site_id)
    patient = patients.get(actor, patient_id)
    if faults := _faults(actor, patient, index_day, treatment):
        raise Invalid(**faults)
    if outcome_series.find_same(actor, patient_id, index_day, treatment) is not None:
        raise Conflict("followed_up_already")
    return outcome_series.begin_series(actor, patient_id, index_day, treatment)


def _faults(actor: Actor, patient: Patient, index_day: date, treatment: Treatment) -> dict[str, str]:
    faults = {}
    if treatment.kind not in KINDS:
        faults["kind"] = "treatment_needed"
    if treatment.start not in outcomes.known().starts:
        faults["start"] = "reason_needed"
    elif outcomes.known().starts[treatment.start].needs_note and not treatment.note:
        faults["note"] = "note_needed"
    if index_day > today(actor.site_id):
        faults["index_day"] = "future_date"
    elif patient.birth_date and index_day < patient.birth_date:
        faults["index_day"] = "before_birth"
    if treatment.surgeon_id not in {row.id for row in surgeons(actor)}:
        faults["surgeon"] = "surgeon_needed"
    return faults | (_operation_faults(treatment) if treatment.kind == PROCEDURE else {})


def _operation_faults(treatment: Treatment) -> dict[str, str]:
    known = knowledge.load()
    procedure = next((one for one in known.procedures if one.id == treatment.procedure and one.kind == PROCEDURE), None)
    if procedure is None:
        return {"procedure": "procedure_needed"}
    faults = {}
    levels = treatment.level.split(REACH) if treatment.level else []
    if not set(levels) <= set(known.levels) or (procedure.needs_level and not levels):
        faults["level"] = "level_needed"
    if treatment.side not in SIDES and (treatment.side or procedure.needs_side):
        faults["side"] = "side_needed"
    return faults


def surgeons(actor: Actor) -> Sequence[Staff]:
    """Return everybody who is or was a surgeon at the site, by name."""
    granted = select(Grant.staff_id).where(Grant.site_id == actor.site_id, Grant.role == "surgeon")
    return session.scalars(select(Staff).where(Staff.id.in_(granted)).order_by(Staff.name, Staff.id)).all()
