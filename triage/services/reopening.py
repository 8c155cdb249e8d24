"""Opening a visit again, within a verb, where it stood before it ended beside its way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from triage.db import session
from triage.domain import calling, leases, leaving, lifecycle
from triage.domain.access import Actor
from triage.domain.errors import Conflict
from triage.models import Encounter, ImagingOrder
from triage.services.call_state import note as note_call
from triage.services.encounters import move, touch
from triage.services.leases import claim_of, restore, steps_of
from triage.services.orders import orders_of


def standing(encounter: Encounter) -> dict[str, Any]:
    """Return where a visit stands, to open it there again."""
    called = encounter.called_at.isoformat() if encounter.called_at else None
    held = claim_of(encounter)
    return {
        "stage": encounter.stage, "stage_since": encounter.stage_since.isoformat(), "room": encounter.room_id,
        "calls": encounter.call_count, "called_at": called, "holder": held.staff_id if held else None,
    }  # fmt: skip


def refuse_second_visit(encounter: Encounter) -> None:
    """Raise Conflict with the ticket where the patient was checked in anew meanwhile."""
    here = select(Encounter).where(
        Encounter.site_id == encounter.site_id, Encounter.patient_id == encounter.patient_id,
        Encounter.finished_at.is_(None),
    )  # fmt: skip
    second = session.scalar(here)
    if second is not None:
        raise Conflict("already_open", ticket=second.ticket, encounter=second.id)


def open_again(actor: Actor, encounter: Encounter, before: Mapping[str, Any], ended: datetime) -> None:
    """Open a visit that was ended at ``ended`` where it stood: imaging is asked for again, calls count again.

    Whoever had the patient has the patient again.
    """
    encounter.finished_at, encounter.outcome = None, ""
    move(actor, encounter, leaving.RETURNS[before["stage"]])
    encounter.stage_since = datetime.fromisoformat(before["stage_since"])  # waiting went on meanwhile
    session.flush()
    for order in orders_of(encounter):
        since = order.ended_at is not None and order.ended_at >= ended
        if order.status == "cancelled" and order.reason == leaving.LEFT and since:
            _reopen(actor, order)
    if before["called_at"]:
        called = datetime.fromisoformat(before["called_at"])
        note_call(encounter, call_state=calling.NO_ANSWER, call_count=before["calls"], called_at=called)
    note_call(encounter, room_id=before["room"])
    _give_back(actor, encounter, before.get("holder"))


def _give_back(actor: Actor, encounter: Encounter, holder: str | None) -> None:
    last = next(iter(steps_of(encounter)), None) if holder else None
    if last is not None and last.act == leases.ENDED and last.from_staff_id == holder:
        restore(actor, encounter, last)


def _reopen(actor: Actor, order: ImagingOrder) -> None:
    step = "reopen_order" if order.ordered_by else "reopen_request"
    order.status, order.reason, order.ended_at = lifecycle.imaging_after(step, order.status), "", None
    touch(actor, order)
