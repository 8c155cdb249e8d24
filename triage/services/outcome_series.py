"""Follow-ups begin, change, end and go on: with a plan for an operation, the operation itself, or conservative care."""

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import ColumnElement, select

from triage import clock
from triage.db import session
from triage.domain import outcomes as rules
from triage.domain.access import Actor
from triage.domain.outcomes import (
    BASELINE,
    CONSERVATIVE,
    NOT_DONE,
    OPERATED,
    PROCEDURE,
    STOPPED,
    WAITING,
    Named,
    Treatment,
    Window,
)
from triage.models import OutcomeSeries
from triage.services import outcomes
from triage.services.audit import lock_site, record
from triage.services.encounters import touch
from triage.services.organisations import today


def plan_series(actor: Actor, patient_id: str, treatment: Treatment) -> str:
    """Begin to follow up a patient whose operation is decided, inside a verb: the baseline is asked for before it.

    Returns the series' id. A patient has one plan at a time, and one that was given up and is taken up again goes on.
    """
    lock_site(session(), actor.site_id)
    series = next((one for one in _running(actor, patient_id) if one.index_day is None), None)
    if series is None:
        series = _given_up(actor, patient_id, treatment)
        if series is not None:
            revive(actor, series)
    if series is not None:
        _rename(actor, series, treatment)
        return series.id
    series = _new(actor, patient_id, treatment, None)
    day = today(actor.site_id)
    first = day - timedelta(days=outcomes.known().points[BASELINE].before)
    outcomes.add_point(series, BASELINE, Window(first, day, day + timedelta(days=rules.PLANNED_DAYS)))
    outcomes.note(actor, series, "planned")
    record(actor, "outcomes_planned", patient_id=patient_id, series=series.id, procedure=treatment.procedure)
    outcomes.take_over_baseline(actor, series)
    return series.id


def begin_series(actor: Actor, patient_id: str, index_day: date, treatment: Treatment) -> str:
    """Begin the follow-up at the day of the operation or of the conservative decision, inside a verb; return its id.

    The same one twice is one, and conservative care within a follow-up begins none of its own: nobody is asked twice.
    A planned series is taken up by its operation. An operation ends every follow-up of what was done before it.
    """
    lock_site(session(), actor.site_id)
    same = find_same(actor, patient_id, index_day, treatment)
    if same is not None:
        if treatment.kind == PROCEDURE:
            _rename(actor, same, treatment)  # what it was called may be put right afterwards
        return same.id
    running = _running(actor, patient_id)
    takes_up = treatment.kind == PROCEDURE and not treatment.start
    series = next((one for one in running if takes_up and one.index_day is None), None)
    if series is not None:
        _rename(actor, series, treatment)
    else:
        series = _new(actor, patient_id, treatment, index_day)
    series.index_day = index_day
    outcomes.set_points(series, index_day)
    outcomes.note(actor, series, "begun", now=index_day.isoformat(), words=treatment.note)
    record(
        actor, "outcomes_begun", patient_id=patient_id, series=series.id, kind=treatment.kind, start=treatment.start,
        procedure=treatment.procedure, index_day=index_day, note=treatment.note,
    )  # fmt: skip
    outcomes.take_over_baseline(actor, series)
    _end_earlier(actor, series, running)
    return series.id


def find_same(actor: Actor, patient_id: str, index_day: date, treatment: Treatment) -> OutcomeSeries | None:
    """Return the running follow-up that stands for this one too: it is the same, or this is care within it."""
    return next((one for one in _running(actor, patient_id) if _stands_for(one, index_day, treatment)), None)


def _stands_for(series: OutcomeSeries, index_day: date, treatment: Treatment) -> bool:
    if series.index_day is None:
        return False
    if treatment.kind == CONSERVATIVE:
        last = max(point.closes for point in outcomes.points_of(series))
        return series.index_day <= index_day <= last
    return (series.kind, series.index_day) == (treatment.kind, index_day)


def _end_earlier(actor: Actor, series: OutcomeSeries, running: Iterable[OutcomeSeries]) -> None:
    """End what an operation has overtaken: the patient's earlier follow-ups, or this one where a later one is known."""
    for other in running:
        if other is series or other.index_day is None or series.index_day is None:
            continue
        first, later = sorted((other, series), key=lambda one: one.index_day or date.max)
        if later.kind == PROCEDURE and later.index_day and first.ended_on is None:
            first.ended_by_id = later.id
            end(actor, first, OPERATED, later.index_day)


def withdraw_series(actor: Actor, patient_id: str, kind: str, index_day: date | None = None) -> None:
    """End, inside a verb, what of this kind began on the day, or was only planned (None): the decision fell."""
    for series in _running(actor, patient_id):
        if (series.kind, series.index_day) == (kind, index_day):
            end(actor, series, NOT_DONE, today(actor.site_id))


