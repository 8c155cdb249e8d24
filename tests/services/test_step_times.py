"""A step of a pathway and its appointment know each other: booked from it, marked when it moves, shown with it."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.builders import Clinic, add_patient
from tests.decisions import operation
from tests.services.test_pathways import FUSION, REASON, act, begun, done, due, look, open_day, plan, second_visit, step
from triage import clock
from triage.db import session
from triage.domain import pathways as way
from triage.domain.errors import Conflict, NotFound, Refused
from triage.models import Appointment
from triage.services import appointments, displaced, hours, milestones, pathway_lists, pathways, step_times
from triage.services.appointments import Wish

TOKYO = ZoneInfo("Asia/Tokyo")


def wish(clinic: Clinic, pathway_id: str, name: str, kind: str, day: date, at: time = time(10)) -> Wish:
    what = clinic.surgeon.staff_id if kind in ("follow_up", "same_day_procedure", "explanation") else kind
    step_id = step(clinic, pathway_id, name).id
    return Wish(kind, what, datetime.combine(day, at, TOKYO), milestone_id=step_id)


def book(clinic: Clinic, pathway_id: str, name: str = "imaging", kind: str = "ct", day: date | None = None) -> str:
    """Book a step on its day, or on another one."""
    on = day or due(clinic, pathway_id)[name]
    assert on
    patient = look(clinic, pathway_id).pathway.patient_id
    return appointments.book(clinic.reception, patient, wish(clinic, pathway_id, name, kind, on))


def shown(clinic: Clinic, pathway_id: str, name: str = "imaging") -> Appointment | None:
    seen = look(clinic, pathway_id)
    return seen.times.get(next(one.id for one in seen.steps if one.name == name))


def mark(clinic: Clinic, appointment_id: str) -> str:
    session.close()
    return appointments.get(clinic.reception, appointment_id).to_move


def kinds(clinic: Clinic, pathway_id: str) -> dict[str, list[str]]:
    seen = look(clinic, pathway_id)
    found = {one.name: step_times.kinds_of(one, seen.pathway.procedure) for one in seen.steps}
    return {name: [kind.id for kind in each] for name, each in found.items() if each}


def test_what_the_patient_comes_for_can_be_booked_and_what_happens_in_hospital_cannot(clinic: Clinic) -> None:
    assert kinds(clinic, begun(clinic)) == {
        "visit": ["follow_up"], "imaging": ["ct", "xray"], "xray_stability": ["xray"], "aftercare": ["follow_up"],
    }  # fmt: skip
    assert kinds(clinic, begun(clinic, operation("PLDD")))["operation"] == ["same_day_procedure"]


def test_a_booked_step_shows_its_time_and_the_history_says_who_booked_it(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    made = book(clinic, pathway_id)
    found = shown(clinic, pathway_id)
    assert found
    assert (found.id, found.to_move) == (made, "")
    (line,) = pathway_lists.board(clinic.nurse, pathway_lists.Filters())[0]
    assert [one.id for one in line.times.values()] == [made]
    change = look(clinic, pathway_id).history[0]
    assert (change.milestone, change.kind, change.words) == ("imaging", "time_book", "10:00")
    assert appointments.get(clinic.nurse, made).milestone.name == "imaging"  # type: ignore[union-attr]


def test_moving_the_operation_marks_the_appointments_of_what_follows(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    plan(clinic, pathway_id, 30)
    xray = book(clinic, pathway_id, "xray_stability", "xray")
    ct = book(clinic, pathway_id)
    assert (mark(clinic, xray), mark(clinic, ct)) == ("", "")
    act(clinic, milestones.move, pathway_id, "operation", open_day(clinic, 50), REASON, who="reception")
    assert (mark(clinic, xray), mark(clinic, ct)) == (displaced.STEP_MOVED, "")
    seen = look(clinic, pathway_id)
    assert [alarm.name for alarm in seen.alarms if alarm.kind == way.TO_MOVE] == ["xray_stability"]
    rows, count = displaced.list_to_move(clinic.reception)
    assert ([row.id for row in rows], count) == ([xray], 1)


def test_a_plan_that_moves_back_leaves_the_appointment_standing(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = plan(clinic, pathway_id, 30)
    xray = book(clinic, pathway_id, "xray_stability", "xray")
    act(clinic, milestones.move, pathway_id, "operation", None, REASON, who="reception")
    assert mark(clinic, xray) == displaced.STEP_MOVED  # postponed: nobody knows the day
    act(clinic, milestones.move, pathway_id, "operation", day, REASON, who="reception")
    assert mark(clinic, xray) == ""


def test_a_moved_appointment_stands_for_the_new_plan(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    ct = book(clinic, pathway_id)
    before = due(clinic, pathway_id)["imaging"]
    act(clinic, milestones.move, pathway_id, "imaging", open_day(clinic, 12), REASON)
    new = due(clinic, pathway_id)["imaging"]
    assert mark(clinic, ct) == displaced.STEP_MOVED
    there = appointments.get(clinic.reception, ct)
    at = datetime.combine(new or date.min, time(11), TOKYO)
    appointments.move(clinic.reception, ct, there.version, "ct", at, "patient")
    assert mark(clinic, ct) == ""
    change = look(clinic, pathway_id).history[0]
    assert (change.kind, change.was_on, change.is_on, change.words) == ("time_move", before, new, "11:00 patient")


def test_another_day_by_choice_is_no_fault_also_when_hours_are_changed_later(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = open_day(clinic, 10)
    ct = book(clinic, pathway_id, day=day)
    assert day != due(clinic, pathway_id)["imaging"]
    hours.add_days(clinic.admin, open_day(clinic, 20), open_day(clinic, 20), "closed", "Repairs")
    assert mark(clinic, ct) == ""
    hours.add_days(clinic.admin, day, day, "closed", "Repairs")
    assert mark(clinic, ct) == displaced.CLOSED


def test_a_cancelled_or_missed_appointment_is_shown_at_the_step_which_can_be_booked_anew(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    ct = book(clinic, pathway_id)
    appointments.cancel(clinic.reception, ct, appointments.get(clinic.reception, ct).version, "patient")
    found = shown(clinic, pathway_id)
    assert found
    assert (found.id, found.status) == (ct, "cancelled")
    assert [change.kind for change in look(clinic, pathway_id).history[:2]] == ["time_cancel", "time_book"]
    again = book(clinic, pathway_id)
    found = shown(clinic, pathway_id)
    assert found
    assert found.id == again


def test_who_arrives_is_shown_at_the_step(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    ct = book(clinic, pathway_id)
    with clock.at(appointments.get(clinic.reception, ct).starts_at - timedelta(minutes=20)):
        appointments.arrive(clinic.reception, ct)
        found = shown(clinic, pathway_id)
        assert found
        assert found.status == "arrived"
        assert look(clinic, pathway_id).history[0].kind == "time_arrive"


@pytest.mark.parametrize("how", ["omitted", "cancelled"])
def test_who_need_not_come_any_more_stands_on_the_list_to_be_told(clinic: Clinic, how: str) -> None:
    pathway_id = begun(clinic)
    ct = book(clinic, pathway_id)
    if how == "omitted":
        act(clinic, milestones.omit, pathway_id, "imaging", "Brought from elsewhere", who="surgeon")
    else:
        version = look(clinic, pathway_id).pathway.version
        pathways.cancel(clinic.surgeon, pathway_id, version, "declined")
    assert mark(clinic, ct) == displaced.STEP_OVER
    if how == "omitted":
        act(clinic, milestones.reopen, pathway_id, "imaging", REASON, who="surgeon")
    else:
        pathways.resume(clinic.surgeon, pathway_id, look(clinic, pathway_id).pathway.version, REASON)
    assert mark(clinic, ct) == ""


def test_a_later_decision_takes_the_appointments_over(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    ct = book(clinic, pathway_id)
    new, _old = second_visit(clinic, pathway_id, FUSION)
    found = shown(clinic, new.id)
    assert found
    assert (found.id, found.to_move) == (ct, "")


def test_a_step_has_one_appointment_and_only_of_its_own_patient_and_kind(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    book(clinic, pathway_id)
    with pytest.raises(Conflict) as told:
        book(clinic, pathway_id, day=open_day(clinic, 9))
    assert told.value.code == "step_has_time"
    patient, on = look(clinic, pathway_id).pathway.patient_id, open_day(clinic, 9)
    for who, name, kind in ((patient, "imaging", "follow_up"), (add_patient(clinic.reception).id, "aftercare", "ct")):
        with pytest.raises(Refused) as refused:
            appointments.book(clinic.reception, who, wish(clinic, pathway_id, name, kind, on, time(15)))
        assert refused.value.code == "other_step"
    unknown = Wish("ct", "ct", datetime.combine(on, time(15), TOKYO), milestone_id="nowhere")
    with pytest.raises(NotFound):
        appointments.book(clinic.reception, patient, unknown)


def test_what_is_done_cannot_be_booked(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    done(clinic, pathway_id, "imaging")
    with pytest.raises(Conflict) as told:
        book(clinic, pathway_id, day=open_day(clinic, 9))
    assert told.value.code == "step_is_settled"


def test_the_procedure_that_a_decision_asked_for_is_the_operation_of_its_pathway(clinic: Clinic) -> None:
    pathway_id = begun(clinic, operation("PLDD"))
    seen, day = look(clinic, pathway_id).pathway, open_day(clinic, 9)
    at = datetime.combine(day, time(10), TOKYO)
    given = Wish("same_day_procedure", clinic.surgeon.staff_id, at, "", "PLDD", seen.decision_id)
    made = appointments.book(clinic.reception, seen.patient_id, given)
    found = shown(clinic, pathway_id, "operation")
    assert found
    assert found.id == made
    plan(clinic, pathway_id, 9)
    assert mark(clinic, made) == ""
    act(clinic, milestones.move, pathway_id, "operation", day + timedelta(days=21), REASON, True)
    assert mark(clinic, made) == displaced.STEP_MOVED
