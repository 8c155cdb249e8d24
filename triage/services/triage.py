"""The decision of a nurse or surgeon: accept or override the suggestion, send the patient on, undo that for a while."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import gate, lifecycle
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, Refused
from triage.domain.findings import Answer, not_known_urgent, resolve, unanswered_urgent
from triage.domain.leases import LAPSES_AFTER
from triage.domain.referral import REFERRING
from triage.domain.suggestion import Suggestion
from triage.models import Encounter, TreatmentDecision, TriageDecision
from triage.services import answered, emergencies, intakes, organisations, pins, referrals, rulesets, tasks
from triage.services.advice import advise
from triage.services.audit import record
from triage.services.encounters import check_version, for_writing, move
from triage.services.insertion import insert_values
from triage.services.keeping import save
from triage.services.leases import find_holder, let_go, taken
from triage.services.orders import NOT_STARTED, cancel_imaging, orders_of, request_imaging
from triage.services.reassessments import restart
from triage.services.tasks import open_tasks

__all__ = [
    "Choice", "Situation", "closed", "decide", "decisions_of", "find_holder", "find_undo", "lacking", "open_tasks",
    "recall", "request_imaging", "situation", "suggested_modality",
]  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What was chosen: acuity level, route, modality for imaging, and why where it differs from the suggestion.

    ``without``: why the patient is referred to the surgeon although the referral is not complete.
    """

    acuity: int
    route: str
    modality: str = ""
    reason: str = ""
    note: str = ""
    not_known_reasons: dict[str, str] = field(default_factory=dict)
    without: str = ""


class Decided(NamedTuple):
    """The id of a decision, and the ticket of whom it is about."""

    id: str
    ticket: str


@dataclass(frozen=True)
class Situation:
    """What a decision is made on: the suggestion now, the question put to the gate, and what was already explained."""

    encounter: Encounter
    answers: Mapping[str, Answer]
    findings: dict[str, object]
    suggestion: Suggestion
    question: gate.Question
    explained: dict[str, str]


def situation(encounter: Encounter) -> Situation:
    """Return the state in which a route is asked for now."""
    answers, known = intakes.answers_of(encounter), knowledge.load()
    rules = rulesets.in_force(encounter.site_id)
    findings = resolve(rules, answers)
    suggestion = advise(rules.ruleset, findings, encounter.suggestion)
    fired = set(pins.alarms(rules.ruleset, suggestion))
    question = gate.Question(
        unanswered=unanswered_urgent(known, answers),
        not_known=not_known_urgent(known, answers),
        level=suggestion.level,
        route=suggestion.route,
        emergency_open=pins.is_open(encounter),
        emergency_withdrawn=not fired or fired <= emergencies.withdrawn_rules(encounter),
    )
    return Situation(encounter, answers, findings, suggestion, question, tasks.reasons_of(encounter))


def suggested_modality(suggestion: Suggestion) -> str:
    """Return the clinic's own modality among the suggested imaging, "" when it is not one of them."""
    on_site = [modality.id for modality in knowledge.load().modalities if modality.on_site]
    named = [modality for name in suggestion.imaging for modality in on_site if name.startswith(f"{modality}_")]
    return suggestion.route if suggestion.route in on_site else next(iter(named), "")


def closed(now: Situation, choice: Choice) -> gate.Reasons:
    """Return every reason why this choice is refused now; empty means the way is open."""
    written = {name for name, why in choice.not_known_reasons.items() if why.strip()}
    explained, lacks = tuple(written | {*now.explained}), lacking(now, choice.route)
    asked = gate.Asked(
        choice.acuity, choice.route, choice.modality, choice.reason, explained, lacks, choice.without
    )  # fmt: skip
    return gate.closed(now.question, asked)


def lacking(now: Situation, route: str) -> tuple[str, ...]:
    """Return the parts of the referral that are still missing for a route; none unless it leads to the surgeon."""
    return referrals.lacking(now.encounter, now.answers, route) if route in REFERRING else ()


@verb
def decide(
    actor: Actor, encounter_id: str, version: int, choice: Choice, lapses_after: timedelta = LAPSES_AFTER
) -> Decided:
    """Keep the decision with the suggestion it answers, send the patient on, and return what was decided for whom.

    Emergency is never refused. Raises Refused where the gate is closed, Conflict for a foreign claim or another stage,
    Stale for an old page: of two people who decide at once, one wins.
    """
    if not actor.may("triage:decide"):
        raise NotAllowed("only_care_decides")
    here, site = {"encounter": encounter_id}, {"site": actor.site_id}  # all that ``situation`` asks, before any write
    values = ((pins.OPEN_ID, here), (organisations.ZONE, site), (rulesets.NEWEST, site))
    more = (answered.question(encounter_id), (tasks.REASONS, here))
    encounter, choice = for_writing(actor, encounter_id, *more, values=values), _known_codes(choice)
    now = situation(encounter)
    if gate.is_emergency(choice.acuity, choice.route):
        return _decide_emergency(actor, encounter, choice, now)
    check_version(encounter, version)
    held = find_holder(actor, encounter, lapses_after)
    if held is not None:
        raise taken(actor, held)
    for code, params in closed(now, choice):
        raise Refused(code, **params)
    lifecycle.after(lifecycle.ROUTES[choice.route], encounter.stage)  # before anything is written
    why = {name: choice.not_known_reasons.get(name, "").strip() for name in now.question.not_known}
    tasks.create_tasks(actor, encounter, why)
    kept = _keep(actor, encounter, choice, now)
    _send_on(actor, encounter, choice)
    return Decided(kept, encounter.ticket)


