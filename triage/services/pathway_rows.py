"""The rows of a pathway: loading what the actor may see, writing a day with its history, letting the rest follow."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session
from triage.domain import pathways as way
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound
from triage.domain.outcomes import PROCEDURE, Treatment
from triage.knowledge.pathways import Template
from triage.models import Milestone, MilestoneChange, Pathway
from triage.services import displaced, hours, late, outcome_series
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, touch
from triage.services.organisations import today

Steps = Sequence[Milestone]


def pathways(actor: Actor) -> Any:
    """Return the query for every pathway the actor may see, with its patient and surgeon."""
    query = select(Pathway).where(Pathway.visible_to(actor))
    return query.options(joinedload(Pathway.patient), joinedload(Pathway.surgeon))


def steps_of(ids: Iterable[str]) -> dict[str, list[Milestone]]:
    """Return the steps of each pathway, in order, with who settled them: one query for all."""
    found: dict[str, list[Milestone]] = {one: [] for one in ids}
    query = select(Milestone).where(Milestone.pathway_id.in_(list(found))).options(joinedload(Milestone.settler))
    query = query.execution_options(populate_existing=True)
    for step in session.scalars(query.order_by(Milestone.position)) if found else ():
        found[step.pathway_id].append(step)
    return found


def get(actor: Actor, pathway_id: str) -> tuple[Pathway, list[Milestone]]:
    """Return a pathway and its steps, if the actor may see it; raises NotFound."""
    query = pathways(actor).where(Pathway.id == pathway_id).execution_options(populate_existing=True)
    found: Pathway | None = session.scalar(query)
    if found is None:
        raise NotFound("pathway")
    return found, steps_of([found.id])[found.id]


def for_writing(
    actor: Actor, pathway_id: str, version: int | None, finished_too: bool = False
) -> tuple[Pathway, list[Milestone]]:
    """Return both inside a verb, the site's writes in order; raises NotFound, Stale, or Conflict where it has ended."""
    lock_site(session(), actor.site_id)
    pathway, steps = get(actor, pathway_id)
    check_version(pathway, version)
    if pathway.status != way.OPEN and not (finished_too and pathway.status == way.FINISHED):
        raise Conflict("pathway_ended")
    late.check(pathway.begun_at)
    return pathway, steps


def of_step(
    actor: Actor, milestone_id: str, version: int | None, finished_too: bool = False
) -> tuple[Pathway, list[Milestone], Milestone]:
    """Return, inside a verb, a step with its pathway and all its steps; raises as ``for_writing``."""
    pathway_id = session.scalar(select(Milestone.pathway_id).where(Milestone.id == milestone_id))
    if pathway_id is None:
        raise NotFound("milestone")
    pathway, steps = for_writing(actor, pathway_id, version, finished_too)
    return pathway, steps, next(step for step in steps if step.id == milestone_id)


def new_steps(pathway: Pathway, template: Template) -> list[Milestone]:
    """Return the steps of a pathway that begins, added to the transaction: what its template says now, kept for it."""
    steps = [
        Milestone(
            site_id=pathway.site_id, pathway_id=pathway.id, position=position, name=step.name, mark=step.mark,
            owner=step.owner, anchor=step.after, offset_days=step.days, on_any_day=step.any_day, grace=step.grace,
            needs=list(step.needs), items=list(step.items), status=way.OPEN, fixed=False, ticks={},
        )
        for position, step in enumerate(template.steps)
    ]  # fmt: skip
    session.add_all(steps)
    return steps


def is_followed_up(pathway: Pathway) -> bool:
    """Tell whether who is on this pathway is asked for scores before and after the operation."""
    template = knowledge.load().flow.pathways.templates.get(pathway.template)
    return template is not None and template.followed_up


def treatment_of(pathway: Pathway) -> Treatment:
    """Return what the patient on this pathway is followed up after."""
    named = (pathway.procedure, pathway.surgeon_id, pathway.level, pathway.side)
    return Treatment(PROCEDURE, *named, pathway_id=pathway.id)


def tell(actor: Actor, pathway: Pathway, event: str, **payload: Any) -> None:
    """Record what was done with a pathway, and note on it who changed it."""
    touch(actor, pathway)
    ids = {"patient_id": pathway.patient_id, "encounter_id": pathway.encounter_id}
    record(actor, event, **ids, pathway=pathway.id, **payload)


def note(
    actor: Actor, pathway: Pathway, kind: str, step: Milestone | None = None, was: date | None = None,
    now: date | None = None, words: str = "",
) -> None:  # fmt: skip
    """Append to the pathway's history."""
    session.add(
        MilestoneChange(
            pathway_id=pathway.id, milestone=step.name if step else "", kind=kind, at=clock.now(),
            staff_id=actor.staff_id, was_on=was, is_on=now, words=words,
        )
    )  # fmt: skip


def place(pathway: Pathway, step: Milestone, day: date | None) -> None:
    """Write the day a step is due."""
    step.due_on = day
    step.late_after = way.late_after(step)
    if step.mark == way.OPERATION and step.status == way.OPEN:
        pathway.operation_on = day


def let_follow(
    actor: Actor, pathway: Pathway, steps: Steps, anchor: str, day: date | None, happened: bool = False
) -> list[str]:
    """Move what follows ``anchor`` to its new days, with its history; return what has moved.

    ``happened``: the anchor was done on that day, so what was counted back from it stays.
    """
    open_day = partial(hours.next_open, pathway.site_id)
    new = way.follow(steps, anchor, day, today(pathway.site_id), open_day, happened)
    for step in steps:
        if step.name in new:
            note(actor, pathway, "followed", step, step.due_on, new[step.name])
            place(pathway, step, new[step.name])
    return list(new)


def settle(actor: Actor, step: Milestone, status: str, words: str = "", on: date | None = None) -> None:
    """Write that a step is done, not needed or dropped."""
    step.status, step.note, step.done_on = status, words, on
    step.settled_at, step.settled_by = clock.now(), actor.staff_id


def unsettle(step: Milestone) -> None:
    """Open a step again."""
    step.status, step.note, step.done_on = way.OPEN, "", None
    step.settled_at = step.settled_by = None


def keep_in_step(actor: Actor, pathway: Pathway, steps: Steps) -> None:
    """Bring what the pathway says of itself, and what is booked, in line with its steps; end it when all is done."""
    operation, ready = way.marked(steps, way.OPERATION), way.marked(steps, way.READY)
    if operation is not None:
        before = pathway.operated_on
        pathway.operated_on, pathway.operation_on = operation.done_on, way.day_of(operation)
        if before is not None and pathway.operated_on is None:
            outcome_series.take_back(actor, pathway.patient_id, pathway.id)
    pathway.is_ready = ready is not None and ready.status in way.SETTLED
    pathway.phase = way.phase(steps)
    over = all(step.status in way.SETTLED for step in steps)
    if over and pathway.status == way.OPEN:
        pathway.status, pathway.ended_at = way.FINISHED, clock.now()
        note(actor, pathway, way.FINISHED)
    elif not over and pathway.status == way.FINISHED:
        pathway.status, pathway.ended_at = way.OPEN, None
    review_times(actor, pathway)


def review_times(actor: Actor, pathway: Pathway) -> None:
    """Mark what is booked for a step that has another day now, or to which nobody has to come any more."""
    displaced.review_pathway(actor, pathway.id, hours.openings)
