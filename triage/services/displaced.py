"""Appointments that cannot stand as they are booked, marked until dealt with.

When hours, a surgeon's days or the pathway change that they are booked for.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session
from triage.domain import appointments as rules
from triage.domain import pathways as way
from triage.domain.access import Actor
from triage.domain.hours import Opening
from triage.models import Appointment, Milestone
from triage.services import surgeon_days

#: Outside the clinic's hours; the other reasons are those of domain/surgeon_days.py and these two.
CLOSED = "closed"
#: The step of a pathway is planned for another day now, or nobody has to come for it any more.
STEP_MOVED, STEP_OVER = "step_moved", "step_over"
#: So many are shown, the next ones first; how many there are is counted.
SHOWN = 20
Openings = Callable[[str, date, date], Mapping[date, Opening | None]]


def review(actor: Actor, since: date, until: date | None, openings: Openings) -> int:
    """Mark inside a verb, of what is booked on these days, what can no longer stand; return how many were found.

    ``until`` None: all that come. What can stand again is no longer marked.
    """
    query = select(Appointment).where(
        Appointment.site_id == actor.site_id, Appointment.status == rules.BOOKED,
        Appointment.starts_at >= clock.now(), Appointment.day >= since,
    )  # fmt: skip
    if until is not None:
        query = query.where(Appointment.day <= until)
    return _mark(actor, session.scalars(query.order_by(Appointment.starts_at)).all(), openings)


def review_pathway(actor: Actor, pathway_id: str, openings: Openings) -> int:
    """Mark inside a verb, of what is booked for the steps of a pathway, what can no longer stand; return how many."""
    query = select(Appointment).join(Milestone, Milestone.id == Appointment.milestone_id)
    query = query.where(
        Milestone.pathway_id == pathway_id, Appointment.status == rules.BOOKED, Appointment.starts_at >= clock.now()
    )
    return _mark(actor, session.scalars(query.order_by(Appointment.starts_at)).all(), openings)


def _mark(actor: Actor, rows: Sequence[Appointment], openings: Openings) -> int:
    if not rows:
        return 0
    first, last = rows[0].day, rows[-1].day
    open_on, calendar = openings(actor.site_id, first, last), surgeon_days.calendar(actor.site_id, first, last)
    steps = _steps([row.milestone_id for row in rows if row.milestone_id])
    for row in rows:
        code = _why(actor, row, open_on[row.day], calendar) or _why_step(row, steps.get(row.milestone_id or ""))
        if row.to_move != code:
            row.to_move = code
    return sum(bool(row.to_move) for row in rows)


def _steps(ids: Sequence[str]) -> Mapping[str, Milestone]:
    found = session.scalars(select(Milestone).where(Milestone.id.in_(ids))) if ids else ()
    return {step.id: step for step in found}


def _why_step(row: Appointment, step: Milestone | None) -> str:
    """What was given for the day of then stands until the step has another one; another day by hand is a choice."""
    if step is None or (step.status == way.OPEN and step.due_on in (row.step_day, row.day)):
        return ""
    return STEP_MOVED if step.status == way.OPEN else STEP_OVER


def _why(actor: Actor, row: Appointment, clinic: Opening | None, calendar: surgeon_days.Calendar) -> str:
    zone = ZoneInfo(actor.time_zone)
    if not rules.is_within(row.starts_at, row.minutes, clinic, zone):
        return CLOSED
    if row.staff_id is None:
        return ""
    of_surgeon = calendar.day_of(row.staff_id, row.day, clinic)
    return "" if rules.is_within(row.starts_at, row.minutes, of_surgeon.hours, zone) else of_surgeon.why_not


def list_to_move(actor: Actor) -> tuple[Sequence[Appointment], int]:
    """Return the next of the appointments that have to be moved, by time, and how many there are."""
    return _next(actor, Appointment.to_move != "")


def list_booked(actor: Actor, staff_id: str, first: date, last: date) -> tuple[Sequence[Appointment], int]:
    """Return the next of a surgeon's appointments from the first day to the last, by time, and how many there are."""
    return _next(actor, Appointment.staff_id == staff_id, Appointment.day.between(first, last))


def _next(actor: Actor, *which: ColumnElement[bool]) -> tuple[Sequence[Appointment], int]:
    mine = (
        Appointment.visible_to(actor), Appointment.status == rules.BOOKED, *which, Appointment.starts_at >= clock.now()
    )  # fmt: skip
    query = select(Appointment).where(*mine).order_by(Appointment.starts_at).limit(SHOWN)
    rows = session.scalars(query.options(joinedload(Appointment.patient), joinedload(Appointment.surgeon))).all()
    counted = session.scalar(select(func.count()).select_from(Appointment).where(*mine)) if len(rows) == SHOWN else 0
    return rows, counted or len(rows)
