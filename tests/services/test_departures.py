"""Left without being seen: warned, confirmed, undone, called back; nobody who left waits unseen on a list."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from tests.builders import Clinic, arrive, build_clinic, leave_unseen, wait
from tests.services.test_encounters import last_event
from tests.services.test_reassessments import QUIET, again, send
from triage import clock
from triage.db import aside, session
from triage.domain.errors import Conflict, NotFound, Refused, Stale
from triage.models import CallBack, Departure, Encounter
from triage.services import board, calls, claims, departures, emergencies, encounters, imaging, notices, orders, rooms


def left(clinic: Clinic, encounter: Encounter) -> Departure:
    """Let the patient leave, and return the departure."""
    session.close()
    now = encounters.get(clinic.reception, encounter.id)
    made = leave_unseen(clinic.reception, now.id, now.version, "待てない", "waited_too_long")
    return departures.find(clinic.reception, made)


@pytest.mark.parametrize("stage", ["registered", "waiting", "imaging", "review", "confirmation"])
def test_from_wherever_the_patient_only_waits_the_visit_ends_and_is_undone_as_it_was(
    clinic: Clinic, stage: str
) -> None:
    routes = {"imaging": "xray", "review": "specialist_consult", "confirmation": "conservative_first"}
    if stage in routes:
        here = send(clinic, 4, routes[stage])
    else:
        here = arrive(clinic.reception) if stage == "registered" else wait(clinic.reception, QUIET)
    assert here.stage == stage
    before = (here.stage, here.ticket, here.arrived_at, here.stage_since, here.acuity)
    departure = left(clinic, here)
    assert again(clinic, here.id).stage == "left"
    assert departures.undo(clinic.reception, departure.id) == here.id
    back = again(clinic, here.id)
    assert (back.stage, back.ticket, back.arrived_at, back.stage_since, back.acuity) == before
    assert (back.finished_at, back.outcome) == (None, "")
    assert board.look(clinic.nurse, board.Filters()).ids == [here.id]
    assert last_event()[0] == "departure_undone"


@pytest.mark.parametrize("ordered", [False, True])
def test_imaging_is_called_off_with_the_reason_and_asked_for_again_when_undone(clinic: Clinic, ordered: bool) -> None:
    here = send(clinic, 4, "xray")
    if ordered:
        asked = orders.orders_of(here)[0]
        imaging.order(clinic.surgeon, asked.id, asked.version)
    was = orders.orders_of(again(clinic, here.id))[0].status
    departure = left(clinic, here)
    cancelled = orders.orders_of(again(clinic, here.id))[0]
    assert (cancelled.status, cancelled.reason) == ("cancelled", "left")
    departures.undo(clinic.nurse, departure.id)
    assert orders.orders_of(again(clinic, here.id))[0].status == was


def test_nobody_leaves_while_an_examination_runs(clinic: Clinic) -> None:
    here = send(clinic, 4, "xray")
    asked = orders.orders_of(here)[0]
    imaging.order(clinic.surgeon, asked.id, asked.version)
    asked = imaging.get(clinic.radiographer, asked.id)
    imaging.start(clinic.radiographer, asked.id, asked.version, ("name", "birth_date"))
    with pytest.raises(Conflict, match="imaging_runs"):
        left(clinic, here)


def test_an_open_red_flag_or_urgent_question_is_named_and_confirmed_a_second_time(clinic: Clinic) -> None:
    here = wait(clinic.reception)
    open_now = departures.open_of(here)
    assert len(open_now.unanswered) == len(QUIET)
    for confirmed in ((), open_now.names[:-1]):
        with pytest.raises(Refused, match="leaves_open"):
            departures.leave(clinic.reception, here.id, here.version, "other", "", confirmed)
    assert again(clinic, here.id).stage == "waiting"
    made = departures.leave(clinic.reception, here.id, here.version, "other", "", open_now.names)
    assert last_event()[1]["confirmed"] == list(open_now.names)
    assert departures.find(clinic.nurse, made).confirmed == list(open_now.names)


def test_a_red_flag_is_named_by_its_finding(clinic: Clinic) -> None:
    feared = wait(clinic.reception, QUIET | {"leg_weakness": True, "back_pain": True})
    flags = departures.open_of(again(clinic, feared.id)).flags
    assert set(flags) == set(again(clinic, feared.id).suggested_flags.split())


def test_nothing_open_needs_no_second_confirmation(clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    here = again(clinic, here.id)
    if departures.open_of(here).names:
        pytest.fail(f"quiet answers leave open: {departures.open_of(here).names}")
    assert departures.leave(clinic.reception, here.id, here.version, "other")


def test_an_emergency_never_ends_this_way(clinic: Clinic) -> None:
    here = wait(clinic.reception)
    emergencies.raise_(clinic.nurse, here.id)
    for kind in ("unseen", "finished"):
        now, reason = again(clinic, here.id), next(iter(departures.reasons_of(kind)))
        open_now = departures.open_of(now).names
        with pytest.raises(Conflict, match="step_not_possible"):
            departures.leave(clinic.reception, here.id, now.version, reason, "", open_now, kind)
    assert again(clinic, here.id).finished_at is None


def test_who_was_missing_is_missing_again_when_it_is_undone(clinic: Clinic) -> None:
    here, room = wait(clinic.reception, QUIET), rooms.add(clinic.admin, "Room 1")
    calls.call(clinic.nurse, here.id, room)
    calls.no_answer(clinic.nurse, here.id)
    departure = left(clinic, here)
    assert calls.list_missing(clinic.nurse) == []
    departures.undo(clinic.nurse, departure.id)
    assert [call.encounter_id for call in calls.list_missing(clinic.nurse)] == [here.id]


def test_who_had_the_patient_hears_of_the_end_and_has_the_patient_again_when_it_is_undone(clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    claims.claim(clinic.nurse, here.id)
    since = encounters.get(clinic.nurse, here.id).claim.claimed_at  # type: ignore[union-attr]
    departure = left(clinic, here)
    (news,) = notices.list_untold(clinic.nurse)
    assert (news.act, news.ticket, news.by) == ("ended", here.ticket, "Reception")
    departures.undo(clinic.reception, departure.id)
    held = encounters.get(clinic.nurse, here.id).claim
    assert held is not None
    assert (held.staff_id, held.claimed_at) == (clinic.nurse.staff_id, since)
    assert notices.list_untold(clinic.nurse) == [], "it is as if it had not been"


def test_who_has_heard_of_the_end_hears_of_its_undoing_and_nobody_is_told_for_ever(clinic: Clinic) -> None:
    here, other = wait(clinic.reception, QUIET), wait(clinic.reception, QUIET)
    for one in (here, other):
        claims.claim(clinic.nurse, one.id)
    departure, _ = left(clinic, here), left(clinic, other)
    encounters.open_(clinic.nurse, here.id, "claim")
    departures.undo(clinic.reception, departure.id)
    assert [(news.act, news.ticket) for news in notices.list_untold(clinic.nurse)] == [
        ("ended", other.ticket), ("undone", here.ticket),
    ]  # fmt: skip
    with clock.at(clock.now() + timedelta(hours=9)):
        assert [news.act for news in notices.list_untold(clinic.nurse)] == ["undone"]


def test_a_patient_whom_nobody_had_is_given_to_nobody_when_it_is_undone(clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    claims.claim(clinic.nurse, here.id)
    claims.release(clinic.nurse, here.id)
    departures.undo(clinic.reception, left(clinic, here).id)
    assert encounters.get(clinic.nurse, here.id).claim is None


def test_it_is_undone_within_ten_minutes_once_and_not_over_a_second_visit(clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    departure = left(clinic, here)
    with clock.at(clock.now() + timedelta(minutes=11)), pytest.raises(Conflict, match="departure_undo_too_late"):
        departures.undo(clinic.reception, departure.id)
    encounters.check_in(clinic.reception, here.patient_id, "")
    with pytest.raises(Conflict, match="already_open"):
        departures.undo(clinic.reception, departure.id)
    leave = again(clinic, session.scalar(select(Encounter.id).where(Encounter.finished_at.is_(None))) or "")
    leave_unseen(clinic.reception, leave.id, leave.version, "x")
    departures.undo(clinic.reception, departure.id)
    with pytest.raises(Conflict, match="departure_undo_too_late"):
        departures.undo(clinic.reception, departure.id)


def test_everybody_who_left_is_to_be_called_back_also_the_next_day_until_reached(clinic: Clinic) -> None:
    departure = left(clinic, wait(clinic.reception))
    calm = left(clinic, wait(clinic.reception, QUIET, family_name="小林"))
    assert [row.id for row in departures.list_unseen(clinic.reception)] == [departure.id, calm.id]  # urgent ones first
    with clock.at(clock.now() + timedelta(days=1)):
        assert {row.id for row in departures.list_unseen(clinic.reception)} == {departure.id, calm.id}
        departures.call_back(clinic.reception, departure.id, departure.version, "not_reached")
        session.close()
        tried = departures.find(clinic.reception, departure.id)
        assert (tried.status, tried.attempts) == ("to_call", 1)
        departures.call_back(clinic.reception, departure.id, tried.version, "reached", "comes tomorrow")
        assert last_event()[0] == "called_back"
        assert [row.id for row in departures.list_unseen(clinic.reception)] == [calm.id]


def test_calling_stops_only_with_a_note_and_by_an_act_that_is_kept(clinic: Clinic) -> None:
    departure = left(clinic, wait(clinic.reception))
    with pytest.raises(Refused, match="note_needed"):
        departures.call_back(clinic.nurse, departure.id, departure.version, "stopped", " ")
    with pytest.raises(Refused, match="result_needed"):
        departures.call_back(clinic.nurse, departure.id, departure.version, "perhaps")
    departures.call_back(clinic.nurse, departure.id, departure.version, "stopped", "wrong number, letter sent")
    session.close()
    with pytest.raises(Conflict, match="nobody_to_call"):
        departures.call_back(clinic.nurse, departure.id, departure.version + 1, "reached")


def test_two_people_who_call_back_at_once_do_not_both_count(clinic: Clinic) -> None:
    departure = left(clinic, wait(clinic.reception))
    departures.call_back(clinic.nurse, departure.id, departure.version, "not_reached")
    with pytest.raises(Stale):
        departures.call_back(clinic.reception, departure.id, departure.version, "not_reached")


@pytest.mark.parametrize("statement", [update(CallBack).values(result="reached"), delete(CallBack)])
def test_an_attempt_to_reach_somebody_is_never_edited(clinic: Clinic, statement: Any) -> None:
    departure = left(clinic, wait(clinic.reception))
    departures.call_back(clinic.nurse, departure.id, departure.version, "not_reached")
    with pytest.raises(DBAPIError, match="append-only"), aside() as own:
        own.execute(statement)


def test_a_departure_of_another_site_is_not_found(clinic: Clinic) -> None:
    departure = left(clinic, wait(clinic.reception))
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    with pytest.raises(NotFound):
        departures.undo(other.reception, departure.id)
    assert departures.list_unseen(other.reception) == []
