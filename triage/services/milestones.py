"""The steps of a pathway: done, undone, not needed, moved to another day, and the checklist before an operation."""

from collections.abc import Mapping
from datetime import date

from triage import clock
from triage.db import verb
from triage.domain import pathways as way
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, NotAllowed, Refused
from triage.models import Milestone, Pathway
from triage.services import hours, late, outcome_series
from triage.services import pathway_rows as rows
from triage.services.organisations import today

#: How an item of a checklist is answered.
ITEM_DONE, ITEM_NOT_NEEDED = "done", "not_needed"
ANSWERS = (ITEM_DONE, ITEM_NOT_NEEDED)


def may_complete(actor: Actor, step: Milestone) -> bool:
    """Tell whether the actor may note the step as done: whose it is, a nurse or a surgeon."""
    return actor.may("pathways:work") and (step.owner in actor.roles or actor.may("pathways:end"))


@verb
def complete(actor: Actor, milestone_id: str, version: int, on: date | None = None, words: str = "") -> None:
    """Note a step as done on a day, today unless said otherwise; what is counted from it follows.

    Refused while something it needs is open ("steps_open") or its checklist is not answered ("checklist_open"): only a
    surgeon may say that a step is not needed. Raises Conflict for a step that is settled, Invalid for another day.
    """
    pathway, steps, step = rows.of_step(actor, milestone_id, version)
    if not may_complete(actor, step):
        raise NotAllowed("not_your_step")
    _refuse_settled(step)
    day = on or today(pathway.site_id)
    _check_done_day(pathway, step, day)
    if step.mark == way.AGREED and pathway.operation_on is None:
        raise Refused("day_not_agreed")
    if missing := way.missing(steps, step):
        raise Refused("steps_open", count=len(missing))
    if unticked := way.unticked(step, step.ticks):
        raise Refused("checklist_open", count=len(unticked))
    planned = step.due_on
    rows.settle(actor, step, way.DONE, words.strip(), day)
    rows.note(actor, pathway, way.DONE, step, planned, day, words.strip())
    moved = rows.let_follow(actor, pathway, steps, step.name, day, happened=True) if day != planned else []
    rows.keep_in_step(actor, pathway, steps)
    if step.mark == way.OPERATION and rows.is_followed_up(pathway):
        outcome_series.begin_series(actor, pathway.patient_id, day, rows.treatment_of(pathway))
    rows.tell(
        actor, pathway, "milestone_done", milestone=step.name, on=day.isoformat(), note=words.strip(), moved=moved
    )


def _refuse_settled(step: Milestone) -> None:
    if step.status != way.OPEN:
        raise Conflict("step_is_settled")


def _check_done_day(pathway: Pathway, step: Milestone, day: date) -> None:
    """Refuse a day that lies ahead, or before the decision where nothing of the kind can have been done."""
    if day > today(pathway.site_id):
        raise Invalid(day="day_ahead")
    counts_before = step.anchor == way.DECISION  # a CT that the patient had last month
    if day < (pathway.decided_on - way.EARLIEST if counts_before else pathway.decided_on):
        raise Invalid(day="day_before_decision")


@verb
def reopen(actor: Actor, milestone_id: str, version: int | None, reason: str = "") -> None:
    """Take back that a step is done or not needed: for 10 minutes without a reason, later with one.

    Raises Conflict where a step that needs it is done already. What had followed stays where it is.
    """
    pathway, steps, step = rows.of_step(actor, milestone_id, version, finished_too=True)
    if not may_complete(actor, step) or (step.status == way.OMITTED and not may_omit(actor, steps, step)):
        raise NotAllowed("not_your_step")
    if step.status not in way.SETTLED:
        raise Conflict("step_is_open")
    late.check(step.settled_at)
    if any(one.status == way.DONE for one in steps if step.name in one.needs):
        raise Conflict("later_step_done")
    too_late = step.settled_at is None or clock.now() - step.settled_at > way.UNDO
    if too_late and not reason.strip():
        raise Refused("note_needed")
    rows.note(actor, pathway, "reopened", step, step.done_on, step.due_on, reason.strip())
    rows.unsettle(step)
    rows.keep_in_step(actor, pathway, steps)
    rows.tell(actor, pathway, "milestone_reopened", milestone=step.name, reason=reason.strip())


def may_omit(actor: Actor, steps: rows.Steps, step: Milestone) -> bool:
    """Tell whether the actor may say that a step is not needed: a surgeon, where another step needs it."""
    return actor.may("consults:decide") or (actor.may("pathways:end") and not way.needed_by(steps, step))


@verb
def omit(actor: Actor, milestone_id: str, version: int, reason: str) -> None:
    """Say, with the reason, that a step is not needed for this patient; never the operation itself."""
    pathway, steps, step = rows.of_step(actor, milestone_id, version)
    if not may_omit(actor, steps, step):
        raise NotAllowed("only_surgeon_omits")
    _refuse_settled(step)
    if step.mark == way.OPERATION:
        raise Conflict("operation_not_omitted")
    if not reason.strip():
        raise Refused("note_needed")
    rows.settle(actor, step, way.OMITTED, reason.strip())
    rows.note(actor, pathway, way.OMITTED, step, words=reason.strip())
    rows.keep_in_step(actor, pathway, steps)
    rows.tell(actor, pathway, "milestone_omitted", milestone=step.name, reason=reason.strip())


