"""Outcomes: the points of a follow-up, what was answered at them, and what became of it."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session
from triage.domain import outcomes
from triage.domain.access import Actor
from triage.domain.errors import NotFound
from triage.domain.outcomes import BASELINE, Window
from triage.knowledge.outcomes import Outcomes
from triage.models import Encounter, Finding, Outcome, OutcomeChange, OutcomePoint, OutcomeSeries
from triage.services.audit import record
from triage.services.encounters import touch

#: How a number came that a visit has recorded.
AT_VISIT = "in_person"


def known() -> Outcomes:
    """Return when is asked for what."""
    return knowledge.load().flow.outcomes


def points_of(series: OutcomeSeries) -> list[OutcomePoint]:
    """Return the points of a series in their order."""
    rows = session.scalars(select(OutcomePoint).where(OutcomePoint.series_id == series.id).order_by(OutcomePoint.due))
    return list(rows)


def set_points(series: OutcomeSeries, index_day: date) -> None:
    """Give a series every point, dated from its index day; what was answered counts as answered."""
    there = {point.point: point for point in points_of(series)}
    for name, asked in known().points.items():
        window, point = asked.window(index_day), there.get(name)
        if point is None:
            add_point(series, name, window)
        else:
            point.opens, point.due, point.closes = min(point.opens, window.opens), window.due, window.closes
            point.status = outcomes.status_after(known().core, current(point.id))


def add_point(series: OutcomeSeries, name: str, window: Window) -> None:
    """Add an open point to a series."""
    session.add(
        OutcomePoint(
            site_id=series.site_id, series_id=series.id, point=name, opens=window.opens, due=window.due,
            closes=window.closes, status=outcomes.OPEN,
        )
    )  # fmt: skip
    session.flush()


def take_over_baseline(actor: Actor, series: OutcomeSeries) -> None:
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


def note(actor: Actor, series: OutcomeSeries, kind: str, was: str = "", now: str = "", words: str = "") -> None:
    """Append, inside a verb, to the history of a follow-up what has become of it."""
    session.add(
        OutcomeChange(
            series_id=series.id, kind=kind, at=clock.now(), staff_id=actor.staff_id, was=was, now=now, words=words
        )
    )
    touch(actor, series)
