"""Who was asked to come back has come: the new visit keeps the place of the first arrival, the return is settled."""

from sqlalchemy import bindparam, select

from triage import clock
from triage.db import read_one, session
from triage.domain import comeback
from triage.domain.access import Actor
from triage.models import Encounter, ReturnVisit
from triage.prepared import Prepared
from triage.services.audit import record

#: At most one row stands, by an index of its own; asked at every check-in.
_EXPECTED = Prepared(
    select(ReturnVisit.id).where(
        ReturnVisit.site_id == bindparam("site"),
        ReturnVisit.patient_id == bindparam("patient"),
        ReturnVisit.status == comeback.EXPECTED,
    )
)


def receive(actor: Actor, encounter: Encounter) -> None:
    """Settle the patient's return inside a verb, whatever day it was for; what was known then is asked anew."""
    known = read_one(_EXPECTED, site=encounter.site_id, patient=encounter.patient_id)
    row = session.get_one(ReturnVisit, known) if known else None
    if row is None or row.at > encounter.arrived_at:  # an arrival from paper may lie before the patient was sent home
        return
    row.status, row.came_id, row.ended_at = comeback.CAME, encounter.id, clock.now()
    row.updated_by, row.updated_at = actor.name, clock.entered()
    encounter.first_arrived_at = row.first_arrived_at
    record(actor, "came_back", patient_id=encounter.patient_id, encounter_id=encounter.id, **{"return": row.id})
