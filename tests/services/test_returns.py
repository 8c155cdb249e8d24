"""Asked to come back another day: never who is not safe to wait; nobody is lost, and their place is kept."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from tests.at_once import at_once
from tests.builders import Clinic, arrive, as_answers, build_clinic, leave_unseen, wait
from tests.services.test_encounters import last_event
from tests.services.test_reassessments import QUIET, again, send
from triage import clock, knowledge
from triage.db import aside, session
from triage.domain.access import Actor
from triage.domain.comeback import Day
from triage.domain.errors import Conflict, DomainError, Invalid, NotFound, Refused, Stale
from triage.domain.hours import CLOSED, OTHER_HOURS, Opening
from triage.models import Encounter, ReturnCall, ReturnVisit
from triage.services import (
    board,
    emergencies,
    encounters,
    hours,
    imaging,
    intakes,
    orders,
    reassessments,
    return_lists,
    returns,
    triage,
    waits,
)

FRIDAY = datetime(2026, 11, 20, 3, tzinfo=UTC)  # noon in Nara
SATURDAY, SUNDAY, MONDAY = date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 23)
BACK = Day(SATURDAY)


@pytest.fixture(autouse=True)
def _on_a_friday() -> Iterator[None]:
    with clock.at(FRIDAY):
        yield


def at_nara(day: date, hour: int, minute: int = 0) -> Any:
    """Let it be that time on the clinic's wall."""
    return clock.at(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) - timedelta(hours=9))


def ask(clinic: Clinic, encounter: Encounter, day: Day = BACK) -> ReturnVisit:
    """Ask the patient to come back, and return what is kept of it."""
    session.close()
    now = encounters.get(clinic.reception, encounter.id)
    made = returns.ask_back(clinic.reception, now.id, now.version, day, "no_slot_today", "満枠")
    session.close()
    return return_lists.find(clinic.reception, made)


def refused(clinic: Clinic, encounter: Encounter) -> str:
    """Return why this patient is not asked to come back."""
    session.close()
    now = encounters.get(clinic.reception, encounter.id)
    with pytest.raises(DomainError) as error:
        returns.ask_back(clinic.reception, now.id, now.version, BACK, "no_slot_today")
    session.close()
    assert again(clinic, encounter.id).stage != "comes_back"
    return error.value.code


# --- who is safe to wait ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", [question.id for question in knowledge.load().urgent_questions])
@pytest.mark.parametrize(("answer", "code"), [(None, "comeback_unanswered"), ("not known", "comeback_not_known")])
def test_not_while_one_urgent_question_is_open_or_not_known(
    clinic: Clinic, question: str, answer: str | None, code: str
) -> None:
    said = QUIET | {question: answer}
    here = wait(clinic.reception, {name: value for name, value in said.items() if value is not None})
    assert refused(clinic, here) == code


@pytest.mark.parametrize("question", [question.id for question in knowledge.load().urgent_questions])
def test_not_while_one_urgent_question_is_answered_yes(clinic: Clinic, question: str) -> None:
    here = wait(clinic.reception, QUIET | {question: True})
    assert refused(clinic, here) in ("comeback_told", "step_not_possible")


def test_not_who_was_never_asked_anything(clinic: Clinic) -> None:
    assert refused(clinic, arrive(clinic.reception)) == "comeback_unanswered"


