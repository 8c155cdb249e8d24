"""The queue board: who is here, in which order, since when, and who has whom open."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict
from triage.models import Change, Claim, Encounter, SiteHead
from triage.services.audit import record
from triage.services.encounters import for_writing


def list_encounters(actor: Actor, only: set[str] | None = None) -> list[Encounter]:
    """Return the site's open encounters (or those of ``only``) with patient and claim, in one query, unsorted."""
    query = select(Encounter).where(Encounter.visible_to(actor), Encounter.finished_at.is_(None))
    if only is not None:
        query = query.where(Encounter.id.in_(only))
    loaded = query.options(joinedload(Encounter.patient), joinedload(Encounter.claim).joinedload(Claim.staff))
    return list(session.scalars(loaded))


def revision(actor: Actor) -> int:
    """Return the number of the site's last change."""
    return session.scalar(select(SiteHead.revision).where(SiteHead.site_id == actor.site_id)) or 0


def changed_since(actor: Actor, seen: int) -> set[str]:
    """Return the ids of the encounters that changed after a revision."""
    query = select(Change.encounter_id).where(Change.site_id == actor.site_id, Change.revision > seen).distinct()
    return set(session.scalars(query))


@verb
def claim(actor: Actor, encounter_id: str) -> None:
    """Take the patient; raises Conflict naming who was faster. Taking one's own again renews it."""
    encounter = for_writing(actor, encounter_id)
    held = encounter.claim
    if held is not None and held.staff_id != actor.staff_id:
        raise Conflict("claimed_by_other", by=held.staff.name, since=f"{held.claimed_at:%H:%M} UTC")
    _take(actor, encounter, held)
    record(actor, "claimed", patient_id=encounter.patient_id, encounter_id=encounter.id)


@verb
def take_over(actor: Actor, encounter_id: str) -> None:
    """Take the patient from whoever has it; the lead nurse's way."""
    encounter = for_writing(actor, encounter_id)
    held = encounter.claim
    _take(actor, encounter, held)
    whose = held.staff_id if held else ""
    record(actor, "claim_taken_over", patient_id=encounter.patient_id, encounter_id=encounter.id, whose=whose)


@verb
def release(actor: Actor, encounter_id: str) -> None:
    """Give the patient back to the queue; raises Conflict when somebody else has it."""
    encounter = for_writing(actor, encounter_id)
    held = encounter.claim
    if held is None:
        raise Conflict("not_claimed")
    if held.staff_id != actor.staff_id and not actor.may("claims:take_over"):
        raise Conflict("claimed_by_other", by=held.staff.name, since=f"{held.claimed_at:%H:%M} UTC")
    session.delete(held)
    whose = held.staff_id
    record(actor, "claim_released", patient_id=encounter.patient_id, encounter_id=encounter.id, whose=whose)


def _take(actor: Actor, encounter: Encounter, held: Claim | None) -> None:
    at = clock.now()
    if held is None:
        held = Claim(encounter_id=encounter.id)
        session.add(held)
    if held.staff_id != actor.staff_id:
        held.claimed_at = at
    held.staff_id, held.active_at = actor.staff_id, at
