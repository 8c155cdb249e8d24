"""What stands on a visit of the calls to its patient, inside other use cases; the visit's version stays as it is."""

from datetime import datetime
from typing import Any

from sqlalchemy import update

from triage.db import session
from triage.domain.calling import GONE, MEETS, MET
from triage.domain.lifecycle import CLOSED
from triage.models import Call, Encounter


def note(encounter: Encounter, **values: Any) -> None:
    """Write columns of the visit with no new version: the sheet that a colleague has open does not become stale."""
    session.execute(update(Encounter).where(Encounter.id == encounter.id).values(**values))


def settle(encounter: Encounter, step: str, at: datetime) -> None:
    """End what a step of the visit answers by itself: the patient was seen, or has gone; the room is free again."""
    if step not in MEETS and encounter.stage not in CLOSED:
        return
    if encounter.call_state:
        still = (Call.encounter_id == encounter.id, Call.ended_at.is_(None))
        outcome = GONE if encounter.stage in CLOSED else MET
        session.execute(update(Call).where(*still).values(ended_at=at, outcome=outcome))
    if encounter.call_state or encounter.room_id:
        note(encounter, call_state="", call_count=0, called_at=None, room_id=None)
