"""The emergency: pinned at once by anybody or by the rules, worked through, and taken back only by two people."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, Refused
from triage.domain.suggestion import Suggestion
from triage.models import Emergency, EmergencyWithdrawal, Encounter, Staff
from triage.services.audit import record
from triage.services.encounters import check_version, for_writing, move, touch

#: The times of a transfer, in order, and the column each is kept in.
STEPS = {"called": "called_at", "accepted": "accepted_at", "left": "left_at"}
EMERGENCY_LEVEL = 2


def find_open(encounter: Encounter) -> Emergency | None:
    """Return the encounter's open emergency with who acknowledged it, or None."""
    query = select(Emergency).where(Emergency.encounter_id == encounter.id, Emergency.closed_at.is_(None))
    return session.scalar(query.options(joinedload(Emergency.acknowledger)))


def find_proposal(emergency: Emergency) -> EmergencyWithdrawal | None:
    """Return the undecided proposal to take this emergency back, or None."""
    query = select(EmergencyWithdrawal).where(
        EmergencyWithdrawal.emergency_id == emergency.id, EmergencyWithdrawal.decided_at.is_(None)
    )
    return session.scalar(query.options(joinedload(EmergencyWithdrawal.proposer)))


def list_open(actor: Actor) -> Sequence[Emergency]:
    """Return the site's open emergencies, oldest first, with their patients."""
    query = (
        select(Emergency)
        .join(Emergency.encounter)
        .where(Emergency.closed_at.is_(None), Encounter.visible_to(actor))
        .options(joinedload(Emergency.encounter).joinedload(Encounter.patient), joinedload(Emergency.acknowledger))
    )
    return session.scalars(query.order_by(Emergency.opened_at)).all()


def name_of(staff_id: str | None) -> str:
    """Return a staff member's name, "" for nobody."""
    staff = session.get(Staff, staff_id) if staff_id else None
    return staff.name if staff else ""


def rules_at_rest(encounter: Encounter) -> set[str]:
    """Return the ids of the rules on which the open emergency rests; empty when there is none."""
    emergency = find_open(encounter)
    return set(emergency.rules) if emergency else set()


def pin_by_rules(actor: Actor, encounter: Encounter, suggestion: Suggestion) -> None:
    """Pin the encounter because emergency rules fired; rules that two people took back do not fire again alone."""
    fired = fired_by(suggestion)
    new = [rule for rule in fired if rule not in withdrawn_rules(encounter)]
    emergency = find_open(encounter)
    if emergency is not None:
        emergency.rules = sorted({*emergency.rules, *fired})
    elif new:
        _pin(actor, encounter, "rules", fired, "", suggestion.level)


def fired_by(suggestion: Suggestion) -> list[str]:
    """Return the ids of the emergency rules among the suggestion's reasons."""
    alarming = {rule.id for rule in knowledge.load().ruleset.rules if rule.level <= EMERGENCY_LEVEL}
    return [reason.rule for reason in suggestion.reasons if reason.rule in alarming]


def withdrawn_rules(encounter: Encounter) -> set[str]:
    """Return the ids of the rules that two people took back during this encounter."""
    query = select(Emergency.rules).where(Emergency.encounter_id == encounter.id, Emergency.outcome == "withdrawn")
    return {rule for rules in session.scalars(query) for rule in rules}


def pin(actor: Actor, encounter: Encounter, cause: str, note: str = "") -> None:
    """Pin the encounter inside a verb, unless it already is."""
    if find_open(encounter) is None:
        _pin(actor, encounter, cause, [], note, EMERGENCY_LEVEL)


def _pin(actor: Actor, encounter: Encounter, cause: str, rules: list[str], note: str, level: int) -> None:
    at = clock.now()
    encounter.acuity = min(level, encounter.acuity or EMERGENCY_LEVEL, EMERGENCY_LEVEL)
    encounter.route = "emergency_specialist"
    move(actor, encounter, "raise_emergency")
    emergency = Emergency(
        site_id=encounter.site_id, encounter_id=encounter.id, opened_at=at, opened_by=actor.staff_id, cause=cause,
        rules=rules, note=note, updated_by=actor.name, updated_at=at,
    )  # fmt: skip
    session.add(emergency)
    session.flush()
    record(
        actor, "emergency_opened", patient_id=encounter.patient_id, encounter_id=encounter.id,
        emergency=emergency.id, cause=cause, rules=rules, note=note,
    )  # fmt: skip


