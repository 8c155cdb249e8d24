"""The alarm inside other use cases: finding it, pinning the patient, adding what fired later."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import read_one, session
from triage.domain import gate
from triage.domain.access import Actor
from triage.domain.ruleset import Ruleset
from triage.domain.suggestion import Suggestion
from triage.models import Emergency, EmergencyWithdrawal, Encounter, Staff
from triage.prepared import Prepared
from triage.services.audit import record
from triage.services.encounters import move, touch
from triage.services.orders import cancel_imaging
from triage.services.reassessments import restart
from triage.services.rulesets import in_force

EMERGENCY_LEVEL = gate.EMERGENCY_LEVEL
_OPEN = (
    select(Emergency)
    .where(Emergency.encounter_id == bindparam("encounter"), Emergency.closed_at.is_(None))
    .options(joinedload(Emergency.acknowledger))
)
OPEN_ID = Prepared(
    select(Emergency.id).where(Emergency.encounter_id == bindparam("encounter"), Emergency.closed_at.is_(None)).limit(1)
)


def find_open(encounter: Encounter) -> Emergency | None:
    """Return the encounter's open emergency with who acknowledged it, or None."""
    return session.scalar(_OPEN, {"encounter": encounter.id})


def is_open(encounter: Encounter) -> bool:
    """Tell whether the encounter has an open emergency."""
    return read_one(OPEN_ID, encounter=encounter.id) is not None


def find_latest(encounter: Encounter) -> Emergency | None:
    """Return the encounter's latest emergency, open or closed, or None."""
    query = select(Emergency).where(Emergency.encounter_id == encounter.id).order_by(Emergency.opened_at.desc())
    return session.scalar(query.options(joinedload(Emergency.acknowledger)).limit(1))


def find_proposal(emergency: Emergency) -> EmergencyWithdrawal | None:
    """Return the undecided proposal to take this emergency back, or None."""
    query = select(EmergencyWithdrawal).where(
        EmergencyWithdrawal.emergency_id == emergency.id, EmergencyWithdrawal.decided_at.is_(None)
    )
    return session.scalar(query.options(joinedload(EmergencyWithdrawal.proposer)))


def find_withdrawal(encounter: Encounter) -> EmergencyWithdrawal | None:
    """Return how the encounter's latest withdrawn emergency was taken back, or None."""
    query = (
        select(EmergencyWithdrawal)
        .join(EmergencyWithdrawal.emergency)
        .where(Emergency.encounter_id == encounter.id, EmergencyWithdrawal.agreed.is_(True))
        .options(joinedload(EmergencyWithdrawal.proposer))
    )
    return session.scalar(query.order_by(EmergencyWithdrawal.decided_at.desc()).limit(1))


def list_open(actor: Actor) -> Sequence[Emergency]:
    """Return the site's open emergencies, oldest first, with their patients."""
    query = (
        select(Emergency)
        .where(Emergency.visible_to(actor), Emergency.closed_at.is_(None))
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


def fired_by(encounter: Encounter, suggestion: Suggestion) -> list[str]:
    """Return the ids of the emergency rules among the suggestion's reasons, by the rules in force at its site."""
    return alarms(in_force(encounter.site_id).ruleset, suggestion)


def alarms(rules: Ruleset, suggestion: Suggestion) -> list[str]:
    """Return the ids of the emergency rules among the suggestion's reasons, by these rules."""
    fired = [rules.by_id[reason.rule] for reason in suggestion.reasons if reason.rule in rules.by_id]
    return [rule.id for rule in fired if rule.level <= EMERGENCY_LEVEL]


def withdrawn_rules(encounter: Encounter) -> set[str]:
    """Return the ids of the rules that two people took back during this encounter."""
    query = select(Emergency.rules).where(Emergency.encounter_id == encounter.id, Emergency.outcome == "withdrawn")
    return {rule for rules in session.scalars(query) for rule in rules}


def quiet_rules(
    encounter: Encounter, suggestion: Suggestion, before: Mapping[str, object], after: Mapping[str, object]
) -> set[str]:
    """Return the rules that stay quiet: two people took them back, and no fact under them is new or has changed."""
    taken_back = withdrawn_rules(encounter)
    return {
        reason.rule
        for reason in suggestion.reasons
        if reason.rule in taken_back and gate.is_quiet(reason.facts, before, after)
    }


def pin_by_rules(actor: Actor, encounter: Encounter, suggestion: Suggestion, quiet: Collection[str] = ()) -> None:
    """Pin the encounter because emergency rules fired; the quiet ones alone do not ring again."""
    fired = fired_by(encounter, suggestion)
    news = [rule for rule in fired if rule not in quiet]
    emergency = find_open(encounter)
    if emergency is not None:
        _widen(actor, encounter, emergency, news, suggestion.level)
    elif news:
        _pin(actor, encounter, "rules", fired, "", suggestion.level)


def pin(actor: Actor, encounter: Encounter, cause: str, note: str = "", level: int = EMERGENCY_LEVEL) -> None:
    """Pin the encounter inside a verb; said again of an open emergency, it only ever gets more urgent."""
    emergency = find_open(encounter)
    if emergency is None:
        _pin(actor, encounter, cause, [], note, level)
    else:
        _raise_again(actor, encounter, emergency, note, level)


def void_proposal(actor: Actor, encounter: Encounter, emergency: Emergency) -> None:
    """End a pending proposal to take the emergency back: what it was based on no longer holds."""
    proposal = find_proposal(emergency)
    if proposal is None:
        return
    proposal.decided_by, proposal.decided_at, proposal.agreed = actor.staff_id, clock.now(), False
    touch(actor, proposal)
    record(
        actor, "emergency_withdrawal_refused", patient_id=encounter.patient_id, encounter_id=encounter.id,
        emergency=emergency.id, reason=proposal.reason,
    )  # fmt: skip


def _widen(actor: Actor, encounter: Encounter, emergency: Emergency, news: list[str], level: int) -> None:
    encounter.acuity = min(level, encounter.acuity or level, EMERGENCY_LEVEL)
    if set(news) <= set(emergency.rules):
        return
    emergency.rules = sorted({*emergency.rules, *news})
    touch(actor, emergency)
    void_proposal(actor, encounter, emergency)


def _raise_again(actor: Actor, encounter: Encounter, emergency: Emergency, note: str, level: int) -> None:
    encounter.acuity = min(level, encounter.acuity or level, EMERGENCY_LEVEL)
    if note:
        emergency.note = "\n".join(filter(None, (emergency.note, note)))
    touch(actor, emergency)
    touch(actor, encounter)
    void_proposal(actor, encounter, emergency)
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "emergency_raised_again", **ids, emergency=emergency.id, note=note)


def _pin(actor: Actor, encounter: Encounter, cause: str, rules: list[str], note: str, level: int) -> None:
    at = clock.now()
    encounter.acuity = min(level, encounter.acuity or EMERGENCY_LEVEL, EMERGENCY_LEVEL)
    encounter.route = gate.EMERGENCY_ROUTE
    restart(encounter)
    move(actor, encounter, "raise_emergency")
    cancel_imaging(actor, encounter, "emergency")
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
