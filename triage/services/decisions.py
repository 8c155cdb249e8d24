"""Signed decisions: signing one, amending one, reading them back; none is ever edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased, defer, joinedload

from triage import clock
from triage.db import session, verb
from triage.domain import lifecycle, operation, treatment
from triage.domain.access import Actor
from triage.domain.candidate import Candidate, Point
from triage.domain.candidates import candidates
from triage.domain.choice import COLUMNS, Choice, chosen
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused
from triage.domain.findings import not_known_urgent, resolve, unanswered_urgent
from triage.knowledge import Knowledge
from triage.models import Encounter, TreatmentAmendment, TreatmentDecision
from triage.services import followed, intakes, late, pathways, rulesets
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, earlier, get, touch
from triage.services.organisations import today

#: So long before its day a decision "not now" is on the surgeon's list.
AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Situation:
    """What a decision is made on: the clinic's knowledge, the findings, the candidates, what is urgent and open."""

    known: Knowledge
    findings: dict[str, object]
    candidates: tuple[Candidate, ...]
    unanswered: Sequence[str]
    not_known: Sequence[str]


def situation(encounter: Encounter) -> Situation:
    """Return what is known now, under the rules in force at the encounter's site."""
    known, answers = rulesets.in_force(encounter.site_id), intakes.answers_of(encounter)
    findings = resolve(known, answers)
    return Situation(
        known, findings, candidates(known.candidacy, findings), unanswered_urgent(known, answers),
        not_known_urgent(known, answers),
    )  # fmt: skip


def lacking(encounter: Encounter, choice: Choice, made_on: Situation | None = None) -> dict[str, str]:
    """Return what the choice still lacks: field name to message code. An emergency waits for no weighing."""
    made_on = made_on or situation(encounter)
    weighed = None if encounter.stage == lifecycle.EMERGENCY else made_on.candidates
    return treatment.lacking(made_on.known, choice, weighed, today(encounter.site_id))


def sign(actor: Actor, encounter: Encounter, choice: Choice, made_on: Situation) -> TreatmentDecision:
    """Append the decision inside a verb, with everything it was made on; raises Refused where something is lacking."""
    for code in lacking(encounter, choice, made_on).values():
        raise Refused(code)
    treatment.refuse_trial(made_on.known, choice, made_on.findings)
    choice = treatment.plain(made_on.known, choice, made_on.candidates)
    weighed = [candidate.kept() for candidate in made_on.candidates]
    decision = TreatmentDecision(
        encounter_id=encounter.id, at=clock.now(), staff_id=actor.staff_id, **choice.stored(),
        seen={"findings": made_on.findings, "suggestion": encounter.suggestion, "candidates": weighed},
    )  # fmt: skip
    session.add(decision)
    session.flush()
    return decision


@verb
def amend(actor: Actor, decision_id: str, version: int, choice: Choice, reason: str) -> str:
    """Put a new decision in the place of a signed one, also after the visit has ended; return its id.

    The old one stays as it was signed. Raises Conflict where it was amended already or the stage does not allow it.
    """
    if not actor.may("consults:decide"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)
    old = find(actor, decision_id)
    encounter = get(actor, old.encounter_id)
    check_version(encounter, version)
    if old.amended is not None:
        raise Conflict("decision_amended")
    if not reason.strip():
        raise Refused("amend_reason_needed")
    late.check(old.at)
    made_on = situation(encounter)
    treatment.refuse_amendment(old.kind, choice, encounter.stage, made_on.unanswered, made_on.not_known)
    decision = sign(actor, encounter, choice, made_on)
    _replace(actor, encounter, old, decision, reason.strip())
    return decision.id


def _replace(
    actor: Actor, encounter: Encounter, old: TreatmentDecision, decision: TreatmentDecision, reason: str
) -> None:
    session.add(TreatmentAmendment(decision_id=decision.id, amends_id=old.id, reason=reason))
    followed.after_decision(actor, encounter, decision, old)
    pathways.begin(actor, encounter, decision, old.id)
    touch(actor, encounter)
    record(
        actor, "treatment_amended", patient_id=encounter.patient_id, encounter_id=encounter.id, decision=decision.id,
        amends=old.id, reason=reason, kind=decision.kind, procedure=decision.procedure, level=decision.level,
        side=decision.side,
    )  # fmt: skip