def _known_codes(choice: Choice) -> Choice:
    known = knowledge.load()
    reasons = {reason.id for reason in known.override_reasons}
    modalities = {modality.id for modality in known.modalities if modality.on_site}
    modality = choice.route if choice.route in modalities else choice.modality
    return replace(
        choice,
        reason=choice.reason if choice.reason in reasons else "",
        modality=modality if modality in modalities else "",
    )


def _decide_emergency(actor: Actor, encounter: Encounter, choice: Choice, now: Situation) -> Decided:
    level = choice.acuity if choice.acuity in gate.LEVELS else gate.EMERGENCY_LEVEL
    level = min(level, encounter.acuity or gate.EMERGENCY_LEVEL, gate.EMERGENCY_LEVEL)
    if emergencies.find_open(encounter) is None or level < (encounter.acuity or gate.EMERGENCY_LEVEL):
        emergencies.pin(actor, encounter, "decided", choice.note.strip(), level)
    kept = replace(choice, acuity=level, route=gate.EMERGENCY_ROUTE, modality="")
    return Decided(_keep(actor, encounter, kept, now), encounter.ticket)


def _keep(actor: Actor, encounter: Encounter, choice: Choice, now: Situation) -> str:
    suggestion = now.suggestion
    accepted = (choice.acuity, choice.route) == (suggestion.level, suggestion.route)
    reason = "" if accepted else choice.reason
    lacks = "" if gate.is_emergency(choice.acuity, choice.route) else " ".join(lacking(now, choice.route))
    without = choice.without.strip() if lacks else ""
    decision = insert_values(
        TriageDecision, encounter_id=encounter.id, at=clock.now(), staff_id=actor.staff_id, acuity=choice.acuity,
        route=choice.route, modality=choice.modality or None, accepted=accepted, reason=reason,
        note=choice.note.strip(), suggestion=suggestion.as_dict(), findings=now.findings, ruleset=suggestion.ruleset,
        ruleset_hash=suggestion.ruleset_hash, referral_lacks=lacks, without=without,
    )  # fmt: skip
    kept: str = decision["id"]
    record(
        actor, "triage_decided", patient_id=encounter.patient_id, encounter_id=encounter.id, decision=kept,
        acuity=choice.acuity, route=choice.route, accepted=accepted, reason=reason, lacks=lacks, without=without,
    )  # fmt: skip
    return kept


def _send_on(actor: Actor, encounter: Encounter, choice: Choice) -> None:
    encounter.acuity, encounter.route = choice.acuity, choice.route
    restart(encounter)
    move(actor, encounter, lifecycle.ROUTES[choice.route])
    if encounter.stage == lifecycle.IMAGING:
        then_specialist = choice.route == "imaging_then_specialist"
        request_imaging(actor, encounter, choice.modality, choice.note.strip(), then_specialist)
    let_go(actor, encounter)
    save(encounter)


def decisions_of(encounter: Encounter) -> list[TriageDecision]:
    """Return the encounter's triage decisions, newest first, with who made them."""
    query = select(TriageDecision).where(TriageDecision.encounter_id == encounter.id)
    return list(session.scalars(query.options(joinedload(TriageDecision.staff)).order_by(TriageDecision.at.desc())))


def find_undo(encounter: Encounter) -> TriageDecision | None:
    """Return the routing that can still be undone, or None: too old, imaging has started, or a doctor has decided."""
    decision = next(iter(decisions_of(encounter)), None)
    if decision is None or encounter.stage not in lifecycle.STEPS["recall"]:
        return None
    young = gate.may_recall(decision.entered_at or decision.at, clock.entered())
    return decision if young and not _acted_on(encounter, decision) else None


def _acted_on(encounter: Encounter, decision: TriageDecision) -> bool:
    since = [order for order in orders_of(encounter) if order.requested_at >= decision.at]
    if any(order.status not in NOT_STARTED for order in since):
        return True
    doctors = select(TreatmentDecision.id).where(
        TreatmentDecision.encounter_id == encounter.id, TreatmentDecision.at >= decision.at
    )
    return session.scalar(doctors.limit(1)) is not None


@verb
def recall(actor: Actor, encounter_id: str, decision_id: str | None = None) -> None:
    """Undo the last routing within 10 minutes: imaging is called off, the patient waits for the nurse, not triaged.

    Raises Refused for an emergency, Conflict where it is too late, or where ``decision_id`` is no longer the last.
    """
    if not actor.may("triage:decide"):
        raise NotAllowed("only_care_decides")
    encounter = for_writing(actor, encounter_id)
    if encounter.stage == lifecycle.EMERGENCY:
        raise Refused("emergency_not_recalled")
    decision = find_undo(encounter)
    if decision is None or decision_id not in (None, decision.id):
        raise Conflict("recall_too_late")
    left = encounter.stage
    cancel_imaging(actor, encounter, "recalled")
    encounter.acuity = encounter.route = None  # untriaged stands above level 3 on the board: nobody waits longer by it
    encounter.reassess_at = encounter.worse_at = None
    encounter.then_specialist = False
    move(actor, encounter, "recall")
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "recalled", **ids, reason="", **{"from": left})
