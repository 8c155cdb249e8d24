"""Outcomes: a patient is followed up from a treatment on, asked at its points, and what they answer is kept."""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session
from triage.domain import outcomes
from triage.domain.access import Actor
from triage.domain.errors import NotFound
from triage.domain.outcomes import BASELINE, CONSERVATIVE, KINDS, PROCEDURE, STOPPED, WAITING, Window
from triage.knowledge.outcomes import Outcomes
from triage.models import Encounter, Finding, Outcome, OutcomePoint, OutcomeSeries
from triage.services.audit import lock_site, record
from triage.services.encounters import touch
from triage.services.organisations import today

#: How a number came that a visit has recorded.
AT_VISIT = "in_person"


def known() -> Outcomes:
    """Return when is asked for what."""
    return knowledge.load().flow.outcomes


def plan_series(actor: Actor, patient_id: str, procedure: str, surgeon_id: str) -> str:
    """Begin to follow up a patient whose operation is decided, inside a verb: the baseline is asked for before it.

    Returns the series' id; the same plan twice is one.
    """
    lock_site(session(), actor.site_id)
    for series in _running(actor, patient_id):
        if series.index_day is None:
            series.procedure, series.surgeon_id = procedure, surgeon_id  # another operation instead of the first
            return series.id
    series = _new(actor, patient_id, PROCEDURE, procedure, surgeon_id, None)
    day = today(actor.site_id)
    first = day - timedelta(days=known().points[BASELINE].before)
    _add_point(series, BASELINE, Window(first, day, day + timedelta(days=outcomes.PLANNED_DAYS)))
    record(actor, "outcomes_planned", patient_id=patient_id, series=series.id, procedure=procedure)
    _take_over_baseline(actor, series)
    return series.id


def begin_series(
    actor: Actor, patient_id: str, index_day: date, kind: str, procedure: str, surgeon_id: str
) -> str:  # fmt: skip
    """Begin the follow-up at the day of the operation or of the conservative decision, inside a verb; return its id.

    The same one twice is one. A planned series of the patient is taken up; every other one ends with an operation.
    """
    lock_site(session(), actor.site_id)
    if kind not in KINDS:
        raise ValueError(f"no such kind: {kind}")
    running = _running(actor, patient_id)
    for series in running:
        if (series.kind, series.index_day) == (kind, index_day):
            series.procedure = procedure  # what it was called may be put right afterwards
            return series.id
    planned = next((one for one in running if one.index_day is None and kind == PROCEDURE), None)
    for series in running:
        if series is not planned and (kind == PROCEDURE or series.kind == CONSERVATIVE):
            end(actor, series, outcomes.OPERATED if kind == PROCEDURE else "not_done", index_day)
    series = planned or _new(actor, patient_id, kind, procedure, surgeon_id, index_day)
    series.procedure, series.surgeon_id, series.index_day = procedure, surgeon_id, index_day
    touch(actor, series)
    _set_points(series, index_day)
    record(
        actor, "outcomes_begun", patient_id=patient_id, series=series.id, kind=kind, procedure=procedure,
        index_day=index_day,
    )  # fmt: skip
    _take_over_baseline(actor, series)
    return series.id


def withdraw_series(actor: Actor, patient_id: str, kind: str, index_day: date | None = None) -> None:
    """End, inside a verb, what of this kind began on the day, or was only planned (None): the decision fell."""
    for series in _running(actor, patient_id):
        if (series.kind, series.index_day) == (kind, index_day):
            end(actor, series, "not_done", today(actor.site_id))


def take_back(actor: Actor, patient_id: str, procedure: str) -> None:
    """Plan, inside a verb, an operation again that was noted as done by mistake; what was answered stays."""
    for series in _running(actor, patient_id):
        if series.kind == PROCEDURE and series.procedure == procedure and series.index_day is not None:
            series.index_day = None
            touch(actor, series)
            for point in points_of(series):
                if point.point == BASELINE:
                    point.closes = today(actor.site_id) + timedelta(days=outcomes.PLANNED_DAYS)
                else:
                    point.status = STOPPED
            record(actor, "outcomes_planned", patient_id=patient_id, series=series.id, procedure=procedure)


def end(actor: Actor, series: OutcomeSeries, reason: str, day: date, note: str = "") -> None:
    """End the series inside a verb: whom a window is open or still to come for is not asked any more."""
    series.ended_on, series.end_reason, series.end_note = day, reason, note
    touch(actor, series)
    for point in points_of(series):
        if point.status in WAITING and point.closes >= day:
            point.status = STOPPED
            touch(actor, point)
    record(actor, "outcomes_ended", patient_id=series.patient_id, series=series.id, reason=reason, note=note)


def _running(actor: Actor, patient_id: str) -> list[OutcomeSeries]:
    here = (OutcomeSeries.site_id == actor.site_id, OutcomeSeries.patient_id == patient_id)
    return list(session.scalars(select(OutcomeSeries).where(*here, OutcomeSeries.ended_on.is_(None))))


