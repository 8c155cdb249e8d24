"""The way after a signed decision: begun with it, replaced by a later one, cancelled, gone on with."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import lifecycle
from triage.domain import pathways as way
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, Refused
from triage.knowledge.pathways import Template
from triage.models import Encounter, Milestone, Pathway, TreatmentDecision
from triage.services import outcome_series, step_times
from triage.services import pathway_rows as rows
from triage.services.audit import lock_site
from triage.services.encounters import check_version
from triage.services.orders import orders_of
from triage.services.organisations import today

#: Why a pathway ended that a later decision took the place of, or took back.
BY_DECISION = "another_decision"


def begin(actor: Actor, encounter: Encounter, decision: TreatmentDecision, amends: str = "") -> Pathway | None:
    """Begin, inside the verb that signs it, the way that a decision asks for; None where it asks for none.

    ``amends``: id of the decision whose place it takes. What that one began ends with it, and so does an earlier plan
    for the same kind of operation that was not done yet: its done steps, days and agreements are taken over. In an
    emergency nothing before the operation waits.
    """
    template = knowledge.load().flow.pathways.of(decision.procedure) if decision.procedure else None
    replaced = _replaced(encounter, template, amends)
    earlier = replaced[0] if replaced else None
    if template is None:
        if earlier is not None and earlier.operated_on is None:  # who was operated on is looked after, whatever is said
            _end(actor, earlier, rows.steps_of([earlier.id])[earlier.id], way.CANCELLED, BY_DECISION, "")
        return None
    pathway, steps = _new(actor, encounter, decision, template)
    for one in replaced:
        _take_over(actor, pathway, steps, one)
    if earlier is not None and not rows.is_followed_up(pathway):
        _stop_asking(actor, earlier)
    _note_what_is_done(actor, encounter, pathway, steps, template)
    if encounter.stage == lifecycle.EMERGENCY:
        _hurry(actor, pathway, steps)
    rows.keep_in_step(actor, pathway, steps)
    _ask_for_scores(actor, pathway, earlier)
    return pathway


def _replaced(encounter: Encounter, template: Template | None, amends: str) -> list[Pathway]:
    """Return the plans that end with this one: what the amended decision began, and an open one of the same kind.

    Where the amended one was operated on already, another plan of the same kind is another operation: it stays.
    """
    mine = (Pathway.patient_id == encounter.patient_id, Pathway.site_id == encounter.site_id)
    kept = Pathway.status.in_((way.OPEN, way.FINISHED))
    own = select(Pathway).where(*mine, Pathway.decision_id == amends, kept)
    found = list(session.scalars(own)) if amends else []
    if not any(one.operated_on for one in found):
        open_ = (Pathway.ended_at.is_(None), Pathway.operated_on.is_(None))
        same = select(Pathway).where(*mine, *open_, Pathway.template == (template.id if template else ""))
        found += [one for one in session.scalars(same) if one not in found]
    return found


def _new(
    actor: Actor, encounter: Encounter, decision: TreatmentDecision, template: Template
) -> tuple[Pathway, list[Milestone]]:
    at, day = clock.now(), today(encounter.site_id)
    pathway = Pathway(
        site_id=encounter.site_id, patient_id=encounter.patient_id, encounter_id=encounter.id,
        decision_id=decision.id, surgeon_id=decision.staff_id, template=template.id, procedure=decision.procedure,
        level=decision.level, side=decision.side, decided_on=day, begun_at=at, updated_by=actor.name, updated_at=at,
    )  # fmt: skip
    session.add(pathway)
    session.flush()
    steps = rows.new_steps(pathway, template)
    rows.note(actor, pathway, "begun")
    rows.let_follow(actor, pathway, steps, way.DECISION, day)
    rows.tell(actor, pathway, "pathway_begun", template=template.id, procedure=decision.procedure)
    return pathway, steps


def _take_over(actor: Actor, pathway: Pathway, steps: Sequence[Milestone], earlier: Pathway) -> None:
    """Take over what was done, agreed and ticked; another procedure, level or side not operated yet is checked anew."""
    old = {step.name: step for step in rows.steps_of([earlier.id])[earlier.id]}
    same = all(getattr(pathway, name) == getattr(earlier, name) for name in ("procedure", "level", "side"))
    same = same or earlier.operated_on is not None
    for step in steps:
        if step.name in old:
            step_times.hand_over(old[step.name], step)
    _end(actor, earlier, list(old.values()), way.REPLACED, BY_DECISION, "")
    pathway.replaces_id = pathway.replaces_id or earlier.id
    for step in steps:
        before = old.get(step.name)
        if before is None or step.status in way.SETTLED:
            continue
        if before.due_on or not pathway.operation_on:
            rows.place(pathway, step, before.due_on)
            step.fixed = before.fixed
        if step.items and not same:
            continue
        step.ticks = dict(before.ticks)
        if before.status in way.SETTLED:
            step.status, step.note, step.done_on = before.status, before.note, before.done_on
            step.settled_at, step.settled_by = before.settled_at, before.settled_by


def _note_what_is_done(
    actor: Actor, encounter: Encounter, pathway: Pathway, steps: Sequence[Milestone], template: Template
) -> None:
    """Note the steps that the visit itself has brought: the visit, and imaging that was completed at it."""
    days = {"visit": encounter.ticket_date, "imaging": _imaged_on(actor, encounter)}
    met_by = {step.name: step.met_by for step in template.steps if step.met_by}
    for step in steps:
        day = days.get(met_by.get(step.name, ""))
        if day is not None and step.status == way.OPEN:
            rows.settle(actor, step, way.DONE, on=day)
            rows.note(actor, pathway, way.DONE, step, now=day)


def _imaged_on(actor: Actor, encounter: Encounter) -> date | None:
    done = [order.ended_at for order in orders_of(encounter) if order.status == "completed" and order.ended_at]
    return max(done).astimezone(ZoneInfo(actor.time_zone)).date() if done else None


def _ask_for_scores(actor: Actor, pathway: Pathway, earlier: Pathway | None = None) -> None:
    """The baseline is asked for before the operation; milestones.py lets the other points follow its day."""
    if rows.is_followed_up(pathway) and pathway.operated_on is None:
        outcome_series.plan_series(actor, pathway.patient_id, rows.treatment_of(pathway))
    elif earlier is not None and earlier.operated_on is not None:
        outcome_series.follow_amendment(actor, pathway.patient_id, earlier.id, rows.treatment_of(pathway))


def _stop_asking(actor: Actor, pathway: Pathway) -> None:
    """Nobody is asked for the scores of an operation that does not come; where another one is planned, for that."""
    if not rows.is_followed_up(pathway) or pathway.operated_on is not None:
        return
    others = (Pathway.patient_id == pathway.patient_id, Pathway.site_id == pathway.site_id, Pathway.id != pathway.id)
    open_ = (Pathway.ended_at.is_(None), Pathway.operated_on.is_(None))
    planned = session.scalars(select(Pathway).where(*others, *open_).order_by(Pathway.begun_at.desc()))
    other = next((one for one in planned if rows.is_followed_up(one)), None)
    if other is None:
        outcome_series.withdraw_series(actor, pathway.patient_id, "procedure")
    else:
        outcome_series.plan_series(actor, pathway.patient_id, rows.treatment_of(other))


def _hurry(actor: Actor, pathway: Pathway, steps: Sequence[Milestone]) -> None:
    """An emergency waits for no step of the planned way: it is operated on today, whatever stands before that."""
    pathway.urgent = True
    day = today(pathway.site_id)
    for step in steps:
        if step.mark == way.OPERATION:
            rows.place(pathway, step, day)
            rows.let_follow(actor, pathway, steps, step.name, day, happened=True)
            return
        if step.status == way.OPEN:
            rows.settle(actor, step, way.OMITTED, "emergency")
            rows.note(actor, pathway, way.OMITTED, step, words="emergency")


@verb
def cancel(actor: Actor, pathway_id: str, version: int, reason: str, words: str = "") -> None:
    """End a pathway before its end, with a coded reason; its history stays. "Other" needs words."""
    if not actor.may("pathways:end"):
        raise NotAllowed("only_care_decides")
    pathway, steps = rows.for_writing(actor, pathway_id, version)
    if reason not in knowledge.load().flow.pathways.end_reasons:
        raise Refused("reason_needed")
    if reason == "other" and not words.strip():
        raise Refused("note_needed")
    _end(actor, pathway, steps, way.CANCELLED, reason, words.strip())


def _end(
    actor: Actor, pathway: Pathway, steps: Sequence[Milestone], status: str, reason: str, words: str
) -> None:  # fmt: skip
    pathway.status, pathway.ended_at = status, clock.now()
    pathway.end_reason, pathway.end_note = reason, words
    for step in steps:
        if step.status == way.OPEN:
            rows.settle(actor, step, way.DROPPED)
    rows.review_times(actor, pathway)
    if status == way.CANCELLED:
        _stop_asking(actor, pathway)
    rows.note(actor, pathway, status, words=f"{reason}: {words}" if words else reason)
    rows.tell(actor, pathway, "pathway_ended", how=status, reason=reason, note=words)


@verb
def resume(actor: Actor, pathway_id: str, version: int, reason: str) -> None:
    """Go on with a cancelled pathway, as it stood; raises Conflict where another plan has taken its place."""
    if not actor.may("pathways:end"):
        raise NotAllowed("only_care_decides")
    lock_site(session(), actor.site_id)
    pathway, steps = rows.get(actor, pathway_id)
    check_version(pathway, version)
    if pathway.status != way.CANCELLED or pathway.end_reason == BY_DECISION:
        raise Conflict("pathway_not_cancelled")
    if not reason.strip():
        raise Refused("note_needed")
    same = (Pathway.patient_id == pathway.patient_id, Pathway.template == pathway.template)
    if session.scalar(select(Pathway.id).where(Pathway.visible_to(actor), *same, Pathway.ended_at.is_(None)).limit(1)):
        raise Conflict("pathway_open_already")
    pathway.status, pathway.ended_at, pathway.end_reason, pathway.end_note = way.OPEN, None, "", ""
    for step in steps:
        if step.status == way.DROPPED:
            rows.unsettle(step)
    rows.review_times(actor, pathway)
    _ask_for_scores(actor, pathway)
    rows.note(actor, pathway, "resumed", words=reason.strip())
    rows.tell(actor, pathway, "pathway_resumed", reason=reason.strip())
