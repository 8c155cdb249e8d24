"""Calling: who does not answer keeps the place, is on a list until found, and is never put aside as an emergency."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.builders import Clinic, build_clinic, leave_unseen, wait
from tests.services.test_encounters import last_event
from triage import clock
from triage.db import session
from triage.domain.errors import Conflict, NotFound, Refused
from triage.models import Call, Encounter
from triage.services import alerts, board, calls, claims, emergencies, encounters, rooms


@pytest.fixture
def room(clinic: Clinic) -> str:
    return rooms.add(clinic.admin, "Room 1", "診察室1")


def state(clinic: Clinic, encounter_id: str) -> tuple[str, int, str | None]:
    session.close()
    row = encounters.get(clinic.nurse, encounter_id)
    return row.call_state, row.call_count, row.room_id


def missing(clinic: Clinic) -> list[str]:
    session.close()
    return [call.encounter.ticket for call in calls.list_missing(clinic.reception)]


def no_answer(clinic: Clinic, encounter_id: str, room: str) -> None:
    calls.call(clinic.nurse, encounter_id, room)
    calls.no_answer(clinic.nurse, encounter_id)


def test_a_call_shows_ticket_and_room_and_nothing_of_the_patient(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    at = clock.now()
    with clock.at(at):
        calls.call(clinic.nurse, here.id, room)
        assert calls.showing(clinic.site_id) == [calls.Shown(here.ticket, "Room 1", "診察室1", at)]
    assert state(clinic, here.id) == ("called", 1, room)


def test_the_newest_call_stands_first_and_an_answered_or_old_one_is_gone(clinic: Clinic, room: str) -> None:
    tickets = [wait(clinic.reception, family_name=name) for name in ("一", "二", "三")]
    start = clock.now()
    for minute, visit in enumerate(tickets):
        with clock.at(start + timedelta(minutes=minute)):
            calls.call(clinic.nurse, visit.id, room)
    with clock.at(start + timedelta(minutes=3)):
        assert [shown.ticket for shown in calls.showing(clinic.site_id)] == ["A003", "A002", "A001"]
        calls.answered(clinic.nurse, tickets[1].id)
        assert [shown.ticket for shown in calls.showing(clinic.site_id)] == ["A003", "A001"]
    with clock.at(start + timedelta(minutes=16)):
        assert [shown.ticket for shown in calls.showing(clinic.site_id)] == ["A003"]


def test_who_does_not_answer_keeps_place_and_arrival_and_is_on_the_recall_list(clinic: Clinic, room: str) -> None:
    first, second = wait(clinic.reception, family_name="一"), wait(clinic.reception, family_name="二")
    before = [line.id for line in board.look(clinic.nurse, board.Filters()).lines]
    no_answer(clinic, first.id, room)
    assert last_event()[0] == "call_not_answered"
    assert [line.id for line in board.look(clinic.nurse, board.Filters()).lines] == before
    assert encounters.get(clinic.nurse, first.id).arrived_at == first.arrived_at
    assert missing(clinic) == [first.ticket]
    assert state(clinic, first.id)[:2] == ("no_answer", 1)
    assert state(clinic, second.id)[:2] == ("", 0)


def test_called_again_and_again_is_counted_and_nobody_is_closed_by_it(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    for _ in range(7):
        no_answer(clinic, here.id, room)
    assert state(clinic, here.id)[:2] == ("no_answer", 7)
    assert missing(clinic) == [here.ticket]
    assert encounters.get(clinic.nurse, here.id).finished_at is None


def test_who_turns_up_is_on_no_list_and_the_count_begins_anew(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    no_answer(clinic, here.id, room)
    calls.answered(clinic.reception, here.id)
    assert (missing(clinic), state(clinic, here.id)) == ([], ("", 0, room))
    calls.call(clinic.nurse, here.id, room)
    assert state(clinic, here.id)[:2] == ("called", 1)


def test_calling_once_more_ends_the_first_call_and_counts_both(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    calls.call(clinic.nurse, here.id, room)
    calls.call(clinic.nurse, here.id, room)
    assert state(clinic, here.id)[:2] == ("called", 2)
    assert len(calls.showing(clinic.site_id)) == 1


def test_a_call_leaves_the_sheet_that_a_colleague_has_open_as_it_is(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    version = encounters.get(clinic.nurse, here.id).version
    no_answer(clinic, here.id, room)
    assert encounters.get(clinic.nurse, here.id).version == version


def test_nobody_calls_a_patient_whom_a_colleague_has(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    claims.claim(clinic.nurse, here.id)
    with pytest.raises(Conflict, match="claimed_by_other"):
        calls.call(clinic.nurse2, here.id, room)
    calls.call(clinic.reception, here.id, room)  # the desk calls for whoever has the patient


@pytest.mark.parametrize(
    ("who", "allowed"),
    [("reception", True), ("nurse", True), ("surgeon", True), ("radiographer", False)],
)
def test_each_role_calls_within_its_stage(clinic: Clinic, room: str, who: str, allowed: bool) -> None:
    here, actor = wait(clinic.reception), clinic.people[who]
    if allowed:
        assert calls.call(actor, here.id, room)
        return
    with pytest.raises(Conflict, match="not_your_stage"):
        calls.call(actor, here.id, room)


def test_an_emergency_that_does_not_answer_alarms_everybody_until_it_is_found(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    emergencies.raise_(clinic.nurse, here.id)
    emergencies.acknowledge(clinic.nurse, here.id)
    calm = alerts.look(clinic.reception)
    assert not calm.alarms[0].is_loud
    no_answer(clinic, here.id, room)
    loud = alerts.look(clinic.radiographer).alarms[0]
    assert (calm.alarms[0].ring, loud.is_missing, loud.is_loud) == ("", True, True)
    assert loud.ring
    no_answer(clinic, here.id, room)
    # every further call without answer is news
    assert alerts.look(clinic.radiographer).alarms[0].ring not in ("", loud.ring)
    assert encounters.get(clinic.nurse, here.id).stage == "emergency"
    calls.answered(clinic.surgeon, here.id)
    assert not alerts.look(clinic.reception).alarms[0].is_missing


def test_who_was_missing_when_the_alarm_came_is_still_missing(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    no_answer(clinic, here.id, room)
    emergencies.raise_(clinic.reception, here.id)
    assert alerts.look(clinic.surgeon).alarms[0].is_missing
    assert missing(clinic) == [here.ticket]


def test_an_emergency_stands_first_among_those_to_call_again(clinic: Clinic, room: str) -> None:
    first, second = wait(clinic.reception, family_name="一"), wait(clinic.reception, family_name="二")
    no_answer(clinic, first.id, room)
    emergencies.raise_(clinic.nurse, second.id)
    no_answer(clinic, second.id, room)
    assert missing(clinic) == [second.ticket, first.ticket]


@pytest.mark.parametrize(
    ("steps", "after"),
    [
        (("call",), ("", 0)),
        (("call", "no_answer"), ("called", 1)),
        (("call", "answered"), ("called", 1)),
        (("call", "no_answer", "answered"), ("no_answer", 1)),
        (("call", "no_answer", "call"), ("no_answer", 1)),
        (("call", "call"), ("called", 1)),
        (("call", "no_answer", "call", "call"), ("called", 2)),
    ],
)
def test_the_last_thing_noted_of_a_call_can_be_taken_back(
    clinic: Clinic, room: str, steps: tuple[str, ...], after: tuple[str, int]
) -> None:
    here = wait(clinic.reception)
    for step in steps:
        verb = getattr(calls, step)
        verb(clinic.nurse, here.id, room) if step == "call" else verb(clinic.nurse, here.id)
    calls.undo(clinic.nurse, here.id)
    assert state(clinic, here.id)[:2] == after
    assert last_event()[0] == "call_undone"


def test_a_call_made_by_mistake_and_taken_back_leaves_the_one_before_on_the_wall(clinic: Clinic, room: str) -> None:
    here, other_room = wait(clinic.reception), rooms.add(clinic.admin, "Room 2", "診察室2")
    calls.call(clinic.nurse, here.id, room)
    calls.call(clinic.reception, here.id, other_room)
    calls.undo(clinic.reception, here.id)
    session.close()
    assert [(shown.ticket, shown.room) for shown in calls.showing(clinic.site_id)] == [(here.ticket, "Room 1")]
    assert missing(clinic) == [], "nobody has said that the patient does not answer"
    assert state(clinic, here.id) == ("called", 1, room)
    calls.no_answer(clinic.nurse, here.id)
    assert missing(clinic) == [here.ticket]


def test_a_call_is_taken_back_within_ten_minutes_only(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    calls.call(clinic.nurse, here.id, room)
    with clock.at(clock.now() + timedelta(minutes=11)), pytest.raises(Conflict, match="call_undo_too_late"):
        calls.undo(clinic.nurse, here.id)


def test_without_a_call_there_is_nothing_to_answer_or_take_back(clinic: Clinic) -> None:
    here = wait(clinic.reception)
    for verb in (calls.answered, calls.no_answer, calls.undo):
        with pytest.raises(Conflict, match="not_called"):
            verb(clinic.nurse, here.id)


def test_a_visit_that_ends_takes_its_call_off_every_list(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    calls.call(clinic.nurse, here.id, room)
    version = encounters.get(clinic.nurse, here.id).version
    leave_unseen(clinic.reception, here.id, version, "gone")
    assert calls.showing(clinic.site_id) == []
    assert session.scalar(select(Call.outcome)) == "gone"


def test_a_room_of_another_site_or_a_retired_one_is_no_room_to_call_into(clinic: Clinic, room: str) -> None:
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    here, there = wait(clinic.reception), rooms.add(other.admin, "Elsewhere")
    old = rooms.add(clinic.admin, "Old room")
    rooms.retire(clinic.admin, old)
    for wrong in ("", "nothing", there, old):
        with pytest.raises(Refused, match="room_needed"):
            calls.call(clinic.nurse, here.id, wrong)
    with pytest.raises(NotFound):
        calls.call(other.nurse, here.id, there)
    assert calls.showing(other.site_id) == []


def test_the_place_in_the_queue_knows_nothing_of_calls(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    before = board.look(clinic.nurse, board.Filters()).lines[0].key
    no_answer(clinic, here.id, room)
    assert board.look(clinic.nurse, board.Filters()).lines[0].key == before
    assert session.scalar(select(Encounter.called_at)) is not None