def _whole() -> Select[TreatmentDecision]:
    parts = (TreatmentDecision.staff, TreatmentDecision.amends, TreatmentDecision.amended)
    return select(TreatmentDecision).options(*(joinedload(part) for part in parts))


def find(actor: Actor, decision_id: str) -> TreatmentDecision:
    """Return a decision with who signed it and what it amends, if the actor may see its visit; raises NotFound."""
    query = _whole().join(Encounter, Encounter.id == TreatmentDecision.encounter_id)
    query = query.where(TreatmentDecision.id == decision_id, Encounter.visible_to(actor))
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("decision")
    return found


def decisions_of(encounter: Encounter) -> list[TreatmentDecision]:
    """Return the encounter's decisions, newest first, with who signed them and what took the place of what."""
    query = _whole().where(TreatmentDecision.encounter_id == encounter.id)
    return list(session.scalars(query.order_by(TreatmentDecision.at.desc())))


def kinds_at(encounter: Encounter) -> tuple[str, ...]:
    """Return the kinds that may be amended, and into which, at the stage where the visit is or ended."""
    return treatment.AMENDABLE.get(encounter.stage, ())


def may_amend(encounter: Encounter, decision: TreatmentDecision) -> bool:
    """Tell whether this decision can be amended at the stage where the visit is, or where it ended."""
    return decision.amended is None and decision.kind in kinds_at(encounter)


def choice_of(decision: TreatmentDecision) -> Choice:
    """Return what was chosen, as a start for its amendment; nobody is identified yet."""
    return chosen(decision.details | {name: getattr(decision, name) for name in (*COLUMNS, "level")})


def seen_candidates(decision: TreatmentDecision) -> tuple[Candidate, ...]:
    """Return the candidates as they stood when the decision was signed; empty where it is older than they are."""
    return tuple(Candidate.from_dict(data) for data in decision.seen.get("candidates", ()))


def earlier_visits(actor: Actor, encounter: Encounter) -> list[tuple[Encounter, TreatmentDecision | None]]:
    """Return the patient's visits before this one, newest first, each with the last decision signed at it."""
    before = [row for row in earlier(actor, encounter.patient_id) if row.arrived_at < encounter.arrived_at]
    query = select(TreatmentDecision).where(TreatmentDecision.encounter_id.in_([row.id for row in before]))
    query = query.options(defer(TreatmentDecision.seen, raiseload=True)).order_by(TreatmentDecision.at)
    signed = {decision.encounter_id: decision for decision in session.scalars(query)}
    return [(row, signed.get(row.id)) for row in before]


def to_look_at_again(actor: Actor) -> list[tuple[Encounter, TreatmentDecision]]:
    """Return the decisions "not now" whose day has come or comes within a week, the longest overdue first.

    One leaves the list when it is amended or when the patient has come again; nothing else ends it.
    """
    later, replaced = aliased(Encounter), TreatmentAmendment
    again = select(later.id).where(later.patient_id == Encounter.patient_id, later.arrived_at > TreatmentDecision.at)
    query = (
        select(Encounter, TreatmentDecision)
        .join(TreatmentDecision, TreatmentDecision.encounter_id == Encounter.id)
        .where(TreatmentDecision.kind == "not_now", TreatmentDecision.review_on <= today(actor.site_id) + AHEAD)
        .where(Encounter.visible_to(actor), ~again.exists())
        .where(~select(replaced.amends_id).where(replaced.amends_id == TreatmentDecision.id).exists())
        .options(joinedload(Encounter.patient), defer(TreatmentDecision.seen, raiseload=True))
    )
    rows = session.execute(query.order_by(TreatmentDecision.review_on, TreatmentDecision.id)).all()
    return [(encounter, decision) for encounter, decision in rows]


def operation_points(encounter: Encounter, choice: Choice) -> tuple[Point, ...]:
    """Return what has to be answered before this procedure is signed: what speaks against it or is unknown."""
    made_on = situation(encounter)
    return operation.points_for(made_on.known, choice, made_on.candidates)
