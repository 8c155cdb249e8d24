"""What people say against a rule: feedback with its answer, and the reasons for which they chose another way."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import aliased, joinedload

from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused
from triage.models import (
    Emergency,
    EmergencyWithdrawal,
    Encounter,
    RuleFeedback,
    RuleFeedbackAnswer,
    StageChange,
    TriageDecision,
)
from triage.services import agreement, encounters, rulesets
from triage.services.audit import lock_site, record, record_read

#: Entries on one page of a list.
PAGE = 50


def may_read_words(actor: Actor) -> bool:
    """Tell whether the actor may read what was written: it can tell of a patient, so it is for care and the lead."""
    return actor.may("patients:open") or actor.may("feedback:answer")


def known_rules(actor: Actor) -> set[str]:
    """Return the ids of the rules in force, the default and the restrictions among them."""
    ruleset = rulesets.in_force(actor.site_id).ruleset
    return {rule.id for rule in (*ruleset.rules, ruleset.default, *(one.rule for one in ruleset.restrictions))}


@verb
def give_feedback(actor: Actor, encounter_id: str, rule: str, text: str) -> str:
    """Keep somebody's word that a rule is wrong at this patient, with the rule's version, and return its id.

    Raises NotAllowed, NotFound for a rule that is not in force or a patient who is not visible, Refused without words.
    """
    if not actor.may("triage:decide"):
        raise NotAllowed("only_care_decides")
    encounter = encounters.get(actor, encounter_id)
    if rule not in known_rules(actor):
        raise NotFound("rule")
    if not text.strip():
        raise Refused("note_needed")
    now = rulesets.in_force(actor.site_id).ruleset
    feedback = RuleFeedback(
        site_id=encounter.site_id, encounter_id=encounter.id, at=clock.now(), staff_id=actor.staff_id, rule=rule,
        text=text.strip(), ruleset=now.version, ruleset_hash=now.hash,
    )  # fmt: skip
    session.add(feedback)
    session.flush()
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "rule_feedback_given", **ids, feedback=feedback.id, rule=rule)
    return feedback.id


@verb
def answer(actor: Actor, feedback_id: str, text: str) -> str:
    """Keep the clinical lead's answer and return the rule; raises Conflict when somebody has answered already."""
    if not actor.may("feedback:answer"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)  # of two who answer at once, one is told so
    feedback = get_feedback(actor, feedback_id)
    if not text.strip():
        raise Refused("note_needed")
    if feedback.answer is not None:
        raise Conflict("already_answered")
    session.add(RuleFeedbackAnswer(feedback_id=feedback.id, at=clock.now(), staff_id=actor.staff_id, text=text.strip()))
    record(actor, "rule_feedback_answered", feedback=feedback.id, rule=feedback.rule)
    return feedback.rule


def get_feedback(actor: Actor, feedback_id: str) -> RuleFeedback:
    """Return a feedback of the actor's site with its answer; raises NotFound otherwise."""
    query = select(RuleFeedback).where(RuleFeedback.id == feedback_id, RuleFeedback.site_id == actor.site_id)
    feedback = session.scalar(query.options(joinedload(RuleFeedback.answer)))
    if feedback is None:
        raise NotFound("feedback")
    return feedback


def list_feedback(actor: Actor, rule: str, page: int = 0) -> Sequence[RuleFeedback]:
    """Return a page of what was said at the site against a rule, newest first, with who said and answered it."""
    query = select(RuleFeedback).where(RuleFeedback.site_id == actor.site_id, RuleFeedback.rule == rule)
    loaded = query.options(
        joinedload(RuleFeedback.staff), joinedload(RuleFeedback.answer).joinedload(RuleFeedbackAnswer.staff)
    )
    return session.scalars(
        loaded.order_by(RuleFeedback.at.desc(), RuleFeedback.id).offset(page * PAGE).limit(PAGE)
    ).all()


def list_overrides(actor: Actor, rule: str, page: int = 0) -> Sequence[TriageDecision]:
    """Return a page of the site's decisions for another way than suggested where the rule had fired, newest first."""
    query = (
        select(TriageDecision)
        .join(Encounter, Encounter.id == TriageDecision.encounter_id)
        .where(
            TriageDecision.accepted.is_(False),
            Encounter.site_id == actor.site_id,
            agreement.names(TriageDecision.suggestion, rule),
            ~_undone(),
        )
        .options(joinedload(TriageDecision.staff))
        .order_by(TriageDecision.at.desc(), TriageDecision.id)
    )
    return session.scalars(query.offset(page * PAGE).limit(PAGE)).all()


def _undone() -> ColumnElement[bool]:
    """Return the condition that a decision was recalled: no other decision stands between it and the recall."""
    between = aliased(TriageDecision)
    another = select(between.id).where(
        between.encounter_id == TriageDecision.encounter_id,
        between.at > TriageDecision.at,
        between.at <= StageChange.at,
    )
    recall = select(StageChange.id).where(
        StageChange.encounter_id == TriageDecision.encounter_id,
        StageChange.step == "recall",
        StageChange.at >= TriageDecision.at,
        ~another.correlate(TriageDecision, StageChange).exists(),
    )
    return recall.correlate(TriageDecision).exists()


def list_withdrawn(actor: Actor, rule: str) -> Sequence[EmergencyWithdrawal]:
    """Return the newest emergencies of this rule that two people took back, with their reason."""
    query = (
        select(EmergencyWithdrawal)
        .join(EmergencyWithdrawal.emergency)
        .where(
            Emergency.site_id == actor.site_id,
            EmergencyWithdrawal.agreed.is_(True),
            cast(Emergency.rules, Text).contains(f'"{rule}"', autoescape=True),
        )
        .options(joinedload(EmergencyWithdrawal.proposer))
        .order_by(EmergencyWithdrawal.decided_at.desc())
    )
    return session.scalars(query.limit(PAGE)).all()


def note_reading(actor: Actor, rule: str, found: int) -> None:
    """Record that somebody read what was written about patients under a rule."""
    record_read(actor, "rule_words_read", rule=rule, found=found)


def count_open(actor: Actor) -> dict[str, int]:
    """Return how many feedbacks wait for an answer, by rule."""
    query = (
        select(RuleFeedback.rule, func.count())
        .outerjoin(RuleFeedbackAnswer, RuleFeedbackAnswer.feedback_id == RuleFeedback.id)
        .where(RuleFeedback.site_id == actor.site_id, RuleFeedbackAnswer.id.is_(None))
    )
    return dict(row for row in session.execute(query.group_by(RuleFeedback.rule)))