@verb
def raise_(actor: Actor, encounter_id: str, note: str = "") -> None:
    """Raise to emergency. Nothing blocks it: no unanswered question, no empty field, no foreign claim, no old page."""
    encounter = for_writing(actor, encounter_id)
    if find_open(encounter) is None:
        pin(actor, encounter, "raised", note.strip())
    else:
        record(
            actor, "emergency_opened", patient_id=encounter.patient_id, encounter_id=encounter.id,
            emergency="already open", cause="raised", rules=[], note=note.strip(),
        )  # fmt: skip


def _working(actor: Actor, encounter_id: str) -> tuple[Encounter, Emergency]:
    encounter = for_writing(actor, encounter_id)
    emergency = find_open(encounter)
    if emergency is None:
        raise Conflict("no_open_emergency")
    return encounter, emergency


@verb
def acknowledge(actor: Actor, encounter_id: str) -> None:
    """Answer for the emergency by name; the first one stays, a second press changes nothing."""
    encounter, emergency = _working(actor, encounter_id)
    if emergency.acknowledged_at is None:
        emergency.acknowledged_at, emergency.acknowledged_by = clock.now(), actor.staff_id
        touch(actor, emergency)
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "emergency_acknowledged", **ids, emergency=emergency.id)


@verb
def record_step(actor: Actor, encounter_id: str, step: str, hospital: str = "", version: int | None = None) -> None:
    """Note that the receiving hospital was called, has accepted, or that the patient has left; leaving ends the visit."""
    encounter, emergency = _working(actor, encounter_id)
    check_version(emergency, version)
    hospital = hospital or emergency.hospital
    if hospital not in {known.id for known in knowledge.load().hospitals}:
        raise Refused("hospital_needed")
    emergency.hospital = hospital
    setattr(emergency, STEPS[step], clock.now())
    touch(actor, emergency)
    record(
        actor, "emergency_step_recorded", patient_id=encounter.patient_id, encounter_id=encounter.id,
        emergency=emergency.id, step=step, at=clock.now().isoformat(), hospital=hospital,
    )  # fmt: skip
    if step == "left":
        emergency.closed_at, emergency.outcome = clock.now(), "left"
        move(actor, encounter, "leave_for_hospital")


@verb
def propose_withdrawal(actor: Actor, encounter_id: str, reason: str) -> None:
    """Propose to take the emergency back, with a reason; until a second person agrees it stays one."""
    encounter, emergency = _working(actor, encounter_id)
    if not reason.strip():
        raise Refused("note_needed")
    if find_proposal(emergency):
        raise Conflict("withdrawal_pending")
    session.add(
        EmergencyWithdrawal(
            emergency_id=emergency.id, reason=reason.strip(), proposed_by=actor.staff_id, proposed_at=clock.now()
        )
    )
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "emergency_withdrawal_proposed", **ids, emergency=emergency.id, reason=reason.strip())


@verb
def decide_withdrawal(actor: Actor, encounter_id: str, agree: bool) -> None:
    """Agree to the proposal, or refuse it, as a second nurse or surgeon; raises NotAllowed for who proposed it."""
    encounter, emergency = _working(actor, encounter_id)
    proposal = find_proposal(emergency)
    if proposal is None:
        raise Conflict("nothing_proposed")
    if agree and proposal.proposed_by == actor.staff_id:
        raise NotAllowed("same_person")
    proposal.decided_by, proposal.decided_at, proposal.agreed = actor.staff_id, clock.now(), agree
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    if not agree:
        record(actor, "emergency_withdrawal_refused", **ids, emergency=emergency.id, reason=proposal.reason)
        return
    emergency.closed_at, emergency.outcome = clock.now(), "withdrawn"
    encounter.acuity = encounter.route = None  # not lowered by this: a nurse has to triage again
    move(actor, encounter, "withdraw_emergency")
    record(
        actor, "emergency_withdrawn", **ids, emergency=emergency.id, reason=proposal.reason,
        proposed_by=proposal.proposed_by,
    )  # fmt: skip
