"""The surgeon's lists, the review of one case, and the signed decision."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import aliased, joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import lifecycle, queue, treatment
from triage.domain.access import Actor
from triage.domain.candidate import Candidate
from triage.domain.errors import NotAllowed, Refused
from triage.domain.treatment import DECIDABLE, LISTED, Choice
from triage.models import Encounter, Finding, ImagingOrder, TreatmentDecision, TriageDecision
from triage.services import decisions, limits, orders, pathways, pins
from triage.services.audit import record
from triage.services.decisions import decisions_of, earlier_visits, seen_candidates
from triage.services.encounters import check_version, for_writing, move
from triage.services.leases import let_go
from triage.services.waits import in_order

__all__ = [
    "DECIDABLE", "LISTED", "Case", "Choice", "candidates_for", "check", "decide", "decisions_of", "earlier_visits",
    "list_cases", "neighbours", "questions_to_nurse", "seen_candidates",
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One line of the surgeon's list: since when, against which limit in minutes, and which parts are there."""

    encounter: Encounter
    minutes: int
    limit: int
    neurology: bool
    imaging: bool
    treatment: bool

    @property
    def is_over(self) -> bool:
        """Tell whether the case has waited longer than its list allows."""
        return self.minutes > self.limit


def list_cases(actor: Actor, stage: str) -> list[Case]:
    """Return the site's cases at one stage, in the order of the board: no move makes anybody begin anew at the end."""
    here = (Encounter.visible_to(actor), Encounter.finished_at.is_(None))
    query = select(Encounter).where(*here, Encounter.stage == stage)
    rows = session.scalars(query.options(joinedload(Encounter.patient))).all()
    names, imaged = _recorded(row.id for row in rows), _imaged(row.id for row in rows)
    allowed, key = limits.in_force(actor.site_id).by_stage[stage], in_order(actor)
    cases = [_case(row, allowed, names.get(row.id, set()), row.id in imaged) for row in rows]
    return sorted(cases, key=lambda case: key(case.encounter))


def _case(row: Encounter, allowed: int, names: set[str], imaged: bool) -> Case:
    known, at = knowledge.load(), clock.now()
    return Case(
        encounter=row, minutes=queue.waited(row.stage_since, at),
        limit=allowed, neurology=bool(names & known.examination.cells.keys()),
        imaging=imaged or bool(row.outside_images),
        treatment=bool(names & {option.key for option in known.treatments_tried}),
    )  # fmt: skip


def _recorded(ids: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    query = select(Finding.encounter_id, Finding.name).where(Finding.encounter_id.in_(list(ids)), Finding.known)
    for encounter_id, name in session.execute(query):
        found.setdefault(encounter_id, set()).add(name)
    return found


def _imaged(ids: Iterable[str]) -> set[str]:
    query = select(ImagingOrder.encounter_id).where(
        ImagingOrder.encounter_id.in_(list(ids)), ImagingOrder.status == "completed"
    )
    return set(session.scalars(query))


def neighbours(actor: Actor, encounter: Encounter) -> tuple[str | None, str | None]:
    """Return the ids of the case before and the case after this one on the surgeon's list."""
    ids = [case.encounter.id for stage in LISTED for case in list_cases(actor, stage)]
    if encounter.id not in ids:
        return None, ids[0] if ids else None
    at = ids.index(encounter.id)
    return ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None


def check(encounter: Encounter, choice: Choice) -> dict[str, str]:
    """Return what the choice still lacks: field name to message code."""
    return decisions.lacking(encounter, choice)


def candidates_for(encounter: Encounter) -> tuple[Candidate, ...]:
    """Return what speaks for and against each treatment under the rules in force at the encounter's site."""
    return decisions.situation(encounter).candidates


@verb
def decide(actor: Actor, encounter_id: str, version: int, choice: Choice) -> str:
    """Sign a decision and return its id. It is appended, never edited.

    Raises Refused where something is lacking or an emergency stands, Stale for an old page, Conflict for another stage.
    """
    if not actor.may("consults:decide"):
        raise NotAllowed("not_allowed")
    encounter = for_writing(actor, encounter_id)
    check_version(encounter, version)
    made_on = decisions.situation(encounter)
    for code in decisions.lacking(encounter, choice, made_on).values():
        raise Refused(code)
    treatment.refuse_unsafe(choice, encounter.stage, made_on.unanswered, made_on.not_known)
    decision = decisions.sign(actor, encounter, choice, made_on)
    record(
        actor, "treatment_decided", patient_id=encounter.patient_id, encounter_id=encounter.id, decision=decision.id,
        **{name: getattr(decision, name) for name in ("kind", "procedure", "level", "side")},
    )  # fmt: skip
    pathways.begin(actor, encounter, decision)
    _follow(actor, encounter, choice)
    return decision.id


def _follow(actor: Actor, encounter: Encounter, choice: Choice) -> None:
    if encounter.stage == lifecycle.EMERGENCY:
        move(actor, encounter, "decide_in_emergency")
    elif choice.kind == "transfer":
        pins.pin(actor, encounter, "decided", choice.note)
    elif choice.kind == "back_to_nurse":
        move(actor, encounter, "send_back")
        let_go(actor, encounter)
    elif choice.kind == "imaging":
        _order_imaging(actor, encounter, choice)
        let_go(actor, encounter)
    else:
        move(actor, encounter, "decide")


def _order_imaging(actor: Actor, encounter: Encounter, choice: Choice) -> None:
    """Order it in the surgeon's own name: nobody else has to."""
    move(actor, encounter, "route_imaging")
    asked: ImagingOrder = orders.request_imaging(actor, encounter, choice.modality, choice.note, True)
    asked.status = lifecycle.imaging_after("order", asked.status)
    asked.ordered_by, asked.ordered_at = actor.staff_id, clock.now()
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "imaging_ordered", **ids, order=asked.id, modality=asked.modality)


def questions_to_nurse(encounters: Iterable[Encounter]) -> dict[str, TreatmentDecision]:
    """Return, by encounter id, the surgeon's question for patients who were sent back with one and wait for the nurse.

    One query for all of them.
    """
    ids = [row.id for row in encounters if row.stage == lifecycle.WAITING]
    query = select(TreatmentDecision).where(TreatmentDecision.encounter_id.in_(ids), open_question())
    asked = session.scalars(query.options(joinedload(TreatmentDecision.staff))).all() if ids else []
    return {decision.encounter_id: decision for decision in asked}


def open_question() -> ColumnElement[bool]:
    """Return the condition on a decision: a question to the nurse, and neither nurse nor surgeon has decided since."""
    asked, later = TreatmentDecision, aliased(TreatmentDecision)
    decided = select(later.id).where(later.encounter_id == asked.encounter_id, later.at > asked.at)
    routed = select(TriageDecision.id).where(
        TriageDecision.encounter_id == asked.encounter_id, TriageDecision.at > asked.at
    )
    answered = (query.correlate(asked).exists() for query in (decided, routed))
    return and_(asked.kind == "back_to_nurse", *(~answer for answer in answered))