def _new(
    actor: Actor, patient_id: str, kind: str, procedure: str, surgeon_id: str, index_day: date | None
) -> OutcomeSeries:
    series = OutcomeSeries(
        site_id=actor.site_id, patient_id=patient_id, kind=kind, procedure=procedure, surgeon_id=surgeon_id,
        index_day=index_day, begun_at=clock.now(), begun_by=actor.staff_id, updated_by=actor.name,
        updated_at=clock.now(),
    )  # fmt: skip
    session.add(series)
    session.flush()
    return series


def _set_points(series: OutcomeSeries, index_day: date) -> None:
    there = {point.point: point for point in points_of(series)}
    for name, asked in known().points.items():
        window, point = asked.window(index_day), there.get(name)
        if point is None:
            _add_point(series, name, window)
        else:
            point.opens, point.due, point.closes = min(point.opens, window.opens), window.due, window.closes
            point.status = outcomes.status_after(known().core, current(point.id))


def _add_point(series: OutcomeSeries, name: str, window: Window) -> None:
    session.add(
        OutcomePoint(
            site_id=series.site_id, series_id=series.id, point=name, opens=window.opens, due=window.due,
            closes=window.closes, status=outcomes.OPEN,
        )
    )  # fmt: skip
    session.flush()


def points_of(series: OutcomeSeries) -> list[OutcomePoint]:
    """Return the points of a series in their order."""
    rows = session.scalars(select(OutcomePoint).where(OutcomePoint.series_id == series.id).order_by(OutcomePoint.due))
    return list(rows)


def _take_over_baseline(actor: Actor, series: OutcomeSeries) -> None:
    """Take what a visit has recorded in the days of the baseline: nobody is asked for the same number twice."""
    point = next(one for one in points_of(series) if one.point == BASELINE)
    if current(point.id):
        return
    named = {measure.finding: measure.id for measure in known().measures.values() if measure.finding}
    query = (
        select(Finding.name, Finding.value, Encounter.ticket_date)
        .join(Encounter, Encounter.id == Finding.encounter_id)
        .where(Encounter.site_id == series.site_id, Encounter.patient_id == series.patient_id, Finding.known)
        .where(Finding.name.in_(named), Encounter.ticket_date.between(point.opens, point.closes))
        .order_by(Encounter.ticket_date)
    )
    found = {named[name]: (float(value), day) for name, value, day in session.execute(query) if value is not None}
    if found:
        day = max(day for _value, day in found.values())
        write(actor, series, point, {name: value for name, (value, _day) in found.items()}, day, AT_VISIT)


def current(point_id: str) -> dict[str, Outcome]:
    """Return the numbers of a point that stand, by measure."""
    rows = session.scalars(select(Outcome).where(Outcome.point_id == point_id).order_by(Outcome.revision))
    newest = {row.measure: row for row in rows}
    return {name: row for name, row in newest.items() if row.value is not None}


def write(
    actor: Actor, series: OutcomeSeries, point: OutcomePoint, values: Mapping[str, float | None], day: date, how: str
) -> None:
    """Append, inside a verb, the numbers that differ from what stands; None takes one back."""
    before = {name: row.value for name, row in current(point.id).items()}
    changed = {name: value for name, value in values.items() if value != before.get(name)}
    session.add_all(_rows(actor, point, changed, day, how))
    session.flush()
    after = {name for name, value in (before | changed).items() if value is not None}
    point.status = outcomes.status_after(known().core, after)
    point.answered_on = (point.answered_on or day) if point.status == outcomes.ANSWERED else None
    touch(actor, point)
    record(
        actor, "outcomes_recorded", patient_id=series.patient_id, series=series.id, point=point.point, on=day,
        how=how, values=changed, before={name: before.get(name) for name in changed},
    )  # fmt: skip


def _rows(
    actor: Actor, point: OutcomePoint, values: Mapping[str, float | None], day: date, how: str
) -> list[Outcome]:  # fmt: skip
    last = session.scalar(select(func.max(Outcome.revision)).where(Outcome.point_id == point.id)) or 0
    return [
        Outcome(
            point_id=point.id, measure=name, revision=last + 1, value=value, day=day, how=how, at=clock.now(),
            staff_id=actor.staff_id,
        )
        for name, value in values.items()
    ]  # fmt: skip


def find(actor: Actor, series_id: str) -> OutcomeSeries:
    """Return the series with its patient and surgeon, if the actor may see it; raises NotFound."""
    query = select(OutcomeSeries).where(OutcomeSeries.id == series_id, OutcomeSeries.visible_to(actor))
    query = query.options(joinedload(OutcomeSeries.patient), joinedload(OutcomeSeries.surgeon))
    series = session.scalar(query.execution_options(populate_existing=True))
    if series is None:
        raise NotFound("outcomes")
    return series


def find_point(actor: Actor, point_id: str) -> OutcomePoint:
    """Return the point with its series and patient, if the actor may see it; raises NotFound."""
    query = select(OutcomePoint).where(OutcomePoint.id == point_id, OutcomePoint.visible_to(actor))
    query = query.options(joinedload(OutcomePoint.series).joinedload(OutcomeSeries.patient))
    point = session.scalar(query.execution_options(populate_existing=True))
    if point is None:
        raise NotFound("outcomes")
    return point
