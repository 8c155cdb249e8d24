"""A claim as it changes hands inside another use case: given with its step kept, ended with its stage, refused."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from triage import ahead, clock
from triage.db import read_one, session
from triage.domain import leases
from triage.domain.access import Actor
from triage.domain.errors import Conflict
from triage.models import Claim, ClaimStep, Encounter
from triage.prepared import Prepared
from triage.services.insertion import insert_row

_LAST_NUMBER = Prepared(select(func.max(ClaimStep.number)).where(ClaimStep.encounter_id == bindparam("encounter")))


def taken(actor: Actor, held: Claim) -> Conflict:
    """Return the refusal that names who has the patient, and since when on the site's clock."""
    since = held.claimed_at.astimezone(ZoneInfo(actor.time_zone))
    return Conflict("claimed_by_other", by=held.staff.name, since=f"{since:%H:%M}")


def find_holder(actor: Actor, encounter: Encounter, lapses_after: timedelta = leases.LAPSES_AFTER) -> Claim | None:
    """Return the claim of somebody else that still holds, or None."""
    held = encounter.claim
    if held is None or held.staff_id == actor.staff_id:
        return None
    return None if leases.has_lapsed(held.active_at, clock.entered(), lapses_after) else held


def give(
    actor: Actor, encounter: Encounter, to: str | None, act: str, note: str = "", tell: str | None = None,
    since: datetime | None = None, active_at: datetime | None = None,
) -> ClaimStep:  # fmt: skip
    """Put the patient into a person's hands (None: nobody's) inside a verb, and keep the step, whose id is the lease.

    ``tell`` is who has to hear of it. Changing the claim compares its lease with the one that was read.
    """
    held = claim_of(encounter)
    step = _keep(actor, encounter, held, to, act, note, tell if tell != actor.staff_id else None)
    if to is None:
        _drop(encounter)
        return step
    begun, active = since or step.at, active_at or step.at
    if held is None:
        values = {"staff_id": to, "lease": step.id, "claimed_at": begun, "active_at": active}
        held = insert_row(Claim, encounter_id=encounter.id, **values)
        set_committed_value(encounter, "claim", held)
    else:
        held.staff_id, held.lease, held.claimed_at, held.active_at = to, step.id, begun, active
    return step


def let_go(actor: Actor, encounter: Encounter, own: bool = False, tell: bool = False) -> None:
    """End the claim inside a verb with what it was for: the next one to work on the patient is somebody else.

    ``own``: only where the actor holds it. ``tell``: who holds it has to hear of it.
    """
    held = claim_of(encounter)
    if held is not None and (held.staff_id == actor.staff_id or not own):
        told = held.staff_id if tell and held.staff_id != actor.staff_id else None
        _keep(actor, encounter, held, None, leases.ENDED, "", told)
        _drop(encounter)


def restore(actor: Actor, encounter: Encounter, step: ClaimStep) -> None:
    """Give the patient back, inside a verb, to whom an act upon the claim took it from, as it was."""
    back_to, other = step.from_staff_id, {step.from_staff_id, step.to_staff_id} - {actor.staff_id, None}
    unheard = step.tell_staff_id is not None and step.told_at is None
    step.told_at = step.told_at or clock.entered()  # what is undone need not be told any more
    active_at = clock.entered() if back_to == actor.staff_id else step.from_active_at
    tell = None if unheard else next(iter(other), None)
    give(actor, encounter, back_to, leases.UNDONE, tell=tell, since=step.from_since, active_at=active_at)
    session.flush()


def claim_of(encounter: Encounter) -> Claim | None:
    """Return the claim as it was read with the encounter, under the site's lock; read now where it was not."""
    return encounter.claim if "claim" in vars(encounter) else session.get(Claim, encounter.id)


def _drop(encounter: Encounter) -> None:
    # In bulk: where the visit has ended the database has already dropped it, and that is no conflict.
    session.execute(delete(Claim).where(Claim.encounter_id == encounter.id))
    set_committed_value(encounter, "claim", None)


def _keep(
    actor: Actor, encounter: Encounter, held: Claim | None, to: str | None, act: str, note: str, tell: str | None
) -> ClaimStep:
    query, asked = last_number_of(encounter.id)
    before = (held.staff_id, held.claimed_at, held.active_at) if held is not None else (None, None, None)
    was = dict(zip(("from_staff_id", "from_since", "from_active_at"), before, strict=True))
    return insert_row(
        ClaimStep, site_id=encounter.site_id, encounter_id=encounter.id, number=(read_one(query, **asked) or 0) + 1,
        at=clock.entered(), staff_id=actor.staff_id, act=act, to_staff_id=to, note=note, tell_staff_id=tell, **was,
    )  # fmt: skip


def last_number_of(encounter_id: str) -> ahead.Question:
    """Return the question after the last step's number, for who is going to add one."""
    return _LAST_NUMBER, {"encounter": encounter_id}


def steps_of(encounter: Encounter) -> list[ClaimStep]:
    """Return the acts upon the encounter's claim, newest first, with the people in them."""
    query = select(ClaimStep).where(ClaimStep.encounter_id == encounter.id).order_by(ClaimStep.number.desc())
    people = (ClaimStep.staff, ClaimStep.giver, ClaimStep.taker)
    return list(session.scalars(query.options(*(joinedload(person) for person in people))))
