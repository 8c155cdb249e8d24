"""The emergency as people work on it: raised by anybody, acknowledged, transferred, taken back only by two people."""

from datetime import datetime

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import transfers
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, Refused
from triage.models import Emergency, EmergencyWithdrawal, Encounter
from triage.services import late
from triage.services.audit import record
from triage.services.encounters import check_version, for_writing, move, touch
from triage.services.pins import (
    EMERGENCY_LEVEL,
    find_latest,
    find_open,
    find_proposal,
    find_withdrawal,
    fired_by,
    list_open,
    name_of,
    pin,
    pin_by_rules,
    quiet_rules,
    rules_at_rest,
    void_proposal,
    withdrawn_rules,
)

__all__ = [
    "EMERGENCY_LEVEL", "acknowledge", "answer_for", "decide_withdrawal", "find_latest", "find_open", "find_proposal",
    "find_withdrawal", "fired_by", "list_open", "name_of", "pin", "pin_by_rules", "propose_withdrawal", "quiet_rules",
    "raise_", "record_step", "rules_at_rest", "withdrawn_rules",
]  # fmt: skip


@verb
def raise_(actor: Actor, encounter_id: str, note: str = "") -> None:
    """Raise to emergency. Nothing blocks it: no unanswered question, no empty field, no foreign claim, no old page."""
    pin(actor, for_writing(actor, encounter_id), "raised", note.strip())


def _working(actor: Actor, encounter_id: str) -> tuple[Encounter, Emergency]:
    if not actor.may("emergencies:work"):
        raise NotAllowed("only_care_decides")
    encounter = for_writing(actor, encounter_id)
    emergency = find_open(encounter)
    if emergency is None:
        raise Conflict("no_open_emergency")
    late.check(emergency.opened_at)
    return encounter, emergency


@verb
def acknowledge(actor: Actor, encounter_id: str) -> None:
    """Answer for the emergency by name; the first one stays, a second press changes nothing."""
    encounter, emergency = _working(actor, encounter_id)
    _acknowledge(actor, encounter, emergency)


def answer_for(actor: Actor, encounter: Encounter) -> None:
    """Answer for the encounter's open emergency by name inside a verb; raises Conflict where there is none."""
    emergency = find_open(encounter)
    if emergency is None:
        raise Conflict("no_open_emergency")
    _acknowledge(actor, encounter, emergency)


def _acknowledge(actor: Actor, encounter: Encounter, emergency: Emergency) -> None:
    if emergency.acknowledged_at is not None:
        return
    emergency.acknowledged_at, emergency.acknowledged_by = clock.now(), actor.staff_id
    touch(actor, emergency)
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "emergency_acknowledged", **ids, emergency=emergency.id)


@verb
def record_step(
    actor: Actor, encounter_id: str, step: str, hospital: str = "", version: int | None = None,
    at: datetime | None = None,
) -> None:  # fmt: skip
    """Note that the receiving hospital was called, has accepted, or that the patient has left; leaving ends the visit.

    ``at`` corrects the time, or sets it back from now. Whoever works on it has acknowledged it. Raises Stale where an
    old page would overwrite a time or the hospital, Refused for a missing hospital or an impossible time.
    """
    encounter, emergency = _working(actor, encounter_id)
    hospital = _hospital(emergency, step, hospital)
    noted = _times(emergency)
    if noted[step] is not None and at is None and hospital == emergency.hospital:
        return  # the same press a second time
    if noted[step] is not None or emergency.hospital not in ("", hospital):
        check_version(emergency, version or 0)
    moment = at or clock.now()
    code = transfers.refusal(step, moment, noted, encounter.arrived_at, clock.now())
    if code:
        raise Refused(code)
    _note_step(emergency, step, hospital, moment)
    touch(actor, emergency)
    record(
        actor, "emergency_step_recorded", patient_id=encounter.patient_id, encounter_id=encounter.id,
        emergency=emergency.id, step=step, at=moment.isoformat(), hospital=hospital,
    )  # fmt: skip
    _acknowledge(actor, encounter, emergency)
    if step == "left":
        _end(actor, encounter, emergency, "left")
        move(actor, encounter, "leave_for_hospital")


