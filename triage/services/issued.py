"""Numbers by which others know a patient: an insurer, a referring hospital."""

from collections.abc import Mapping

from sqlalchemy import select

from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import Invalid
from triage.models import Patient, PatientIdentifier


def write(actor: Actor, patient: Patient, identifiers: Mapping[str, str]) -> None:
    """Add inside a verb the numbers that are known; raises Invalid for one that another record bears."""
    for issuer, value in identifiers.items():
        if not value:
            continue
        same = select(PatientIdentifier.id).where(
            PatientIdentifier.organisation_id == actor.organisation_id,
            PatientIdentifier.issuer == issuer,
            PatientIdentifier.value == value,
        )
        if session.scalar(same):
            raise Invalid(**{issuer: "number_taken"})
        session.add(
            PatientIdentifier(organisation_id=actor.organisation_id, patient_id=patient.id, issuer=issuer, value=value)
        )


def change(actor: Actor, patient: Patient, identifiers: Mapping[str, str]) -> dict[str, str]:
    """Change inside a verb the numbers that differ, and return those; raises Invalid as ``write`` does."""
    changed = {issuer: value for issuer, value in identifiers.items() if patient.identifier(issuer) != value}
    for row in [row for row in patient.identifiers if row.issuer in changed]:
        patient.identifiers.remove(row)
        session.delete(row)
    session.flush()
    write(actor, patient, changed)
    return changed
