"""Reading pathways: the board of all that are open, what is due and late, one patient's view with its history."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import knowledge
from triage.db import session
from triage.domain import pathways as way
from triage.domain.access import Actor
from triage.models import Appointment, Milestone, MilestoneChange, Pathway
from triage.services import hours, step_times
from triage.services import pathway_rows as rows
from triage.services.audit import record_read
from triage.services.organisations import today

#: So many ended pathways are listed, the last ended first.
ENDED = 100


@dataclass(frozen=True)
class Line:
    """One row of the board: a pathway, its steps in order, what is next, and its alarms."""

    pathway: Pathway
    steps: list[Milestone]
    alarms: list[way.Alarm]
    times: Mapping[str, Appointment]  # by step: when it is booked, or what became of that

    @property
    def next(self) -> Milestone | None:
        """Return the open step that is due first."""
        return way.next_step(self.steps)


@dataclass(frozen=True)
class Filters:
    """What the board shows: a phase, "alarm" or "ended", and words of a name or a number; empty means all open."""

    show: str = ""
    words: str = ""


def board(actor: Actor, filters: Filters) -> tuple[list[Line], dict[str, int]]:
    """Return the lines that fit the filters, by the day of the operation; and how many there are of each."""
    lines = _lines(list_open(actor))
    counts = {phase: sum(line.pathway.phase == phase for line in lines) for phase in way.PHASES}
    counts |= {"": len(lines), "alarm": sum(bool(line.alarms) for line in lines)}
    if filters.show == "ended":
        lines = _lines(list_ended(actor))
    elif filters.show == "alarm":
        lines = [line for line in lines if line.alarms]
    elif filters.show:
        lines = [line for line in lines if line.pathway.phase == filters.show]
    return [line for line in lines if _fits(line.pathway, filters.words)], counts


def _lines(found: Sequence[Pathway]) -> list[Line]:
    steps = rows.steps_of(one.id for one in found)
    closed = _closed_days(found[0].site_id, [step for each in steps.values() for step in each]) if found else ()
    times = step_times.of_steps([step.id for each in steps.values() for step in each])
    return [Line(one, steps[one.id], alarms_of(one, steps[one.id], closed, times), times) for one in found]


def _fits(pathway: Pathway, words: str) -> bool:
    who = pathway.patient
    text = _plain(f"{who.name} {who.kana} {who.number} {pathway.procedure}")
    return all(word in text for word in _plain(words).split())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def list_open(actor: Actor) -> Sequence[Pathway]:
    """Return the site's open pathways by the day of the operation; those without a day come first."""
    query = rows.pathways(actor).where(Pathway.ended_at.is_(None))
    found: Sequence[Pathway] = session.scalars(query).all()
    return sorted(found, key=lambda one: (one.operation_on is not None, one.operation_on or date.min, one.begun_at))


def list_ended(actor: Actor) -> Sequence[Pathway]:
    """Return the pathways that ended last, the latest first."""
    query = rows.pathways(actor).where(Pathway.ended_at.is_not(None)).order_by(Pathway.ended_at.desc())
    found: Sequence[Pathway] = session.scalars(query.limit(ENDED)).all()
    return found


def alarms_of(
    pathway: Pathway, steps: Sequence[Milestone], closed: Collection[date], times: Mapping[str, Appointment]
) -> list[way.Alarm]:
    """Return what somebody has to see about an open pathway, the gravest first; ``closed``: days to come."""
    if pathway.status != way.OPEN:
        return []
    to_move = [step.name for step in steps if step.id in times and times[step.id].is_to_move]
    return way.alarms(steps, today(pathway.site_id), knowledge.load().flow.pathways.not_ready_days, closed, to_move)


def _closed_days(site_id: str, steps: Sequence[Milestone]) -> set[date]:
    """Return on which of the days to come that steps are planned for the clinic is closed, closed since then too."""
    now = today(site_id)
    days = {step.due_on for step in steps if step.status == way.OPEN and step.due_on and step.due_on >= now}
    if not days:
        return set()
    found = hours.openings(site_id, min(days), max(days))
    return {day for day in days if found[day] is None}


def list_due(actor: Actor, owner: str = "") -> Sequence[Milestone]:
    """Return the open steps that are due today or before, the latest first; ``owner``: of one role only."""
    query = select(Milestone).where(
        Milestone.visible_to(actor), Milestone.settled_at.is_(None), Milestone.due_on <= today(actor.site_id)
    )
    if owner:
        query = query.where(Milestone.owner == owner)
    query = query.options(joinedload(Milestone.pathway).joinedload(Pathway.patient))
    return session.scalars(query.order_by(Milestone.due_on, Milestone.pathway_id, Milestone.position)).all()


def list_of_patient(actor: Actor, patient_id: str) -> list[Pathway]:
    """Return a patient's pathways, open ones first, then the newest."""
    found = session.scalars(rows.pathways(actor).where(Pathway.patient_id == patient_id)).all()
    return sorted(found, key=lambda one: (one.ended_at is None, one.begun_at), reverse=True)


@dataclass(frozen=True)
class View:
    """One patient's pathway as a page shows it: its steps, alarms and history, and the patient's other pathways."""

    pathway: Pathway
    steps: list[Milestone]
    alarms: list[way.Alarm]
    history: Sequence[MilestoneChange]
    others: list[Pathway]
    times: Mapping[str, Appointment]


def view(actor: Actor, pathway_id: str) -> View:
    """Return a pathway with all that belongs to it; raises NotFound."""
    pathway, steps = rows.get(actor, pathway_id)
    changes = select(MilestoneChange).where(MilestoneChange.pathway_id == pathway.id)
    changes = changes.options(joinedload(MilestoneChange.staff))
    history = session.scalars(changes.order_by(MilestoneChange.at.desc(), MilestoneChange.id)).all()
    others = [one for one in list_of_patient(actor, pathway.patient_id) if one.id != pathway.id]
    times = step_times.of_steps([step.id for step in steps])
    alarms = alarms_of(pathway, steps, _closed_days(pathway.site_id, steps), times)
    return View(pathway, steps, alarms, history, others, times)


def open_(actor: Actor, pathway_id: str) -> View:
    """Return the same, and record that the actor saw it."""
    return _seen(actor, pathway_id, "patient_opened", "pathway")


def print_(actor: Actor, pathway_id: str) -> View:
    """Return the same, and record that the actor printed the patient's schedule."""
    return _seen(actor, pathway_id, "printed", "schedule")


def _seen(actor: Actor, pathway_id: str, event: str, what: str) -> View:
    found = view(actor, pathway_id)
    record_read(actor, event, patient_id=found.pathway.patient_id, what=what)
    return found
