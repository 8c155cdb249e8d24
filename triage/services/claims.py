"""Claims: a patient is with one person at a time, as a lease. Taken, given back, handed over, taken over, undone.

A screen sends the lease that it showed (``seen``): who saw an older one is refused and shown the present.
"""

from datetime import timedelta

from triage import clock
from triage.db import session, verb
from triage.domain import leases
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.leases import LAPSES_AFTER
from triage.models import Claim, ClaimStep, Encounter
from triage.services import calls
from triage.services.audit import RENEWED_EVERY, record
from triage.services.colleagues import ACTIVE_WITHIN, find_active
from triage.services.encounters import for_writing, timeline
from triage.services.leases import give, last_number_of, restore, steps_of, taken


@verb
def claim(
    actor: Actor, encounter_id: str, lapses_after: timedelta = LAPSES_AFTER, seen: str | None = None
) -> ClaimStep | None:
    """Take the patient; raises Conflict naming who was faster. Taking one's own again renews it.

    A claim without activity for longer than ``lapses_after`` holds nobody up. Returns the step that undo names; None
    where the actor has the patient by another's act.
    """
    encounter = for_writing(actor, encounter_id, last_number_of(encounter_id))
    return take(actor, encounter, leases.CLAIMED, lapses_after, seen)


def take(
    actor: Actor, encounter: Encounter, act: str, lapses_after: timedelta, seen: str | None = None
) -> ClaimStep | None:
    """Take the patient inside a verb, as ``claim`` does."""
    held = encounter.claim
    if held is not None and held.staff_id == actor.staff_id:
        record(actor, "claimed", **_ids(encounter))  # which renews it
        step = session.get(ClaimStep, held.lease)
        return step if step is not None and step.staff_id == actor.staff_id else None
    if held is None:
        step = give(actor, encounter, actor.staff_id, act)
        record(actor, "claimed", **_ids(encounter))
        return step
    lapsed = leases.has_lapsed(held.active_at, clock.entered(), lapses_after)
    if not leases.may_take(held.staff_id, held.lease, seen, lapsed):
        raise taken(actor, held)
    return _take_over(actor, encounter, held, "")


@verb
def take_over(actor: Actor, encounter_id: str, reason: str, seen: str | None = None) -> ClaimStep | None:
    """Take the patient from whoever has it, with the reason; the lead nurse's way. The other one is told.

    Raises Refused without a reason, Conflict where somebody else has it than the screen showed.
    """
    encounter = for_writing(actor, encounter_id)
    if not reason.strip():
        raise Refused("note_needed")
    held = encounter.claim
    if held is None or held.staff_id == actor.staff_id:
        return take(actor, encounter, leases.CLAIMED, LAPSES_AFTER)
    if seen not in (None, held.lease):
        raise taken(actor, held)
    return _take_over(actor, encounter, held, reason.strip())


def _take_over(actor: Actor, encounter: Encounter, held: Claim, reason: str) -> ClaimStep:
    whose = held.staff_id
    step = give(actor, encounter, actor.staff_id, leases.TAKEN_OVER, reason, tell=whose)
    record(actor, "claim_taken_over", **_ids(encounter), whose=whose, reason=reason)
    return step


@verb
def release(actor: Actor, encounter_id: str, seen: str | None = None) -> ClaimStep:
    """Give the patient back to the queue; raises Conflict when somebody else has it, or took it anew."""
    encounter = for_writing(actor, encounter_id)
    held = _held(actor, encounter, seen)
    step = give(actor, encounter, None, leases.RELEASED, tell=held.staff_id)
    record(actor, "claim_released", **_ids(encounter), whose=step.from_staff_id)
    return step


@verb
def hand_over(
    actor: Actor, encounter_id: str, to_id: str, note: str = "", seen: str | None = None,
    active_within: timedelta = ACTIVE_WITHIN,
) -> ClaimStep:  # fmt: skip
    """Give the patient to a colleague who is at work now; the colleague is told, with the note.

    Raises Refused for somebody who is not at work, Conflict when somebody else has the patient.
    """
    encounter = for_writing(actor, encounter_id)
    held = _held(actor, encounter, seen)
    colleague = find_active(actor, encounter.stage, to_id, active_within)
    if colleague is None or to_id == held.staff_id:
        raise Refused("colleague_needed")
    unheard_of = clock.entered() - RENEWED_EVERY  # what the colleague does within this second is an act since, too
    step = give(actor, encounter, to_id, leases.HANDED_OVER, note.strip(), tell=to_id, active_at=unheard_of)
    record(actor, "claim_handed_over", **_ids(encounter), whose=step.from_staff_id, to=to_id, note=note.strip())
    return step


def _held(actor: Actor, encounter: Encounter, seen: str | None) -> Claim:
    """Return the claim that this person may give away, if it is the one the screen showed."""
    held = encounter.claim
    if held is None:
        raise Conflict("not_claimed")
    mine = held.staff_id == actor.staff_id or actor.may("claims:take_over")
    if not mine or seen not in (None, held.lease):
        raise taken(actor, held)
    return held


@verb
def undo(actor: Actor, encounter_id: str, step_id: str) -> None:
    """Take back one's own last act upon the claim within 10 minutes: the patient is with whom it was before.

    Raises Conflict where it is too late, or where somebody has acted since.
    """
    encounter = for_writing(actor, encounter_id)
    steps = steps_of(encounter)
    step = next((step for step in steps if step.id == step_id), None)
    if step is None:
        raise NotFound("claim")
    refusal = _refusal(actor, encounter, step, steps[0])
    if refusal:
        raise Conflict(refusal, by=_who_acted(encounter, step, steps[0]))
    restore(actor, encounter, step)
    if step.act == leases.CALLED:
        calls.withdraw(actor, encounter)
    record(actor, "claim_undone", **_ids(encounter), act=step.act, whose=step.to_staff_id or step.from_staff_id)


def _refusal(actor: Actor, encounter: Encounter, step: ClaimStep, last: ClaimStep) -> str:
    held = encounter.claim
    other = held is not None and held.staff_id != actor.staff_id
    later = last is not step or encounter.stage_since > step.at
    act = leases.Act(step.act, step.staff_id, step.at)
    return leases.undo_refusal(act, actor.staff_id, clock.entered(), later, held.active_at if held and other else None)


def _who_acted(encounter: Encounter, step: ClaimStep, last: ClaimStep) -> str:
    if last is not step:
        return last.staff.name
    if encounter.stage_since > step.at:
        return timeline(encounter)[-1].by
    return encounter.claim.staff.name if encounter.claim else encounter.updated_by


def _ids(encounter: Encounter) -> dict[str, str]:
    return {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
