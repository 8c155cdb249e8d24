"""The surgeon's lists, the review of one case, and the signed decision."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import lifecycle, queue, treatment
from triage.domain.access import Actor
from triage.domain.candidate import Candidate
from triage.domain.errors import NotAllowed, Refused
from triage.domain.imaging import as_a_line
from triage.domain.treatment import DECIDABLE, LISTED, Choice
from triage.models import Encounter, ImagingOrder
from triage.services import (
    decisions,
    followed,
    imaging_repeats,
    limits,
    orders,
    pathways,
    pins,
    questions,
    worklist_keys,
)
from triage.services.audit import record
from triage.services.decisions import decisions_of, earlier_visits, seen_candidates
from triage.services.encounters import check_version, for_writing, move
from triage.services.leases import let_go
from triage.services.waits import in_order

__all__ = [
    "DECIDABLE", "LISTED", "Case", "Choice", "candidates_for", "check", "decide", "decisions_of", "earlier_visits",
    "list_cases", "neighbours", "seen_candidates",
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One line of the surgeon's list: since when, and against which limit in minutes."""

    encounter: Encounter
    minutes: int
    limit: int

    @property
    def is_over(self) -> bool:
        """Tell whether the case has waited longer than its list allows."""
        return self.minutes > self.limit


def list_cases(actor: Actor, stage: str) -> list[Case]:
    """Return the site's cases at one stage, in the order of the board: no move makes anybody begin anew at the end."""
    here = (Encounter.visible_to(actor), Encounter.finished_at.is_(None))
    query = select(Encounter).where(*here, Encounter.stage == stage)
    rows = session.scalars(query.options(joinedload(Encounter.patient))).all()
    allowed, key, at = limits.in_force(actor.site_id).by_stage[stage], in_order(actor), clock.now()
    cases = [Case(row, queue.waited(row.stage_since, at), allowed) for row in rows]
    return sorted(cases, key=lambda case: key(case.encounter))


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
    followed.after_decision(actor, encounter, decision)
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
        questions.put(actor, encounter, "nurse", choice.note)
        let_go(actor, encounter)
    elif choice.kind == "imaging":
        _order_imaging(actor, encounter, choice)
        let_go(actor, encounter)
    else:
        move(actor, encounter, "decide")
        questions.overtake(actor, encounter)


def _order_imaging(actor: Actor, encounter: Encounter, choice: Choice) -> None:
    """Order it in the surgeon's own name and words: nobody else has to; why twice, where the same is open, too."""
    move(actor, encounter, "route_imaging")
    modality = treatment.machine(knowledge.load(), choice)
    asked: ImagingOrder = orders.request_imaging(actor, encounter, modality, choice.note, True, choice.examination)
    asked.justification = as_a_line(choice.note) or asked.justification
    set_committed_value(asked, "encounter", encounter)
    imaging_repeats.settle(actor, asked, None, choice.note)
    asked.status = lifecycle.imaging_after("order", asked.status)
    asked.ordered_by, asked.ordered_at = actor.staff_id, clock.now()
    worklist_keys.give(actor, asked)
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "imaging_ordered", **ids, order=asked.id, modality=asked.modality)
