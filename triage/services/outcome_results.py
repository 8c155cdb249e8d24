"""A surgeon's own results: what patients answered, what went wrong, and of how many."""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select

from triage import knowledge
from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import NotAllowed, NotFound
from triage.domain.outcome_results import Asked, Followed, Group, Rate, Wrong, groups, rate
from triage.domain.outcomes import ANSWERED, NOT_DONE, OPEN, OPERATED, PARTLY, STOPPED, Window
from triage.models import Complication, Outcome, OutcomePoint, OutcomeSeries, Staff
from triage.services import outcome_lists, outcome_starts, outcomes
from triage.services.audit import record_read
from triage.services.judgements import Period
from triage.services.organisations import today

STATUSES = (OPEN, PARTLY, ANSWERED, STOPPED)
_POINT = (OutcomePoint.point, OutcomePoint.opens, OutcomePoint.due, OutcomePoint.closes, OutcomePoint.answered_on)
_SERIES = (OutcomeSeries.ended_on, OutcomeSeries.end_reason, OutcomeSeries.start, OutcomeSeries.begun_at)


def surgeons(actor: Actor) -> Sequence[Staff]:
    """Return whose results the actor may look at: the own, or those of every surgeon of the site."""
    found = outcome_starts.surgeons(actor)
    return found if actor.may("results:all") else [one for one in found if one.id == actor.staff_id]


def results(actor: Actor, surgeon_id: str, period: Period) -> list[Group]:
    """Return the results of those whom this surgeon treated in a period; looking is recorded.

    Raises NotAllowed for another one's, NotFound for who is no surgeon.
    """
    if surgeon_id != actor.staff_id and not actor.may("results:all"):
        raise NotAllowed("not_allowed")
    if surgeon_id not in {one.id for one in surgeons(actor)} | {actor.staff_id}:
        raise NotFound("surgeon")
    only = tuple(_counted(actor, surgeon_id, period))
    followed = _followed(only)
    _add_points(followed, only, actor)
    _add_values(followed, only)
    _add_wrongs(followed, only)
    since, until = (str(day or "") for day in (period.since, period.until))
    record_read(actor, "results_viewed", whose=surgeon_id, since=since, until=until, found=len(followed))
    return groups(followed.values(), [one.id for one in knowledge.load().procedures])


def _counted(actor: Actor, surgeon_id: str, period: Period) -> Iterator[ColumnElement[bool]]:
    """Yield what makes a follow-up count: treated in the period, by this surgeon, and not given up."""
    own = ["", *(one.id for one in outcomes.known().starts.values() if one.own)]
    yield from outcome_lists.treated(actor, period)
    yield OutcomeSeries.surgeon_id == surgeon_id
    yield OutcomeSeries.start.in_(own)


def _followed(only: tuple[ColumnElement[bool], ...]) -> dict[str, Followed]:
    query = select(OutcomeSeries.id, OutcomeSeries.procedure, OutcomeSeries.end_reason).where(*only)
    rows = session.execute(query.order_by(OutcomeSeries.index_day, OutcomeSeries.id))
    return {id_: Followed(procedure, operated_since=reason == OPERATED) for id_, procedure, reason in rows}


def _add_points(followed: dict[str, Followed], only: tuple[ColumnElement[bool], ...], actor: Actor) -> None:
    query = select(OutcomePoint.series_id, *_POINT, *_SERIES).join(OutcomePoint.series).where(*only)
    for series_id, *row in session.execute(query):
        followed[series_id].asked.append(_asked(actor, row))


def _asked(actor: Actor, row: Sequence[Any]) -> Asked:
    point, opens, due, closes, answered_on, ended_on, reason, start, begun_at = row
    end = outcomes.known().ends.get(reason)
    begun = begun_at.astimezone(ZoneInfo(actor.time_zone)).date() if start else None
    return Asked(point, Window(opens, due, closes), answered_on, ended_on, end is None or end.counts, begun)


def _add_values(followed: dict[str, Followed], only: tuple[ColumnElement[bool], ...]) -> None:
    query = (
        select(OutcomePoint.series_id, OutcomePoint.point, Outcome.measure, Outcome.value)
        .join(OutcomePoint, OutcomePoint.id == Outcome.point_id)
        .join(OutcomePoint.series)
        .where(*only)
        .order_by(Outcome.revision)
    )
    for series_id, point, measure, value in session.execute(query):
        values = followed[series_id].values.setdefault(measure, {})
        values.pop(point, None)
        if value is not None:
            values[point] = value


def _add_wrongs(followed: dict[str, Followed], only: tuple[ColumnElement[bool], ...]) -> None:
    named = (Complication.series_id, Complication.kind, Complication.grade, Complication.reoperation)
    query = select(*named).join(OutcomeSeries, OutcomeSeries.id == Complication.series_id)
    for series_id, kind, grade, again in session.execute(query.where(*only, Complication.withdrawn_at.is_(None))):
        followed[series_id].wrongs.append(Wrong(kind, grade, again))


def rates(actor: Actor, period: Period) -> dict[str, Rate]:
    """Return the response rate of the site at each point, of those whose window closed in a period."""
    day = today(actor.site_id)
    query = (
        select(*_POINT, *_SERIES)
        .join(OutcomePoint.series)
        .where(OutcomePoint.site_id == actor.site_id, OutcomePoint.status.in_(STATUSES))
        .where(OutcomePoint.closes >= period.since, OutcomePoint.closes <= period.until)
        .where(OutcomeSeries.index_day.is_not(None), OutcomeSeries.end_reason != NOT_DONE)
    )
    asked = [_asked(actor, row) for row in session.execute(query)]
    return {name: rate((one for one in asked if one.point == name), day) for name in outcomes.known().points}
