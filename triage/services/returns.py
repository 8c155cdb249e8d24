"""Asked to come back another day: only who is safe to wait, with a dated return; undone for ten minutes; called."""

from sqlalchemy import func, select

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import comeback, leaving, lifecycle
from triage.domain.access import Actor
from triage.domain.comeback import Day
from triage.domain.errors import Conflict, Invalid, Refused
from triage.domain.gate import Reasons
from triage.domain.urgent import not_denied
from triage.knowledge.types import Labelled
from triage.models import Encounter, Finding, ReturnCall, ReturnVisit
from triage.services import expected, hours, late, triage
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, for_writing, get, move, touch
from triage.services.orders import cancel_imaging, is_started
from triage.services.organisations import today
from triage.services.reopening import open_again, refuse_second_visit, standing
from triage.services.return_lists import find


def reasons_of() -> dict[str, Labelled]:
    """Return the coded reasons why somebody is asked to come back, by id."""
    return {known.id: known for known in knowledge.load().flow.comeback_reasons}


def closed(encounter: Encounter) -> Reasons:
    """Return every reason why this patient is seen today, by what is kept and by what the rules say now."""
    now, ran = triage.situation(encounter), encounter.suggestion is not None
    return comeback.closed(
        comeback.Standing(
            unanswered=now.question.unanswered,
            not_known=now.question.not_known,
            not_denied=not_denied(knowledge.load(), now.answers),
            suggested=(encounter.suggested_level, now.suggestion.level if ran else None),
            routes=(encounter.suggested_route, now.suggestion.route, encounter.route),
            acuity=encounter.acuity,
            emergency_open=now.question.emergency_open or encounter.stage == lifecycle.EMERGENCY,
            is_worse=encounter.worse_at is not None,
        )
    )


@verb
def ask_back(actor: Actor, encounter_id: str, version: int, day: Day, reason: str, note: str = "") -> str:
    """End the visit with a return on another open day and keep priority and arrival; return the return's id.

    Refused while an urgent question is open or not answered "no", or anything urgent stands; Invalid at the field for
    a day or a window outside the opening hours; Conflict during an examination or an emergency.
    """
    encounter = for_writing(actor, encounter_id)
    check_version(encounter, version)
    lifecycle.after("ask_back", encounter.stage)
    if is_started(encounter):
        raise Conflict("imaging_runs")
    for code, params in closed(encounter):
        raise Refused(code, **params)
    if reason not in reasons_of():
        raise Invalid(reason="reason_needed")
    check_day(actor.site_id, day)
    if clock.entered_late():
        late.check(session.scalar(select(func.max(Finding.recorded_at)).where(Finding.encounter_id == encounter.id)))
    row = _note(actor, encounter, day, reason, note.strip())
    cancel_imaging(actor, encounter, leaving.LEFT)
    move(actor, encounter, "ask_back")
    return row.id


def check_day(site_id: str, day: Day) -> None:
    """Raise Invalid at the field where nobody can come: not ahead, too far, closed, or outside the hours."""
    fault = comeback.fault_of_day(day.on, today(site_id))
    if fault:
        raise Invalid(on=fault)
    _check_hours(site_id, day)


def _check_hours(site_id: str, day: Day) -> None:
    opening = hours.opening(site_id, day.on)
    if opening is None:
        raise Invalid(on="return_closed")
    wrong = comeback.fault_of_window(day.begins, day.ends, opening)
    if wrong:
        raise Invalid(**{wrong[0]: wrong[1]})


def _note(actor: Actor, encounter: Encounter, day: Day, reason: str, words: str) -> ReturnVisit:
    expected.receive(actor, encounter)  # who still stood as expected, beside a visit from paper, has come
    row = ReturnVisit(
        site_id=encounter.site_id, encounter_id=encounter.id, patient_id=encounter.patient_id, at=clock.now(),
        asked_by=actor.staff_id, reason=reason, note=words, return_on=day.on, begins=day.begins, ends=day.ends,
        acuity=encounter.acuity, first_arrived_at=encounter.first_arrived_at or encounter.arrived_at,
        before=standing(encounter), status=comeback.EXPECTED, updated_by=actor.name, updated_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(
        actor, "asked_back", patient_id=encounter.patient_id, encounter_id=encounter.id, reason=reason, note=words,
        acuity=encounter.acuity, return_on=day.on.isoformat(), **{"return": row.id, "from": encounter.stage},
    )  # fmt: skip
    return row


@verb
def undo(actor: Actor, return_id: str) -> str:
    """Open the visit again within 10 minutes, with the same ticket and arrival, where it stood; return its id.

    Raises Conflict when it is too late, or the patient was checked in anew.
    """
    lock_site(session(), actor.site_id)
    row = find(actor, return_id)
    if row.status != comeback.EXPECTED or not comeback.may_undo(row.entered_at or row.at, clock.now()):
        raise Conflict("departure_undo_too_late")
    encounter = get(actor, row.encounter_id)
    refuse_second_visit(encounter)
    row.status, row.ended_at = comeback.UNDONE, clock.now()
    touch(actor, row)
    open_again(actor, encounter, row.before, row.at)
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "asked_back_undone", **ids, **{"return": row.id})
    return encounter.id


@verb
def note_call(actor: Actor, return_id: str, version: int, result: str, words: str = "", day: Day | None = None) -> None:
    """Append a telephone call: another day, reached and does not come, not reached, or stopped, which needs a note.

    Raises Conflict where nobody is expected any more, Invalid at the field for a day on which nobody can come or a
    note that is missing.
    """
    lock_site(session(), actor.site_id)
    row = find(actor, return_id)
    check_version(row, version)
    if row.status != comeback.EXPECTED:
        raise Conflict("nobody_to_call")
    if result not in comeback.RESULTS:
        raise Refused("call_result_needed")
    if result == comeback.STOPPED and not words.strip():
        raise Invalid(note="note_needed")
    _append_call(actor, row, result, words.strip())
    if result == comeback.NEW_DAY:
        _put_off(actor, row, day)
    touch(actor, row)
    record(
        actor, "return_called", patient_id=row.patient_id, encounter_id=row.encounter_id, result=result,
        attempts=row.attempts, note=words.strip(), return_on=row.return_on.isoformat(), **{"return": row.id},
    )  # fmt: skip


def _append_call(actor: Actor, row: ReturnVisit, result: str, words: str) -> None:
    at = clock.now()
    session.add(
        ReturnCall(return_id=row.id, at=at, staff_id=actor.staff_id, result=result, note=words, was_on=row.return_on)
    )
    row.attempts, row.attempted_at, row.status = row.attempts + 1, at, comeback.status_after(result)
    if row.status != comeback.EXPECTED:
        row.ended_at = at


def _put_off(actor: Actor, row: ReturnVisit, day: Day | None) -> None:
    if day is None:
        raise Invalid(on="return_day_needed")
    if day.on == today(actor.site_id):  # who is reached in time may still come today
        _check_hours(actor.site_id, day)
    else:
        check_day(actor.site_id, day)
    row.return_on, row.begins, row.ends = day.on, day.begins, day.ends
