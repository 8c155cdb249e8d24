"""What is read of the follow-up: who is to be asked now, one patient's course, a surgeon's results, the export."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import contains_eager, joinedload

from triage.db import session
from triage.domain import outcomes as rules
from triage.domain.access import Actor
from triage.domain.outcomes import NOT_DONE, WAITING, Window
from triage.models import Complication, Outcome, OutcomeChange, OutcomeContact, OutcomePoint, OutcomeSeries, Patient
from triage.services import outcomes
from triage.services.audit import record_read
from triage.services.judgements import Period
from triage.services.organisations import today

#: So many are listed at once; who is asked for last is the last to close.
MOST = 200


@dataclass(frozen=True)
class Due:
    """One patient who is to be asked now."""

    point: OutcomePoint
    state: str

    @property
    def patient(self) -> Patient:
        """Return who is to be asked."""
        return self.point.series.patient


def list_due(actor: Actor) -> list[Due]:
    """Return whom to ask now, those whose window closes first first; a planned operation's baseline before them."""
    day = today(actor.site_id)
    query = (
        select(OutcomePoint)
        .join(OutcomePoint.series)
        .where(OutcomePoint.visible_to(actor), OutcomePoint.status.in_(WAITING))
        .where(OutcomePoint.closes >= day, OutcomePoint.opens <= day)
        .options(contains_eager(OutcomePoint.series).joinedload(OutcomeSeries.patient))
        .order_by(OutcomeSeries.index_day.is_not(None), OutcomePoint.closes, OutcomePoint.id)
        .limit(MOST + 1)
    )
    return [Due(row, rules.state(row.status, window_of(row), day)) for row in session.scalars(query)]


def window_of(point: OutcomePoint) -> Window:
    """Return the days of a point."""
    return Window(point.opens, point.due, point.closes)


@dataclass(frozen=True)
class Course:
    """One series as it went: its points with their state, the numbers that stand by point and measure."""

    series: OutcomeSeries
    points: list[tuple[OutcomePoint, str]]
    values: dict[str, dict[str, Outcome]]
    contacts: list[tuple[OutcomePoint, OutcomeContact]]
    complications: list[Complication]
    changes: Sequence[OutcomeChange] = ()

    @property
    def measures(self) -> list[str]:
        """Return the measures of which any number is there, in their order."""
        there = {name for values in self.values.values() for name in values}
        return [name for name in outcomes.known().measures if name in there]


def courses_of(actor: Actor, patient_id: str) -> list[Course]:
    """Return the patient's follow-ups at this site, newest first."""
    query = select(OutcomeSeries).where(OutcomeSeries.patient_id == patient_id, OutcomeSeries.visible_to(actor))
    query = query.options(joinedload(OutcomeSeries.surgeon)).order_by(OutcomeSeries.begun_at.desc())
    return _courses(actor, session.scalars(query).all())


def course(actor: Actor, series_id: str) -> Course:
    """Return one follow-up and record that the actor saw it; raises NotFound."""
    series = outcomes.find(actor, series_id)
    record_read(actor, "patient_opened", patient_id=series.patient_id, what="outcomes")
    query = select(OutcomeChange).where(OutcomeChange.series_id == series_id).options(joinedload(OutcomeChange.staff))
    changes = session.scalars(query.order_by(OutcomeChange.at.desc(), OutcomeChange.id)).all()
    return replace(_courses(actor, [series])[0], changes=changes)


def _courses(actor: Actor, rows: Sequence[OutcomeSeries]) -> list[Course]:
    day, ids = today(actor.site_id), [row.id for row in rows]
    points = points_by_series(ids)
    by_id = {point.id: point for group in points.values() for point in group}
    values = standing(list(by_id))
    asked = select(OutcomeContact).where(OutcomeContact.point_id.in_(by_id)).options(joinedload(OutcomeContact.staff))
    contacts = [(by_id[row.point_id], row) for row in session.scalars(asked.order_by(OutcomeContact.at.desc()))]
    wrong = select(Complication).where(Complication.series_id.in_(ids)).options(joinedload(Complication.staff))
    wrongs = session.scalars(wrong.order_by(Complication.day)).all()
    return [
        Course(
            series=row,
            points=[(point, rules.state(point.status, window_of(point), day)) for point in points[row.id]],
            values={point.point: values[point.id] for point in points[row.id]},
            contacts=[(point, contact) for point, contact in contacts if point.series_id == row.id],
            complications=[one for one in wrongs if one.series_id == row.id],
        )
        for row in rows
    ]


def points_by_series(ids: Sequence[str]) -> defaultdict[str, list[OutcomePoint]]:
    """Return the points of each follow-up in their order."""
    found: defaultdict[str, list[OutcomePoint]] = defaultdict(list)
    query = select(OutcomePoint).where(OutcomePoint.series_id.in_(ids)).order_by(OutcomePoint.due)
    for row in session.scalars(query):
        found[row.series_id].append(row)
    return found


def standing(point_ids: Sequence[str]) -> defaultdict[str, dict[str, Outcome]]:
    """Return the numbers that stand, by point and measure."""
    found: defaultdict[str, dict[str, Outcome]] = defaultdict(dict)
    for row in session.scalars(select(Outcome).where(Outcome.point_id.in_(point_ids)).order_by(Outcome.revision)):
        found[row.point_id].pop(row.measure, None)
        if row.value is not None:
            found[row.point_id][row.measure] = row
    return found


def treated(actor: Actor, period: Period) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions: what was done at the site in the period; not what is only planned or was given up."""
    yield OutcomeSeries.site_id == actor.site_id
    yield OutcomeSeries.index_day.is_not(None)
    yield OutcomeSeries.end_reason != NOT_DONE
    if period.since:
        yield OutcomeSeries.index_day >= period.since
    if period.until:
        yield OutcomeSeries.index_day <= period.until
