"""The nurse's decision: accept or override the suggestion, and send the patient on."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import gate, lifecycle
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Refused
from triage.domain.findings import not_known_urgent, resolve, unanswered_urgent
from triage.domain.suggestion import Suggestion
from triage.models import Claim, Encounter, ImagingOrder, Task, TriageDecision
from triage.services import emergencies, intakes
from triage.services.audit import record
from triage.services.encounters import check_version, for_writing, move

TASK_DUE = timedelta(minutes=15)


@dataclass(frozen=True)
class Choice:
    """What the nurse chose: acuity level, route, modality for imaging, and why where it differs from the suggestion."""

    acuity: int
    route: str
    modality: str = ""
    reason: str = ""
    note: str = ""
    not_known_reasons: dict[str, str] = field(default_factory=dict)


@verb
def decide(actor: Actor, encounter_id: str, version: int, choice: Choice) -> None:
    """Keep the decision with the suggestion it answers, and send the patient on.

    Emergency is never refused. Raises Refused with every gate that is closed, Conflict for a foreign claim, Stale for
    an old page.
    """
    encounter = for_writing(actor, encounter_id)
    if choice.route == "emergency_specialist":
        _decide_emergency(actor, encounter, choice)
        return
    check_version(encounter, version)
    _refuse_foreign_claim(actor, encounter)
    answers = intakes.answers_of(encounter)
    suggestion = intakes.suggest(answers)
    known = knowledge.load()
    question = gate.Question(
        unanswered=unanswered_urgent(known, answers),
        not_known=not_known_urgent(known, answers),
        level=suggestion.level,
        route=suggestion.route,
        emergency_open=emergencies.find_open(encounter) is not None,
        emergency_withdrawn=_taken_back(encounter, suggestion),
    )
    _refuse(gate.closed(question, _asked(choice)))
    _create_tasks(actor, encounter, choice, question.not_known)
    _keep(actor, encounter, choice, suggestion)
    _send_on(actor, encounter, choice)


def _asked(choice: Choice) -> gate.Asked:
    reasons = tuple(name for name, why in choice.not_known_reasons.items() if why.strip())
    return gate.Asked(choice.acuity, choice.route, choice.modality, choice.reason, reasons)


def _refuse(refusals: list[tuple[str, dict[str, object]]]) -> None:
    if refusals:
        code, params = refusals[0]
        raise Refused(code, **params)


def _decide_emergency(actor: Actor, encounter: Encounter, choice: Choice) -> None:
    suggestion = intakes.suggest(intakes.answers_of(encounter))
    emergencies.pin(actor, encounter, "decided", choice.note)
    level = min(choice.acuity or emergencies.EMERGENCY_LEVEL, encounter.acuity or emergencies.EMERGENCY_LEVEL)
    encounter.acuity = level
    _keep(actor, encounter, Choice(level, choice.route, "", choice.reason, choice.note), suggestion)


def _refuse_foreign_claim(actor: Actor, encounter: Encounter) -> None:
    claim = encounter.claim
    if claim is not None and claim.staff_id != actor.staff_id:
        raise Conflict("claimed_by_other", by=claim.staff.name, since=f"{claim.claimed_at:%H:%M} UTC")


def _taken_back(encounter: Encounter, suggestion: Suggestion) -> bool:
    return set(emergencies.fired_by(suggestion)) <= emergencies.withdrawn_rules(encounter)


def _keep(actor: Actor, encounter: Encounter, choice: Choice, suggestion: Suggestion) -> None:
    accepted = (choice.acuity, choice.route) == (suggestion.level, suggestion.route)
    known = knowledge.load()
    decision = TriageDecision(
        encounter_id=encounter.id, at=clock.now(), staff_id=actor.staff_id, acuity=choice.acuity, route=choice.route,
        modality=choice.modality or None, accepted=accepted, reason="" if accepted else choice.reason,
        note=choice.note, suggestion=suggestion.as_dict(), findings=resolve(known, intakes.answers_of(encounter)),
        ruleset=suggestion.ruleset, ruleset_hash=suggestion.ruleset_hash,
    )  # fmt: skip
    session.add(decision)
    session.flush()
    record(
        actor, "triage_decided", patient_id=encounter.patient_id, encounter_id=encounter.id, decision=decision.id,
        acuity=choice.acuity, route=choice.route, accepted=accepted, reason=choice.reason,
    )  # fmt: skip


def _send_on(actor: Actor, encounter: Encounter, choice: Choice) -> None:
    encounter.acuity, encounter.route = choice.acuity, choice.route
    move(actor, encounter, lifecycle.ROUTES[choice.route])
    if encounter.stage == lifecycle.IMAGING:
        modality = choice.modality or choice.route
        request_imaging(actor, encounter, modality, choice.note, choice.route == "imaging_then_specialist")
    claim = session.get(Claim, encounter.id)
    if claim is not None:
        session.delete(claim)


def request_imaging(
    actor: Actor, encounter: Encounter, modality: str, note: str, then_specialist: bool
) -> ImagingOrder:
    """Add a request for imaging inside a verb; a doctor has to order it before it can start."""
    encounter.then_specialist = then_specialist
    order = ImagingOrder(
        site_id=encounter.site_id, encounter_id=encounter.id, modality=modality, status="requested", note=note,
        then_specialist=then_specialist, requested_by=actor.staff_id, requested_at=clock.now(), updated_by=actor.name,
        updated_at=clock.now(),
    )  # fmt: skip
    session.add(order)
    session.flush()
    record(
        actor, "imaging_requested", patient_id=encounter.patient_id, encounter_id=encounter.id, order=order.id,
        modality=modality,
    )  # fmt: skip
    return order


def _create_tasks(actor: Actor, encounter: Encounter, choice: Choice, not_known: tuple[str, ...]) -> None:
    at = clock.now()
    for question in not_known:
        why = choice.not_known_reasons[question].strip()
        task = Task(
            encounter_id=encounter.id, question=question, reason=why, created_by=actor.staff_id, created_at=at,
            due_at=at + TASK_DUE, updated_by=actor.name, updated_at=at,
        )  # fmt: skip
        session.add(task)
        session.flush()
        record(
            actor, "task_created", patient_id=encounter.patient_id, encounter_id=encounter.id, task=task.id,
            question=question, reason=why, due=task.due_at.isoformat(),
        )  # fmt: skip


def decisions_of(encounter: Encounter) -> list[TriageDecision]:
    """Return the encounter's triage decisions, newest first, with who made them."""
    query = select(TriageDecision).where(TriageDecision.encounter_id == encounter.id)
    return list(session.scalars(query.options(joinedload(TriageDecision.staff)).order_by(TriageDecision.at.desc())))


def open_tasks(actor: Actor) -> list[Task]:
    """Return the site's open tasks, the first due first, with their patients."""
    query = (
        select(Task)
        .join(Task.encounter)
        .where(Task.done_at.is_(None), Encounter.finished_at.is_(None), Encounter.visible_to(actor))
        .options(joinedload(Task.encounter).joinedload(Encounter.patient))
    )
    return list(session.scalars(query.order_by(Task.due_at)))
