"""Somebody who was added on the telephone: checked on arrival."""

from triage.db import session, verb
from triage.domain.access import Actor
from triage.services import encounters, lookup, patients
from triage.services.audit import lock_site, record


@verb
def verify(actor: Actor, patient_id: str) -> None:
    """Note that somebody has checked who the patient is; a second press changes nothing."""
    lock_site(session(), actor.site_id)
    patient = patients.get(actor, patient_id)
    if patient.unverified:
        patient.unverified = False
        encounters.touch(actor, patient)
        visit = lookup.here(actor, [patient.id]).get(patient.id)
        record(actor, "patient_verified", patient_id=patient.id, encounter_id=visit.id if visit else None)
