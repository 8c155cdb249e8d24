"""The times at which the steps of a pathway are booked: as what, when, and what became of them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import knowledge
from triage.db import session
from triage.domain import appointments as rules
from triage.domain import pathways as way
from triage.domain.access import Actor
from triage.domain.appointments import Wish
from triage.domain.errors import Conflict, NotFound, Refused
from triage.knowledge.hours import AppointmentKind
from triage.models import Appointment, Milestone, Pathway
from triage.services import procedures


def get(actor: Actor, milestone_id: str) -> Milestone:
    """Return a step with its pathway, if the actor may see it; raises NotFound otherwise."""
    query = select(Milestone).where(Milestone.id == milestone_id, Milestone.visible_to(actor))
    step = session.scalar(query.options(joinedload(Milestone.pathway)))
    if step is None:
        raise NotFound("milestone")
    return step


def kinds_of(step: Milestone, procedure: str) -> list[AppointmentKind]:
    """Return as what a step can be booked, the usual kind first; none for one that happens inside the hospital."""
    flow = knowledge.load().flow
    known = flow.pathways.milestones.get(step.name)
    kinds = [flow.hours.kinds[name] for name in (known.books if known else ()) if name in flow.hours.kinds]
    return [kind for kind in kinds if not kind.names_procedure or procedure in procedures.possible()]


def named(actor: Actor, patient_id: str, kind: AppointmentKind, wish: Wish) -> dict[str, Any]:
    """Return the columns of a new appointment that say for which step it is; none where it is for none.

    Raises Refused where the step is of another patient or cannot be booked as this, Conflict where it is settled or
    has a time already. A procedure that a decision asked for is the operation of its pathway.
    """
    if not wish.milestone_id:
        return _of_decision(wish.decision_id, kind)
    step = get(actor, wish.milestone_id)
    if step.pathway.patient_id != patient_id or kind not in kinds_of(step, step.pathway.procedure):
        raise Refused("other_step")
    if step.status != way.OPEN:
        raise Conflict("step_is_settled")
    if _booked(step.id):
        raise Conflict("step_has_time")
    return {"milestone_id": step.id, "step_day": step.due_on}


def _of_decision(decision_id: str, kind: AppointmentKind) -> dict[str, Any]:
    if not decision_id:
        return {}
    query = select(Milestone).join(Pathway, Pathway.id == Milestone.pathway_id).options(joinedload(Milestone.pathway))
    here = (Pathway.decision_id == decision_id, Milestone.mark == way.OPERATION, Milestone.status == way.OPEN)
    step = session.scalar(query.where(*here))
    if step is None or kind not in kinds_of(step, step.pathway.procedure) or _booked(step.id):
        return {}
    return {"milestone_id": step.id, "step_day": step.due_on}


def _booked(milestone_id: str) -> bool:
    query = select(Appointment.id).where(Appointment.milestone_id == milestone_id, Appointment.status == rules.BOOKED)
    return session.scalar(query.limit(1)) is not None


def renew(appointment: Appointment) -> None:
    """Let a moved time stand for the day its step has now; one whose step is over is a time of its own from now on."""
    step = session.get(Milestone, appointment.milestone_id) if appointment.milestone_id else None
    if step is not None and step.status == way.OPEN:
        appointment.step_day = step.due_on
    else:
        appointment.milestone_id = appointment.step_day = None


def hand_over(before: Milestone, step: Milestone) -> None:
    """Let the times booked for a step stand for the step of the plan that takes the place of its pathway."""
    query = select(Appointment).where(Appointment.milestone_id == before.id, Appointment.status == rules.BOOKED)
    for appointment in session.scalars(query).all():
        appointment.milestone_id = step.id


def of_steps(ids: Collection[str]) -> dict[str, Appointment]:
    """Return by step the time that is booked for it, or else what became of the last one; one query for all."""
    query = select(Appointment).where(Appointment.milestone_id.in_(list(ids)))
    query = query.options(joinedload(Appointment.surgeon)).order_by(Appointment.updated_at)
    found: dict[str, Appointment] = {}
    for one in session.scalars(query) if ids else ():
        last = found.get(one.milestone_id or "")
        if last is None or last.status != rules.BOOKED:
            found[one.milestone_id or ""] = one
    return found