def test_not_in_an_emergency_and_not_after_two_people_took_it_back_while_the_rules_still_say_so(clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    emergencies.raise_(clinic.nurse, here.id)
    assert refused(clinic, here) == "step_not_possible"
    feared = wait(clinic.reception, QUIET | {"saddle_anaesthesia": True, "urinary_retention": True}, family_name="小林")
    emergencies.propose_withdrawal(clinic.nurse, feared.id, "misheard")
    emergencies.decide_withdrawal(clinic.nurse2, feared.id, True)
    assert again(clinic, feared.id).stage == "waiting"
    assert refused(clinic, feared).startswith("comeback_")


def test_not_whom_the_nurse_gave_level_3_or_found_worse(clinic: Clinic) -> None:
    assert refused(clinic, send(clinic, 3)) == "comeback_acuity"
    calm = send(clinic, 4, family_name="小林")
    reassessments.note_result(clinic.nurse, calm.id, "worse", "more pain")
    assert refused(clinic, calm) == "comeback_worse"


def test_not_during_an_examination(clinic: Clinic) -> None:
    here = send(clinic, 4, "xray")
    asked = orders.orders_of(here)[0]
    imaging.order(clinic.surgeon, asked.id, asked.version)
    asked = imaging.get(clinic.radiographer, asked.id)
    imaging.start(clinic.radiographer, asked.id, asked.version, ("name", "birth_date"))
    assert refused(clinic, here) == "imaging_runs"


@pytest.mark.parametrize(
    "unsafe",
    [
        {"acuity": 3}, {"suggested_level": 2}, {"suggested_level": None}, {"urgent": 1}, {"urgent": None},
        {"unanswered": 1}, {"worse_at": FRIDAY}, {"stage": "emergency"},
    ],
)  # fmt: skip
def test_the_database_refuses_it_too_whoever_writes(clinic: Clinic, unsafe: dict[str, Any]) -> None:
    here = wait(clinic.reception, QUIET)
    one = Encounter.id == here.id
    session.close()
    with session.get_bind().begin() as raw:
        raw.execute(update(Encounter.__table__).where(one).values(**unsafe))
    gone = update(Encounter.__table__).where(one).values(stage="comes_back", finished_at=FRIDAY)
    with pytest.raises(DBAPIError, match="not safe to wait"), session.get_bind().begin() as raw:
        raw.execute(gone)
    assert again(clinic, here.id).finished_at is None


def test_an_answer_that_changed_since_the_page_was_opened_refuses_it(clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    seen = here.version
    intakes.record_answers(clinic.nurse, here.id, as_answers({next(iter(QUIET)): "not known"}))
    with pytest.raises(Stale):
        returns.ask_back(clinic.reception, here.id, seen, BACK, "no_slot_today")


# --- the way there and back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["waiting", "imaging", "review", "confirmation"])
def test_the_visit_ends_with_a_dated_return_and_within_ten_minutes_is_undone_as_it_was(
    clinic: Clinic, stage: str
) -> None:
    routes = {"imaging": "xray", "review": "specialist_consult", "confirmation": "conservative_first"}
    here = send(clinic, 4, routes[stage]) if stage in routes else wait(clinic.reception, QUIET)
    before = (here.stage, here.ticket, here.arrived_at, here.stage_since, here.acuity)
    row = ask(clinic, here)
    assert (row.status, row.return_on, row.acuity, row.first_arrived_at) == (
        "expected", SATURDAY, here.acuity, here.arrived_at,
    )  # fmt: skip
    assert last_event()[0] in ("asked_back", "imaging_cancelled")
    assert again(clinic, here.id).stage == "comes_back"
    assert board.look(clinic.nurse, board.Filters()).ids == []
    assert returns.undo(clinic.reception, row.id) == here.id
    back = again(clinic, here.id)
    assert (back.stage, back.ticket, back.arrived_at, back.stage_since, back.acuity) == before
    assert return_lists.find(clinic.nurse, row.id).status == "undone"
    with pytest.raises(Conflict, match="undo_too_late"):
        returns.undo(clinic.reception, row.id)


def test_after_ten_minutes_or_a_second_arrival_nothing_is_undone(clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    with clock.at(FRIDAY + timedelta(minutes=11)), pytest.raises(Conflict, match="undo_too_late"):
        returns.undo(clinic.reception, row.id)
    encounters.check_in(clinic.reception, row.patient_id, "")
    with pytest.raises(Conflict):
        returns.undo(clinic.reception, row.id)


@pytest.mark.parametrize(
    ("day", "field", "code"),
    [
        (Day(date(2026, 11, 20)), "on", "return_not_ahead"),
        (Day(date(2026, 11, 1)), "on", "return_not_ahead"),
        (Day(SUNDAY), "on", "return_closed"),
        (Day(date(2026, 12, 22)), "on", "return_too_far"),
        (Day(SATURDAY, time(9)), "begins", "return_outside_hours"),
        (Day(SATURDAY, time(17), time(18, 30)), "ends", "return_outside_hours"),
        (Day(SATURDAY, time(12), time(10)), "ends", "closes_before"),
    ],
)
def test_a_return_lies_on_an_open_day_inside_its_hours(clinic: Clinic, day: Day, field: str, code: str) -> None:
    here = wait(clinic.reception, QUIET)
    with pytest.raises(Invalid) as error:
        returns.ask_back(clinic.reception, here.id, here.version, day, "no_slot_today")
    assert error.value.fields == {field: code}
    hours.add_days(clinic.admin, MONDAY, MONDAY, CLOSED, "Labour Thanksgiving Day")
    session.close()
    with pytest.raises(Invalid):
        returns.ask_back(clinic.reception, here.id, again(clinic, here.id).version, Day(MONDAY), "no_slot_today")
    assert again(clinic, here.id).stage == "waiting"


def press(who: Actor, here: Encounter) -> None:
    """Ask the patient to come back, from a page opened before."""
    with clock.at(FRIDAY):
        returns.ask_back(who, here.id, here.version, BACK, "no_slot_today")


def test_two_people_who_ask_at_once_make_one_return(clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    session.close()
    told = at_once(*(lambda who=who: press(who, here) for who in (clinic.reception, clinic.nurse)))
    assert len(told) == 1
    assert isinstance(told[0], Conflict)
    assert len(return_lists.look(clinic.nurse).later) == 1


def test_who_comes_back_keeps_the_first_arrival_and_stands_before_those_of_the_same_urgency(clinic: Clinic) -> None:
    first = send(clinic, 4)
    row = ask(clinic, first, Day(MONDAY))
    with at_nara(MONDAY, 10):
        early = wait(clinic.reception, QUIET, family_name="小林")
    with at_nara(MONDAY, 10, 5):
        back = encounters.get(clinic.reception, encounters.check_in(clinic.reception, row.patient_id, ""))
        assert (back.first_arrived_at, back.acuity, back.suggested_level) == (first.arrived_at, None, None)
        intakes.record_answers(clinic.reception, back.id, as_answers(QUIET))
        intakes.submit(clinic.reception, back.id)
        session.close()
        assert board.look(clinic.nurse, board.Filters()).ids == [back.id, early.id]
        rows = [encounters.get(clinic.nurse, one) for one in (early.id, back.id)]
        assert [one.id for one in sorted(rows, key=waits.in_order(clinic.nurse))] == [back.id, early.id]
        assert return_lists.find(clinic.nurse, row.id).status == "came"
        assert [one.row.id for one in return_lists.look(clinic.nurse).came] == [row.id]
        again_ = ask(clinic, back, Day(date(2026, 11, 24)))
        assert again_.first_arrived_at == first.arrived_at  # however often


def test_who_comes_back_never_stands_before_anybody_more_urgent(clinic: Clinic) -> None:
    row = ask(clinic, send(clinic, 4), Day(MONDAY))
    with at_nara(MONDAY, 10):
        unknown = wait(clinic.reception, family_name="小林")
        back = encounters.get(clinic.reception, encounters.check_in(clinic.reception, row.patient_id, ""))
        intakes.record_answers(clinic.reception, back.id, as_answers(QUIET))
        intakes.submit(clinic.reception, back.id)
        session.close()
        assert board.look(clinic.nurse, board.Filters()).ids == [unknown.id, back.id]
        now = triage.situation(encounters.get(clinic.nurse, back.id))
        assert set(now.answers) == {*QUIET, "age", "sex"}  # nothing of the first visit is taken over as an answer


def test_who_comes_before_the_day_or_long_after_it_is_received_too(clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET), Day(MONDAY))
    with at_nara(SATURDAY, 10):
        encounters.check_in(clinic.reception, row.patient_id, "")
        session.close()
        assert return_lists.find(clinic.nurse, row.id).status == "came"


# --- the lists -------------------------------------------------------------------------------------------------------


def test_the_lists_say_who_is_expected_when_and_who_has_not_come(clinic: Clinic) -> None:
    morning = ask(clinic, wait(clinic.reception, QUIET), Day(SATURDAY, None, time(12)))
    day = ask(clinic, wait(clinic.reception, QUIET, family_name="小林"))
    later = ask(clinic, wait(clinic.reception, QUIET, family_name="森"), Day(MONDAY))
    assert [one.row.id for one in return_lists.look(clinic.nurse).later] == [morning.id, day.id, later.id]
    with at_nara(SATURDAY, 12):
        lists = return_lists.look(clinic.nurse)
        ids = [[one.row.id for one in part] for part in (lists.absent, lists.today, lists.later)]
        assert ids == [[morning.id], [day.id], [later.id]]
        assert return_lists.count(clinic.nurse) == (1, 1)
        assert lists.today[0].window == hours.opening(clinic.site_id, SATURDAY)
    with at_nara(SATURDAY, 18):
        assert return_lists.count(clinic.nurse) == (0, 2)


def test_who_is_expected_on_a_day_that_has_come_to_be_closed_is_to_be_called(clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET), Day(MONDAY))
    hours.add_days(clinic.admin, MONDAY, MONDAY, CLOSED, "Labour Thanksgiving Day")
    session.close()
    lists = return_lists.look(clinic.nurse)
    (found,) = lists.to_move
    assert (found.row.id, found.opening, found.window) == (row.id, None, None)
    assert lists.absent == []
    assert return_lists.count(clinic.nurse) == (0, 1)
    returns.note_call(clinic.nurse, row.id, row.version, "new_day", "", Day(SATURDAY))
    session.close()
    assert return_lists.count(clinic.nurse) == (0, 0)


def test_whose_window_the_clinics_new_hours_leave_out_is_to_be_moved_and_who_finds_it_open_is_not(
    clinic: Clinic,
) -> None:
    out = ask(clinic, wait(clinic.reception, QUIET), Day(SATURDAY, time(14)))
    partly = ask(clinic, wait(clinic.reception, QUIET, family_name="小林"), Day(SATURDAY, time(11), time(15)))
    hours.add_days(clinic.admin, SATURDAY, SATURDAY, OTHER_HOURS, "Staff meeting", Opening(time(9, 30), time(12)))
    session.close()
    lists = return_lists.look(clinic.nurse)
    assert [one.row.id for one in lists.to_move] == [out.id]
    assert [(one.row.id, one.window) for one in lists.later] == [(partly.id, Opening(time(11), time(12)))]
    with at_nara(SATURDAY, 12):  # the door is closed: who was expected until three is absent now
        assert [one.row.id for one in return_lists.look(clinic.nurse).absent] == [partly.id]


def test_the_row_says_who_called_when_and_with_what_end_the_latest_first(clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    quiet = ask(clinic, wait(clinic.reception, QUIET, family_name="小林"))
    with at_nara(MONDAY, 10):
        returns.note_call(clinic.reception, row.id, row.version, "not_reached", "engaged")
    with at_nara(MONDAY, 11):
        session.close()
        returns.note_call(clinic.nurse, row.id, return_lists.find(clinic.nurse, row.id).version, "not_reached")
        session.close()
        calls = {one.row.id: one.calls for one in return_lists.look(clinic.nurse).absent}
    assert [(call.staff.name, call.result, call.note) for call in calls[row.id]] == [
        (clinic.nurse.name, "not_reached", ""), (clinic.reception.name, "not_reached", "engaged"),
    ]  # fmt: skip
    assert calls[quiet.id] == []


def test_the_lists_on_paper_are_in_the_audit_trail_with_who_is_on_them(clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    return_lists.print_(clinic.nurse)
    assert last_event() == ("returns_printed", {"encounters": [row.encounter_id]})


def test_nobody_is_off_the_call_list_before_being_reached_or_stopped_by_name_with_a_note(clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    with at_nara(MONDAY, 10):
        returns.note_call(clinic.reception, row.id, row.version, "not_reached")
        session.close()
        (found,) = return_lists.look(clinic.nurse).absent
        assert found.row.attempts == 1
        version = found.row.version
        with pytest.raises(Refused, match="call_result_needed"):
            returns.note_call(clinic.nurse, row.id, version, "perhaps")
        session.close()
        with pytest.raises(Invalid) as refused:
            returns.note_call(clinic.nurse, row.id, version, "stopped", " ")
        assert refused.value.fields == {"note": "note_needed"}
        session.close()
        with pytest.raises(Stale):
            returns.note_call(clinic.nurse, row.id, row.version, "reached")
        session.close()
        returns.note_call(clinic.nurse, row.id, version, "stopped", "wrong number, letter sent")
        session.close()
        assert return_lists.look(clinic.nurse).absent == []
        assert [call.result for call in return_lists.find_expected(clinic.nurse, row.id).calls] in (
            ["stopped", "not_reached"],
            ["not_reached", "stopped"],
        )
        with pytest.raises(Conflict, match="nobody_to_call"):
            returns.note_call(clinic.nurse, row.id, version + 1, "reached")
        later = encounters.get(clinic.reception, encounters.check_in(clinic.reception, row.patient_id, ""))
        assert later.first_arrived_at is None


def test_a_new_day_is_agreed_on_the_telephone_today_included(clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    with at_nara(MONDAY, 10):
        for day in (None, Day(SATURDAY), Day(date(2026, 11, 29))):
            with pytest.raises(Invalid):
                returns.note_call(clinic.nurse, row.id, row.version, "new_day", "", day)
            session.close()
        returns.note_call(clinic.nurse, row.id, row.version, "new_day", "", Day(MONDAY, time(15)))
        session.close()
        (found,) = return_lists.look(clinic.nurse).today
        assert (found.row.return_on, found.row.begins, found.row.status) == (MONDAY, time(15), "expected")
        assert last_event()[1]["return_on"] == "2026-11-23"
        (call,) = return_lists.find_expected(clinic.nurse, row.id).calls
        assert call.was_on == SATURDAY


@pytest.mark.parametrize("statement", [update(ReturnCall).values(result="reached"), delete(ReturnCall)])
def test_a_call_is_never_edited(clinic: Clinic, statement: Any) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    returns.note_call(clinic.nurse, row.id, row.version, "not_reached")
    with pytest.raises(DBAPIError, match="append-only"), aside() as own:
        own.execute(statement)


def test_who_left_unseen_when_back_is_on_the_other_list_as_ever(clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    with at_nara(SATURDAY, 10):
        back = encounters.get(clinic.reception, encounters.check_in(clinic.reception, row.patient_id, ""))
        leave_unseen(clinic.reception, back.id, back.version, "x")
        session.close()
        assert return_lists.look(clinic.nurse).today == []


def test_returns_of_another_site_are_not_found(clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    with pytest.raises(NotFound):
        returns.undo(other.reception, row.id)
    assert return_lists.look(other.reception).later == []
    assert return_lists.look(clinic.admin).later == []