@verb
def move(
    actor: Actor, milestone_id: str, version: int, day: date | None, reason: str = "", closed_too: bool = False
) -> list[str]:
    """Give a step a day by hand, and return what has moved with it.

    No day: the step follows its plan again; an operation without a day is postponed. A reason is needed except for the
    first day of an operation, which is the day agreed with the patient. Invalid: a day in the past, too far ahead, or
    on which the clinic is closed, unless ``closed_too``.
    """
    pathway, steps, step = rows.of_step(actor, milestone_id, version)
    _refuse_move(actor, pathway, step, day, reason, closed_too)
    before, step.fixed = step.due_on, day is not None
    if day is None and step.anchor:
        day = _as_planned(pathway, steps, step)
    rows.place(pathway, step, day)
    rows.note(actor, pathway, "moved" if step.due_on else "postponed", step, before, day, reason.strip())
    moved = rows.let_follow(actor, pathway, steps, step.name, day) if day != before else []
    if step.mark == way.OPERATION and day != before:
        _agree(actor, pathway, steps, day)
        _check_anew(actor, pathway, steps)
    rows.keep_in_step(actor, pathway, steps)
    days = [value.isoformat() if value else "" for value in (before, day)]
    rows.tell(
        actor, pathway, "milestone_moved", milestone=step.name, before=days[0], after=days[1], reason=reason.strip(),
        moved=moved,
    )  # fmt: skip
    return moved


def _refuse_move(
    actor: Actor, pathway: Pathway, step: Milestone, day: date | None, reason: str, closed_too: bool
) -> None:  # fmt: skip
    if not actor.may("pathways:plan"):
        raise NotAllowed("not_your_step")
    _refuse_settled(step)
    _check_day(pathway, step, day, closed_too)
    first = step.mark == way.OPERATION and step.due_on is None
    if not reason.strip() and not first:
        raise Refused("note_needed")


def _check_day(pathway: Pathway, step: Milestone, day: date | None, closed_too: bool) -> None:
    if day is None:
        if step.mark == way.OPERATION and step.due_on is None:
            raise Invalid(day="day_needed")
        return
    if day < today(pathway.site_id):
        raise Invalid(day="day_past")
    if day > today(pathway.site_id) + way.FARTHEST:
        raise Invalid(day="day_too_far")
    if not step.on_any_day and not closed_too and hours.next_open(pathway.site_id, day) != day:
        raise Invalid(day="day_closed")


def _as_planned(pathway: Pathway, steps: rows.Steps, step: Milestone) -> date | None:
    """Return the day the plan gives a step that follows again."""
    anchors = {one.name: way.day_of(one) for one in steps} | {way.DECISION: pathway.decided_on}
    base, now = anchors.get(step.anchor), today(pathway.site_id)
    return way.planned(step, base, now, lambda day: hours.next_open(pathway.site_id, day))


def _agree(actor: Actor, pathway: Pathway, steps: rows.Steps, day: date | None) -> None:
    """The day of the operation is agreed with it; postponed without a day, it has to be agreed anew within a week."""
    agreed = way.marked(steps, way.AGREED)
    if agreed is None:
        return
    now = today(pathway.site_id)
    if day is not None and agreed.status == way.OPEN:
        rows.settle(actor, agreed, way.DONE, on=now)
        rows.note(actor, pathway, way.DONE, agreed, agreed.due_on, now)
    elif day is None and agreed.status in way.SETTLED:
        rows.unsettle(agreed)
        rows.place(pathway, agreed, hours.next_open(pathway.site_id, now, agreed.offset_days))
        rows.note(actor, pathway, "reopened", agreed, None, agreed.due_on)


def _check_anew(actor: Actor, pathway: Pathway, steps: rows.Steps) -> None:
    """Who was ready for one day is not ready for another: the checklist before the operation is gone through again."""
    ready = way.marked(steps, way.READY)
    if ready is None or not (ready.ticks or ready.status == way.DONE):
        return
    ready.ticks = {}
    if ready.status == way.DONE:
        rows.unsettle(ready)
        rows.place(pathway, ready, _as_planned(pathway, steps, ready))
    rows.note(actor, pathway, "reopened", ready, None, ready.due_on)


@verb
def tick(actor: Actor, milestone_id: str, version: int, answers: Mapping[str, str]) -> None:
    """Answer items of a step's checklist: done, not needed, or "" to take an answer back; each keeps who and when."""
    pathway, _steps, step = rows.of_step(actor, milestone_id, version)
    if not may_complete(actor, step):
        raise NotAllowed("not_your_step")
    _refuse_settled(step)
    changed = {item: answers[item] for item in step.items if item in answers and answers[item] != _value(step, item)}
    if any(value and value not in ANSWERS for value in changed.values()):
        raise Refused("invalid")
    if not changed:
        return
    new = {item: {"value": value, "by": actor.name, "at": clock.now().isoformat()} for item, value in changed.items()}
    kept = step.ticks | new
    step.ticks = {item: tick for item, tick in kept.items() if tick["value"]}
    rows.note(actor, pathway, "ticked", step, words=" ".join(f"{item}:{value}" for item, value in changed.items()))
    rows.tell(actor, pathway, "checklist_ticked", milestone=step.name, items=changed)


def _value(step: Milestone, item: str) -> str:
    return str(step.ticks.get(item, {}).get("value", ""))