def _hospital(emergency: Emergency, step: str, chosen: str) -> str:
    hospital = (chosen if step == "called" else "") or emergency.hospital
    if step == "called" and hospital not in {known.id for known in knowledge.load().hospitals}:
        raise Refused("hospital_needed")
    return hospital


def _times(emergency: Emergency) -> dict[str, datetime | None]:
    return {"called": emergency.called_at, "accepted": emergency.accepted_at, "left": emergency.left_at}


def _note_step(emergency: Emergency, step: str, hospital: str, at: datetime) -> None:
    if hospital != emergency.hospital:
        emergency.accepted_at = None  # another hospital has not accepted yet
    emergency.hospital = hospital
    setattr(emergency, f"{step}_at", at)


def _end(actor: Actor, encounter: Encounter, emergency: Emergency, outcome: str) -> None:
    void_proposal(actor, encounter, emergency)
    emergency.closed_at, emergency.outcome = clock.now(), outcome
    touch(actor, emergency)


@verb
def propose_withdrawal(actor: Actor, encounter_id: str, reason: str) -> None:
    """Propose to take the emergency back, with a reason; until a second person agrees it stays one."""
    encounter, emergency = _withdrawing(actor, encounter_id)
    if not reason.strip():
        raise Refused("note_needed")
    if find_proposal(emergency):
        raise Conflict("withdrawal_pending")
    session.add(
        EmergencyWithdrawal(
            emergency_id=emergency.id, reason=reason.strip(), proposed_by=actor.staff_id, proposed_at=clock.now(),
            updated_by=actor.name, updated_at=clock.now(),
        )
    )  # fmt: skip
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "emergency_withdrawal_proposed", **ids, emergency=emergency.id, reason=reason.strip())


def _withdrawing(actor: Actor, encounter_id: str) -> tuple[Encounter, Emergency]:
    if not actor.may("emergencies:withdraw"):
        raise NotAllowed("only_care_decides")
    return _working(actor, encounter_id)


@verb
def decide_withdrawal(
    actor: Actor, encounter_id: str, agree: bool, proposal_id: str | None = None, version: int | None = None
) -> None:
    """Agree to the proposal, or refuse it, as a second nurse or surgeon; raises NotAllowed for who proposed it.

    ``proposal_id`` and ``version`` (the encounter's) are what the page showed: Stale or Conflict is raised where
    either changed, since nobody agrees to what they have not seen.
    """
    encounter, emergency = _withdrawing(actor, encounter_id)
    proposal = find_proposal(emergency)
    if proposal is None or proposal_id not in (None, proposal.id):
        raise Conflict("nothing_proposed")
    if not agree:
        void_proposal(actor, encounter, emergency)
        return
    if proposal.proposed_by == actor.staff_id:
        raise NotAllowed("same_person")
    check_version(encounter, version)
    proposal.decided_by, proposal.decided_at, proposal.agreed = actor.staff_id, clock.now(), True
    touch(actor, proposal)
    session.flush()  # decided, so that ending the emergency does not void it
    _end(actor, encounter, emergency, "withdrawn")
    _back_to_the_nurse(actor, encounter)
    record(
        actor, "emergency_withdrawn", patient_id=encounter.patient_id, encounter_id=encounter.id,
        emergency=emergency.id, reason=proposal.reason, proposed_by=proposal.proposed_by,
    )  # fmt: skip


def _back_to_the_nurse(actor: Actor, encounter: Encounter) -> None:
    encounter.reassess_at = encounter.worse_at = None
    encounter.acuity = encounter.route = None  # not lowered by this: a nurse has to triage again
    encounter.then_specialist = False
    move(actor, encounter, "withdraw_emergency")
