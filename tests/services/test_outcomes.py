"""Followed up: planned, begun, asked, answered, chased, ended; nobody asked twice, no number lost."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from tests.builders import Clinic, add_patient, build_clinic, wait
from tests.services import test_pathways
from tests.services.test_consults import CONSERVATIVE, at_stage, decide
from tests.services.test_encounters import last_event
from triage import clock
from triage.db import aside, session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, NotFound, Refused, Stale
from triage.domain.outcomes import Treatment
from triage.models import Outcome, OutcomePoint, OutcomeSeries
from triage.services import milestones, outcome_entries, outcome_lists, outcome_series, outcomes
from triage.services.organisations import today

CORE = {"nrs_back": 7.0, "nrs_leg": 8.0, "odi": 46.0}


@verb
def plan(actor: Actor, patient_id: str, procedure: str = "PLIF", surgeon: str = "") -> str:
    treatment = Treatment("procedure", procedure, surgeon or actor.staff_id)
    return outcome_series.plan_series(actor, patient_id, treatment)


@verb
def operate(actor: Actor, patient_id: str, day: date, procedure: str = "PLIF") -> str:
    treatment = Treatment("procedure", procedure, actor.staff_id, "L4-5")
    return outcome_series.begin_series(actor, patient_id, day, treatment)


@verb
def treat(actor: Actor, patient_id: str, day: date) -> str:
    return outcome_series.begin_series(actor, patient_id, day, Treatment("conservative", surgeon_id=actor.staff_id))


@verb
def withdraw(actor: Actor, patient_id: str, kind: str) -> None:
    outcome_series.withdraw_series(actor, patient_id, kind, None)


def now(clinic: Clinic) -> date:
    return today(clinic.site_id)


def point(series_id: str, name: str) -> OutcomePoint:
    session.close()
    here = (OutcomePoint.series_id == series_id, OutcomePoint.point == name)
    return session.scalars(select(OutcomePoint).where(*here)).one()


def answer(actor: Actor, series_id: str, name: str, day: date, **values: float | None) -> None:
    here = point(series_id, name)
    outcome_entries.record_answers(actor, here.id, here.version, values or CORE, day, "in_person")


def operated(clinic: Clinic, days_ago: int = 100) -> str:
    patient = add_patient(clinic.reception)
    return operate(clinic.surgeon, patient.id, now(clinic) - timedelta(days=days_ago))


def test_from_the_operation_on_a_patient_is_asked_at_four_points(clinic: Clinic) -> None:
    series = operated(clinic)
    assert last_event()[0] == "outcomes_begun"
    found = outcome_lists.course(clinic.nurse, series)
    assert [(row.point, state) for row, state in found.points] == [
        ("baseline", "missed"), ("m3", "overdue"), ("m12", "early"), ("m24", "early"),
    ]  # fmt: skip
    assert [due.point.point for due in outcome_lists.list_due(clinic.nurse)] == ["m3"]


def test_the_baseline_is_asked_before_the_operation_and_its_day_may_move(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    series = plan(clinic.surgeon, patient.id)
    assert plan(clinic.surgeon, patient.id) == series
    assert [due.point.point for due in outcome_lists.list_due(clinic.nurse)] == ["baseline"]
    answer(clinic.nurse, series, "baseline", now(clinic))
    assert outcome_lists.list_due(clinic.nurse) == []
    later = now(clinic) + timedelta(days=40)
    with clock.at(clock.now() + timedelta(days=40)):
        assert operate(clinic.surgeon, patient.id, later) == series
        assert operate(clinic.surgeon, patient.id, later) == series
    found = outcome_lists.course(clinic.nurse, series)
    assert found.points[0][0].closes == later
    assert {name: row.value for name, row in found.values["baseline"].items()} == CORE


def test_what_a_visit_has_recorded_is_the_baseline_and_nobody_is_asked_twice(clinic: Clinic) -> None:
    here = wait(clinic.nurse, {"odi": 52, "joabpeq_walking": 29, "pain_nrs": 8})
    series = treat(clinic.surgeon, here.patient_id, now(clinic))
    found = outcome_lists.course(clinic.nurse, series)
    assert {name: row.value for name, row in found.values["baseline"].items()} == {"odi": 52, "joabpeq_walking": 29}
    assert found.points[0][0].status == "partly"  # pain of back and leg was not told apart: never guessed
    assert outcome_lists.list_due(clinic.nurse)[0].point.series_id == series


def test_who_is_operated_on_after_conservative_care_is_asked_for_the_operation_alone(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    first = treat(clinic.surgeon, patient.id, now(clinic) - timedelta(days=85))
    plan(clinic.surgeon, patient.id)
    second = operate(clinic.surgeon, patient.id, now(clinic))
    ended = outcome_lists.course(clinic.nurse, first).series
    assert (ended.end_reason, ended.ended_on) == ("operated", now(clinic))
    assert {due.point.series_id for due in outcome_lists.list_due(clinic.nurse)} == {second}
    with pytest.raises(Conflict, match="follow_up_ended"):
        outcome_entries.take_up(clinic.nurse, first, ended.version)


def test_a_decision_that_fell_is_not_followed_up(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    plan(clinic.surgeon, patient.id)
    withdraw(clinic.surgeon, patient.id, "procedure")
    assert outcome_lists.list_due(clinic.nurse) == []
    assert last_event()[0] == "outcomes_ended"


def test_a_part_stays_on_the_list_and_a_correction_keeps_what_stood_before(clinic: Clinic) -> None:
    series = operated(clinic)
    answer(clinic.nurse, series, "m3", now(clinic), nrs_back=3.0)
    assert [due.point.status for due in outcome_lists.list_due(clinic.nurse)] == ["partly"]
    answer(clinic.nurse, series, "m3", now(clinic), nrs_back=2.0, nrs_leg=1.0, odi=20.0)
    assert last_event()[1]["before"] == {"nrs_back": 3.0, "nrs_leg": None, "odi": None}
    assert outcome_lists.list_due(clinic.nurse) == []
    assert point(series, "m3").answered_on == now(clinic)
    answer(clinic.nurse, series, "m3", now(clinic), odi=None)
    assert "odi" not in outcomes.current(point(series, "m3").id)
    assert point(series, "m3").status == "partly"
    assert len(session.scalars(select(Outcome)).all()) == 5


def test_an_answer_belongs_to_the_days_of_its_point(clinic: Clinic) -> None:
    series = operated(clinic)
    for day, code in ((now(clinic) + timedelta(days=1), "future_date"), (date(2020, 1, 1), "outside_the_window")):
        with pytest.raises(Invalid) as wrong:
            answer(clinic.nurse, series, "m3", day)
        assert wrong.value.fields == {"day": code}
    with pytest.raises(Conflict, match="point_early"):
        answer(clinic.nurse, series, "m12", now(clinic))
    with pytest.raises(Invalid):
        answer(clinic.nurse, series, "baseline", now(clinic))  # after the operation it is no baseline


def test_two_people_who_enter_the_same_answers_do_not_overwrite_each_other(clinic: Clinic) -> None:
    series = operated(clinic)
    seen = point(series, "m3")
    answer(clinic.nurse, series, "m3", now(clinic))
    with pytest.raises(Stale):
        outcome_entries.record_answers(clinic.reception, seen.id, seen.version, {"odi": 1.0}, now(clinic), "paper")


def test_an_empty_form_is_no_answer(clinic: Clinic) -> None:
    with pytest.raises(Refused, match="nothing_typed"):
        answer(clinic.nurse, operated(clinic), "m3", now(clinic), odi=None, nrs_back=None)


def test_every_attempt_is_kept_and_the_patient_stays_on_the_list(clinic: Clinic) -> None:
    series = operated(clinic)
    for result in ("not_reached", "sent"):
        here = point(series, "m3")
        outcome_entries.note_contact(clinic.reception, here.id, here.version, result, "at noon")
    assert last_event()[0] == "outcomes_asked"
    due = outcome_lists.list_due(clinic.nurse)[0].point
    assert (due.attempts, due.attempt) == (2, "sent")
    assert len(outcome_lists.course(clinic.nurse, series).contacts) == 2


def test_who_does_not_wish_to_answer_is_not_asked_until_it_is_taken_up_again(clinic: Clinic) -> None:
    series = operated(clinic)
    row = outcomes.find(clinic.nurse, series)
    with pytest.raises(Invalid):
        outcome_entries.end(clinic.nurse, series, row.version, "operated")  # only the program says so
    outcome_entries.end(clinic.nurse, series, row.version, "declined", "by telephone")
    assert outcome_lists.list_due(clinic.nurse) == []
    with pytest.raises(Conflict, match="point_stopped"):
        answer(clinic.nurse, series, "m3", now(clinic))
    session.close()
    outcome_entries.take_up(clinic.nurse, series, outcomes.find(clinic.nurse, series).version)
    assert len(outcome_lists.list_due(clinic.nurse)) == 1


def test_a_complication_is_coded_dated_and_taken_back_with_a_reason(clinic: Clinic) -> None:
    series, day = operated(clinic), now(clinic)
    with pytest.raises(Invalid) as wrong:
        outcome_entries.note_complication(clinic.surgeon, series, None, "bad luck", date(2020, 1, 1), "9", False)
    assert wrong.value.fields == {"kind": "not_a_choice", "grade": "not_a_choice", "day": "before_the_index_day"}
    made = outcome_entries.note_complication(
        clinic.surgeon, series, None, "infection_deep", day, "3", True, "washed out"
    )
    assert last_event()[0] == "complication_noted"
    with pytest.raises(Refused, match="note_needed"):
        outcome_entries.withdraw_complication(clinic.surgeon, made, " ")
    outcome_entries.withdraw_complication(clinic.surgeon, made, "another patient")
    with pytest.raises(Conflict, match="complication_withdrawn"):
        outcome_entries.withdraw_complication(clinic.surgeon, made, "again")
    kept = outcome_lists.course(clinic.nurse, series).complications
    assert [row.withdrawn_why for row in kept] == ["another patient"]


@pytest.mark.parametrize("change", [update(Outcome).values(value=0), delete(Outcome)])
def test_a_number_is_never_edited(clinic: Clinic, change: object) -> None:
    answer(clinic.nurse, operated(clinic), "m3", now(clinic))
    with pytest.raises(DBAPIError, match="append-only"), aside() as own:
        own.execute(change)  # type: ignore[call-overload]


def test_a_follow_up_of_another_site_is_not_there(clinic: Clinic) -> None:
    series = operated(clinic)
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    with pytest.raises(NotFound):
        outcome_lists.course(other.nurse, series)
    assert outcome_lists.list_due(other.nurse) == []
    with pytest.raises(NotFound):
        outcome_entries.note_complication(other.surgeon, series, None, "other", now(clinic), "1", False)
    assert session.scalars(select(OutcomeSeries.id)).all() == [series]


def test_what_the_surgeon_decides_is_followed_up_and_an_amendment_drops_it(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, CONSERVATIVE)
    (course,) = outcome_lists.courses_of(clinic.nurse, encounter.patient_id)
    assert (course.series.kind, course.series.index_day) == ("conservative", now(clinic))


def test_the_operation_done_begins_the_follow_up_and_taking_it_back_plans_it_again(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "emergency")
    decide(clinic, encounter, test_pathways.FUSION)
    (planned,) = outcome_lists.courses_of(clinic.nurse, encounter.patient_id)
    assert planned.series.index_day is None
    (pathway,) = test_pathways.pathway_lists.list_of_patient(clinic.surgeon, encounter.patient_id)
    test_pathways.act(clinic, milestones.complete, pathway.id, "operation", who="surgeon")
    (course,) = outcome_lists.courses_of(clinic.nurse, encounter.patient_id)
    assert (course.series.index_day, len(course.points)) == (now(clinic), 4)
    test_pathways.act(clinic, milestones.reopen, pathway.id, "operation", who="surgeon")
    (again,) = outcome_lists.courses_of(clinic.nurse, encounter.patient_id)
    assert (again.series.id, again.series.index_day) == (planned.series.id, None)
    assert [row.point for row, _state in again.points if row.status in ("open", "partly")] == ["baseline"]