def take_back(actor: Actor, patient_id: str, pathway_id: str) -> None:
    """Plan, inside a verb, an operation again that was noted as done by mistake; what was answered stays.

    Every follow-up that the operation had ended goes on.
    """
    for series in _of_pathway(actor, patient_id, pathway_id):
        if series.index_day is None:
            continue
        outcomes.note(actor, series, "taken_back", was=series.index_day.isoformat())
        series.index_day = None
        for point in outcomes.points_of(series):
            if point.point == BASELINE:
                point.closes = today(actor.site_id) + timedelta(days=rules.PLANNED_DAYS)
            else:
                point.status = STOPPED
            touch(actor, point)
        record(actor, "outcomes_planned", patient_id=series.patient_id, series=series.id, procedure=series.procedure)
        for ended in _ended_by(actor, series):
            revive(actor, ended)


def follow_amendment(actor: Actor, patient_id: str, before_id: str, treatment: Treatment) -> None:
    """Let, inside a verb, the follow-up of an operation that was done say what the amended decision says of it."""
    for series in _of_pathway(actor, patient_id, before_id):
        _rename(actor, series, treatment)


def _rename(actor: Actor, series: OutcomeSeries, treatment: Treatment) -> None:
    names = ("procedure", "level", "side", "surgeon_id")
    before = {name: getattr(series, name) for name in names}
    changed = {name: getattr(treatment, name) for name in names if getattr(treatment, name) != before[name]}
    if treatment.pathway_id:
        series.pathway_id = treatment.pathway_id
    if not changed:
        return
    for name, value in changed.items():
        setattr(series, name, value)
    words = [Named(one["procedure"], one["level"], one["side"]).stored for one in (before, before | changed)]
    outcomes.note(actor, series, "changed", *words)
    was = {name: before[name] for name in changed}
    record(actor, "outcomes_changed", patient_id=series.patient_id, series=series.id, before=was, after=changed)


def end(actor: Actor, series: OutcomeSeries, reason: str, day: date, note: str = "") -> None:
    """End the series inside a verb: whom a window is open or still to come for is not asked any more."""
    series.ended_on, series.end_reason, series.end_note = day, reason, note
    outcomes.note(actor, series, "ended", now=reason, words=note)
    for point in outcomes.points_of(series):
        if point.status in WAITING and point.closes >= day:
            point.status = STOPPED
            touch(actor, point)
    record(actor, "outcomes_ended", patient_id=series.patient_id, series=series.id, reason=reason, note=note)


def revive(actor: Actor, series: OutcomeSeries) -> None:
    """Let an ended series go on inside a verb, with every point as its answers say."""
    reason, core = series.end_reason, outcomes.known().core
    series.ended_on, series.end_reason, series.end_note, series.ended_by_id = None, "", "", None
    outcomes.note(actor, series, "taken_up", was=reason)
    for point in outcomes.points_of(series):
        if point.status == STOPPED:
            point.status = rules.status_after(core, outcomes.current(point.id).keys())
            touch(actor, point)
    record(actor, "outcomes_taken_up", patient_id=series.patient_id, series=series.id, reason=reason)


def _here(actor: Actor, patient_id: str) -> tuple[ColumnElement[bool], ...]:
    return OutcomeSeries.site_id == actor.site_id, OutcomeSeries.patient_id == patient_id


def _running(actor: Actor, patient_id: str) -> list[OutcomeSeries]:
    query = select(OutcomeSeries).where(*_here(actor, patient_id), OutcomeSeries.ended_on.is_(None))
    return list(session.scalars(query.order_by(OutcomeSeries.begun_at, OutcomeSeries.id)))


def _given_up(actor: Actor, patient_id: str, treatment: Treatment) -> OutcomeSeries | None:
    """Return the plan of this very pathway that was given up: its baseline is not asked for a second time."""
    if not treatment.pathway_id:
        return None
    plan = (OutcomeSeries.index_day.is_(None), OutcomeSeries.end_reason == NOT_DONE)
    query = select(OutcomeSeries).where(*_here(actor, patient_id), *plan)
    return session.scalars(query.where(OutcomeSeries.pathway_id == treatment.pathway_id).limit(1)).first()


def _of_pathway(actor: Actor, patient_id: str, pathway_id: str) -> list[OutcomeSeries]:
    query = select(OutcomeSeries).where(*_here(actor, patient_id), OutcomeSeries.pathway_id == pathway_id)
    return list(session.scalars(query))


def _ended_by(actor: Actor, series: OutcomeSeries) -> list[OutcomeSeries]:
    query = select(OutcomeSeries).where(*_here(actor, series.patient_id), OutcomeSeries.ended_by_id == series.id)
    return list(session.scalars(query))


def _new(actor: Actor, patient_id: str, treatment: Treatment, index_day: date | None) -> OutcomeSeries:
    series = OutcomeSeries(
        site_id=actor.site_id, patient_id=patient_id, index_day=index_day, begun_at=clock.now(),
        begun_by=actor.staff_id, updated_by=actor.name, updated_at=clock.entered(), **treatment.columns(),
    )  # fmt: skip
    session.add(series)
    session.flush()
    return series
