"""What is entered into a follow-up: answers, attempts to reach the patient, its end, complications."""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import select

from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, NotFound, Refused
from triage.domain.outcomes import BASELINE, STOPPED, WAITING
from triage.models import Complication, OutcomeContact, OutcomePoint, OutcomeSeries
from triage.services import late, outcome_series, outcomes
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, touch
from triage.services.organisations import today


@verb
def record_answers(
    actor: Actor, point_id: str, version: int, values: Mapping[str, float | None], day: date, how: str
) -> None:
    """Keep what a patient answered on a day; None takes a number back.

    Raises Stale on an old page, Conflict too early or where nobody is asked any more, Invalid for a day that cannot
    belong to this point, Refused where nothing was typed.
    """
    lock_site(session(), actor.site_id)
    point = outcomes.find_point(actor, point_id)
    check_version(point, version)
    _check_point(actor, point)
    _check_day(actor, point, day)
    if how not in outcomes.known().hows:
        raise Invalid(how="not_a_choice")
    standing = outcomes.current(point.id)
    late.check(*(row.at for row in standing.values()))  # what was entered since is never overwritten from paper
    if all(value is None for name, value in values.items() if name not in standing) and not standing.keys() & values:
        raise Refused("nothing_typed")
    outcomes.write(actor, point.series, point, values, day, how)


def _check_point(actor: Actor, point: OutcomePoint) -> None:
    if point.status == STOPPED:
        raise Conflict("point_stopped")
    if today(actor.site_id) < point.opens:
        raise Conflict("point_early", day=point.opens.isoformat())


def _check_day(actor: Actor, point: OutcomePoint, day: date) -> None:
    if day > today(actor.site_id):
        raise Invalid(day="future_date")
    if not point.opens <= day <= last_day(point):
        raise Invalid(day="outside_the_window")


def last_day(point: OutcomePoint) -> date:
    """Return the last day on which an answer can be meant for this point: the next one has not begun yet."""
    if point.point == BASELINE:
        return point.closes
    later = (one.opens for one in outcomes.points_of(point.series) if one.due > point.due)
    return next((opens - timedelta(days=1) for opens in later), date.max)


@verb
def note_contact(actor: Actor, point_id: str, version: int, result: str, note: str = "") -> None:
    """Append that the patient was asked, or could not be reached. Raises Conflict where nobody is to be asked now."""
    lock_site(session(), actor.site_id)
    point = outcomes.find_point(actor, point_id)
    check_version(point, version)
    _check_point(actor, point)
    if point.status not in WAITING:
        raise Conflict("nobody_to_call")
    if result not in outcomes.known().contacts:
        raise Invalid(result="not_a_choice")
    at, words = clock.now(), note.strip()
    session.add(OutcomeContact(point_id=point.id, result=result, note=words, at=at, staff_id=actor.staff_id))
    point.attempts += 1
    if point.attempted_at is None or at >= point.attempted_at:  # one from paper may lie before the last
        point.attempted_at, point.attempt = at, result
    touch(actor, point)
    record(
        actor, "outcomes_asked", patient_id=point.series.patient_id, series=point.series_id, point=point.point,
        result=result, note=words, attempts=point.attempts,
    )  # fmt: skip


@verb
def end(actor: Actor, series_id: str, version: int, reason: str, note: str = "") -> None:
    """End a follow-up with a coded reason: the patient does not wish it, cannot be reached, has died."""
    lock_site(session(), actor.site_id)
    series = outcomes.find(actor, series_id)
    check_version(series, version)
    if series.ended_on is not None:
        raise Conflict("follow_up_ended")
    chosen = outcomes.known().ends.get(reason)
    if chosen is None or not chosen.by_hand:
        raise Invalid(reason="reason_needed")
    outcome_series.end(actor, series, reason, today(actor.site_id), note.strip())


@verb
def take_up(actor: Actor, series_id: str, version: int) -> None:
    """Take up a follow-up that was ended by hand; raises Conflict where it runs, or an operation ended it."""
    lock_site(session(), actor.site_id)
    series = outcomes.find(actor, series_id)
    check_version(series, version)
    if series.ended_on is None or not outcomes.known().ends[series.end_reason].by_hand:
        raise Conflict("follow_up_runs" if series.ended_on is None else "follow_up_ended")
    outcome_series.revive(actor, series)


@verb
def note_complication(
    actor: Actor, series_id: str, version: int | None, kind: str, day: date, grade: str, reoperation: bool,
    note: str = "",
) -> str:  # fmt: skip
    """Note what went wrong after the treatment; return its id.

    Raises Invalid at the field that is wrong, Stale where the follow-up is of something else since the page was read.
    """
    lock_site(session(), actor.site_id)
    series = outcomes.find(actor, series_id)
    check_version(series, version)
    if series.index_day is None:
        raise Conflict("follow_up_planned")
    _check_complication(actor, series, kind, day, grade)
    row = Complication(
        series_id=series.id, kind=kind, day=day, grade=grade, reoperation=reoperation, note=note.strip(),
        at=clock.now(), staff_id=actor.staff_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(
        actor, "complication_noted", patient_id=series.patient_id, series=series.id, complication=row.id, kind=kind,
        day=day, grade=grade, reoperation=reoperation, note=row.note,
    )  # fmt: skip
    return row.id


def _check_complication(actor: Actor, series: OutcomeSeries, kind: str, day: date, grade: str) -> None:
    faults = {}
    if kind not in outcomes.known().complications:
        faults["kind"] = "not_a_choice"
    if grade not in outcomes.known().grades:
        faults["grade"] = "not_a_choice"
    if day > today(actor.site_id):
        faults["day"] = "future_date"
    elif series.index_day and day < series.index_day:
        faults["day"] = "before_the_index_day"
    if faults:
        raise Invalid(**faults)


@verb
def withdraw_complication(actor: Actor, complication_id: str, why: str) -> str:
    """Take back a complication that was noted by mistake, with the reason; return the id of its series."""
    lock_site(session(), actor.site_id)
    query = select(Complication).join(OutcomeSeries, OutcomeSeries.id == Complication.series_id)
    row = session.scalar(query.where(Complication.id == complication_id, OutcomeSeries.visible_to(actor)))
    if row is None:
        raise NotFound("outcomes")
    if row.withdrawn_at is not None:
        raise Conflict("complication_withdrawn")
    if not why.strip():
        raise Refused("note_needed")
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_why = clock.now(), actor.staff_id, why.strip()
    series = outcomes.find(actor, row.series_id)
    record(
        actor, "complication_withdrawn", patient_id=series.patient_id, series=series.id, complication=row.id,
        reason=row.withdrawn_why,
    )  # fmt: skip
    return series.id
