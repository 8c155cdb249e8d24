"""The way after a signed decision: begun, dated, blocked, late, moved, cancelled, replaced."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from tests.at_once import at_once
from tests.builders import SAFE, Clinic, as_answers, build_clinic
from tests.decisions import operation
from tests.services.test_consults import CONSERVATIVE, IMAGING, at_stage, decide, now
from tests.services.test_encounters import last_event
from tests.services.test_triage import all_no, override
from triage import clock
from triage.db import aside, session
from triage.domain import pathways as way
from triage.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refused, Stale
from triage.models import Milestone, MilestoneChange, OutcomeSeries, Pathway
from triage.services import (
    decisions,
    encounters,
    hours,
    imaging,
    intakes,
    milestones,
    orders,
    pathway_counts,
    pathway_lists,
    pathways,
    triage,
)  # fmt: skip
from triage.services.consults import Choice
from triage.services.organisations import today

FUSION = operation("PLIF")
DISC = operation("MED")
REASON = "Theatre closed"


def begun(clinic: Clinic, choice: Choice = FUSION, **patient: Any) -> str:
    """Let the surgeon decide on an operation, and return the pathway's id."""
    encounter = at_stage(clinic, "review", **patient)
    decide(clinic, encounter, choice)
    (pathway,) = pathway_lists.list_of_patient(clinic.surgeon, encounter.patient_id)
    return pathway.id


def look(clinic: Clinic, pathway_id: str) -> pathway_lists.View:
    session.close()
    return pathway_lists.view(clinic.nurse, pathway_id)


def step(clinic: Clinic, pathway_id: str, name: str) -> Milestone:
    return next(one for one in look(clinic, pathway_id).steps if one.name == name)


def due(clinic: Clinic, pathway_id: str) -> dict[str, date | None]:
    return {one.name: one.due_on for one in look(clinic, pathway_id).steps}


def act(clinic: Clinic, function: Any, pathway_id: str, name: str, *args: Any, who: str = "nurse", **more: Any) -> Any:
    """Do something with a step, on the page as it stands now."""
    seen = look(clinic, pathway_id)
    found, version = next(one for one in seen.steps if one.name == name), seen.pathway.version
    return function(clinic.people[who], found.id, version, *args, **more)


def open_day(clinic: Clinic, ahead: int) -> date:
    return hours.next_open(clinic.site_id, today(clinic.site_id), ahead)


def plan(clinic: Clinic, pathway_id: str, ahead: int = 30, name: str = "operation") -> date:
    """Agree on a day for the operation, and return it."""
    day = open_day(clinic, ahead)
    act(clinic, milestones.move, pathway_id, name, day, who="reception")
    return day


def tick_all(clinic: Clinic, pathway_id: str, name: str) -> None:
    answers = dict.fromkeys(step(clinic, pathway_id, name).items, "done")
    act(clinic, milestones.tick, pathway_id, name, answers)


def done(clinic: Clinic, pathway_id: str, *names: str, on: date | None = None) -> None:
    for name in names:
        tick_all(clinic, pathway_id, name)
        act(clinic, milestones.complete, pathway_id, name, on)


def made_ready(clinic: Clinic, pathway_id: str) -> None:
    done(clinic, pathway_id, "imaging", "admission", "myelography", "explanation", "rest", "ready")


# Begun with the signature


def test_a_decision_for_an_operation_begins_its_way_and_chases_the_day(clinic: Clinic) -> None:
    seen = look(clinic, begun(clinic))
    assert (seen.pathway.procedure, seen.pathway.level, seen.pathway.phase) == ("PLIF", "L4-5", way.BEFORE)
    assert seen.pathway.surgeon.name == clinic.surgeon.name
    found = {one.name: one for one in seen.steps}
    assert found["visit"].status == way.DONE
    assert found["imaging"].due_on == found["agreed"].due_on == open_day(clinic, 7)
    assert (found["operation"].due_on, found["discharge"].due_on) == (None, None)
    assert [change.kind for change in seen.history][-1] == "begun"


def test_imaging_that_the_visit_brought_counts(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, IMAGING)
    order = orders.orders_of(encounter)[-1]
    imaging.start(clinic.radiographer, order.id, order.version, ("name", "number"), "no", SAFE)
    version = imaging.get(clinic.radiographer, order.id).version
    imaging.complete(clinic.radiographer, order.id, version, "L-spine", {})
    decide(clinic, encounter, FUSION)
    (pathway,) = pathway_lists.list_of_patient(clinic.surgeon, encounter.patient_id)
    assert step(clinic, pathway.id, "imaging").done_on == today(clinic.site_id)


def test_conservative_care_has_no_such_way(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, CONSERVATIVE)
    assert pathway_lists.list_of_patient(clinic.surgeon, encounter.patient_id) == []


def test_every_procedure_has_its_way(clinic: Clinic) -> None:
    disc = look(clinic, begun(clinic, DISC))
    assert disc.pathway.template == "disc"
    assert "myelography" not in [one.name for one in disc.steps]


def test_an_operation_in_an_emergency_waits_for_no_step_of_the_planned_way(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "emergency")
    decide(clinic, encounter, FUSION)
    (pathway,) = pathway_lists.list_of_patient(clinic.surgeon, encounter.patient_id)
    assert pathway.urgent
    assert pathway.operation_on == today(clinic.site_id)
    assert step(clinic, pathway.id, "myelography").status == way.OMITTED
    act(clinic, milestones.complete, pathway.id, "operation", who="surgeon")
    assert due(clinic, pathway.id)["physiotherapy"] == open_day(clinic, 7)
    assert now(clinic, encounter).stage == "emergency"


# Days


def test_the_desk_agrees_on_a_day_and_everything_else_is_dated_by_it(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = plan(clinic, pathway_id)
    found = due(clinic, pathway_id)
    assert step(clinic, pathway_id, "agreed").status == way.DONE
    assert found["admission"] == hours.next_open(clinic.site_id, day - timedelta(days=5))
    assert found["discharge"] == hours.next_open(clinic.site_id, day + timedelta(days=28))
    assert all(hours.opening(clinic.site_id, found[name]) for name in ("physiotherapy", "aftercare") if found[name])
    assert look(clinic, pathway_id).pathway.operation_on == day


def test_moving_the_operation_needs_a_reason_and_moves_what_follows_and_keeps_what_is_fixed(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = plan(clinic, pathway_id)
    fixed = open_day(clinic, 90)
    act(clinic, milestones.move, pathway_id, "discharge", fixed, "The family can take him then")
    done(clinic, pathway_id, "imaging")
    later = hours.next_open(clinic.site_id, day, 7)
    with pytest.raises(Refused, match="note_needed"):
        act(clinic, milestones.move, pathway_id, "operation", later, " ")
    moved = act(clinic, milestones.move, pathway_id, "operation", later, REASON)
    found = due(clinic, pathway_id)
    assert {"admission", "myelography", "physiotherapy", "xray_stability"} <= set(moved)
    assert found["physiotherapy"] == hours.next_open(clinic.site_id, later, 7)
    assert (found["discharge"], found["aftercare"]) == (fixed, hours.next_open(clinic.site_id, fixed, 7))
    name, told = last_event()
    assert (name, told["before"], told["after"], told["reason"]) == (
        "milestone_moved", day.isoformat(), later.isoformat(), REASON,
    )  # fmt: skip
    kept = [(c.milestone, c.was_on, c.is_on) for c in look(clinic, pathway_id).history if c.kind == "moved"]
    assert ("operation", day, later) in kept


def test_a_fixed_step_can_follow_the_plan_again(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    plan(clinic, pathway_id)
    planned = due(clinic, pathway_id)["discharge"]
    act(clinic, milestones.move, pathway_id, "discharge", open_day(clinic, 90), "Family")
    act(clinic, milestones.move, pathway_id, "discharge", None, "As planned after all")
    assert step(clinic, pathway_id, "discharge").due_on == planned
    assert not step(clinic, pathway_id, "discharge").fixed


def test_an_operation_that_is_postponed_without_a_day_has_to_be_agreed_anew(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    plan(clinic, pathway_id)
    act(clinic, milestones.move, pathway_id, "operation", None, "Fever")
    found = {one.name: one for one in look(clinic, pathway_id).steps}
    assert (found["operation"].due_on, found["discharge"].due_on) == (None, None)
    assert (found["agreed"].status, found["agreed"].due_on) == (way.OPEN, open_day(clinic, 7))


def test_who_was_ready_is_checked_anew_when_the_operation_moves(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = plan(clinic, pathway_id, 1)
    made_ready(clinic, pathway_id)
    assert look(clinic, pathway_id).pathway.is_ready
    act(clinic, milestones.move, pathway_id, "operation", hours.next_open(clinic.site_id, day, 7), REASON)
    again = step(clinic, pathway_id, "ready")
    assert (again.status, again.ticks) == (way.OPEN, {})
    assert not look(clinic, pathway_id).pathway.is_ready


@pytest.mark.parametrize(("ahead", "code"), [(-1, "day_past"), (800, "day_too_far")])
def test_a_day_that_cannot_be_is_refused_at_the_field(clinic: Clinic, ahead: int, code: str) -> None:
    pathway_id = begun(clinic)
    with pytest.raises(Invalid) as wrong:
        act(clinic, milestones.move, pathway_id, "operation", today(clinic.site_id) + timedelta(days=ahead))
    assert wrong.value.fields == {"day": code}


def test_a_day_on_which_the_clinic_is_closed_has_to_be_confirmed(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = today(clinic.site_id) + timedelta(days=14)
    sunday = day + timedelta(days=6 - day.weekday())
    with pytest.raises(Invalid) as wrong:
        act(clinic, milestones.move, pathway_id, "operation", sunday)
    assert wrong.value.fields == {"day": "day_closed"}
    act(clinic, milestones.move, pathway_id, "operation", sunday, closed_too=True)
    assert look(clinic, pathway_id).pathway.operation_on == sunday


# Done


def test_a_missing_myelography_blocks_ready_for_operation_and_the_operation(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    plan(clinic, pathway_id, 1)
    done(clinic, pathway_id, "imaging", "admission")
    tick_all(clinic, pathway_id, "ready")
    with pytest.raises(Refused, match="steps_open"):
        act(clinic, milestones.complete, pathway_id, "ready")
    with pytest.raises(Refused, match="steps_open"):
        act(clinic, milestones.complete, pathway_id, "operation", who="surgeon")
    assert not look(clinic, pathway_id).pathway.is_ready
    done(clinic, pathway_id, "myelography", "explanation", "rest", "ready")
    assert look(clinic, pathway_id).pathway.is_ready
    act(clinic, milestones.complete, pathway_id, "operation", who="surgeon")


def test_only_a_surgeon_says_that_a_step_which_others_need_is_not_needed(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    with pytest.raises(NotAllowed):
        act(clinic, milestones.omit, pathway_id, "myelography", "MRI from elsewhere")
    with pytest.raises(Refused, match="note_needed"):
        act(clinic, milestones.omit, pathway_id, "myelography", " ", who="surgeon")
    act(clinic, milestones.omit, pathway_id, "myelography", "MRI from elsewhere", who="surgeon")
    assert step(clinic, pathway_id, "myelography").note == "MRI from elsewhere"
    assert last_event()[0] == "milestone_omitted"
    with pytest.raises(Conflict, match="operation_not_omitted"):
        act(clinic, milestones.omit, pathway_id, "operation", "no", who="surgeon")


def test_the_checklist_is_answered_item_by_item_and_keeps_who(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    plan(clinic, pathway_id, 1)
    done(clinic, pathway_id, "imaging", "admission", "myelography", "explanation", "rest")
    items = step(clinic, pathway_id, "ready").items
    act(clinic, milestones.tick, pathway_id, "ready", dict.fromkeys(items[1:], "done") | {items[-1]: "not_needed"})
    with pytest.raises(Refused, match="checklist_open"):
        act(clinic, milestones.complete, pathway_id, "ready")
    act(clinic, milestones.tick, pathway_id, "ready", {items[0]: "done", items[1]: ""})
    ticks = step(clinic, pathway_id, "ready").ticks
    assert ticks[items[0]]["by"] == clinic.nurse.name
    assert items[1] not in ticks
    with pytest.raises(Refused, match="checklist_open"):
        act(clinic, milestones.complete, pathway_id, "ready")


def test_an_operation_on_another_day_than_planned_moves_what_comes_after_it(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    plan(clinic, pathway_id, 1)
    made_ready(clinic, pathway_id)
    act(clinic, milestones.complete, pathway_id, "operation", who="surgeon")
    seen, on = look(clinic, pathway_id), today(clinic.site_id)
    assert (seen.pathway.operated_on, seen.pathway.phase) == (on, way.INSIDE)
    assert due(clinic, pathway_id)["physiotherapy"] == open_day(clinic, 7)


def test_a_way_ends_by_itself_when_nothing_is_left_and_is_open_again_when_the_last_step_is_taken_back(
    clinic: Clinic,
) -> None:
    pathway_id = begun(clinic)
    plan(clinic, pathway_id, 1)
    made_ready(clinic, pathway_id)
    done(clinic, pathway_id, "operation", "physiotherapy", "xray_stability", "discharge")
    assert look(clinic, pathway_id).pathway.phase == way.AFTER
    done(clinic, pathway_id, "aftercare")
    assert look(clinic, pathway_id).pathway.status == way.FINISHED
    assert pathway_lists.list_open(clinic.nurse) == []
    act(clinic, milestones.reopen, pathway_id, "aftercare")
    assert look(clinic, pathway_id).pathway.status == way.OPEN


def test_a_step_noted_by_mistake_is_taken_back_at_once_or_later_with_a_reason(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    done(clinic, pathway_id, "imaging")
    act(clinic, milestones.reopen, pathway_id, "imaging")
    assert step(clinic, pathway_id, "imaging").status == way.OPEN
    done(clinic, pathway_id, "imaging")
    with clock.at(clock.now() + timedelta(minutes=11)):
        with pytest.raises(Refused, match="note_needed"):
            act(clinic, milestones.reopen, pathway_id, "imaging")
        act(clinic, milestones.reopen, pathway_id, "imaging", "Another patient's film")
    assert look(clinic, pathway_id).history[0].words == "Another patient's film"


def test_a_step_is_not_taken_back_under_one_that_needs_it(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    plan(clinic, pathway_id, 1)
    done(clinic, pathway_id, "admission", "myelography")
    with pytest.raises(Conflict, match="later_step_done"):
        act(clinic, milestones.reopen, pathway_id, "admission")


@pytest.mark.parametrize(("who", "name"), [("radiographer", "imaging"), ("nurse", "imaging"), ("surgeon", "admission")])
def test_whose_step_it_is_a_nurse_or_a_surgeon_notes_it(clinic: Clinic, who: str, name: str) -> None:
    pathway_id = begun(clinic)
    act(clinic, milestones.complete, pathway_id, name, who=who)
    assert step(clinic, pathway_id, name).settled_by == clinic.people[who].staff_id


def test_no_day_is_agreed_while_there_is_none(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    with pytest.raises(Refused, match="day_not_agreed"):
        act(clinic, milestones.complete, pathway_id, "agreed", who="reception")


def test_nobody_else_notes_it(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    for who, name in (("reception", "imaging"), ("radiographer", "admission")):
        with pytest.raises(NotAllowed):
            act(clinic, milestones.complete, pathway_id, name, who=who)
    with pytest.raises(NotAllowed):
        act(clinic, milestones.move, pathway_id, "operation", open_day(clinic, 9), who="radiographer")
    with pytest.raises(NotAllowed):
        pathways.cancel(clinic.reception, pathway_id, look(clinic, pathway_id).pathway.version, "declined")


@pytest.mark.parametrize(
    ("name", "ago", "code"),
    [("agreed", -1, "day_ahead"), ("operation", 1, "day_before_decision"), ("imaging", 400, "day_before_decision")],
)
def test_a_day_on_which_it_cannot_have_been_done_is_refused(clinic: Clinic, name: str, ago: int, code: str) -> None:
    pathway_id = begun(clinic)
    with pytest.raises(Invalid) as wrong:
        act(clinic, milestones.complete, pathway_id, name, today(clinic.site_id) - timedelta(days=ago))
    assert wrong.value.fields == {"day": code}


def test_a_ct_of_last_month_counts(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    done(clinic, pathway_id, "imaging", on=today(clinic.site_id) - timedelta(days=30))
    assert step(clinic, pathway_id, "imaging").status == way.DONE


def test_two_people_at_one_pathway_do_not_overwrite_each_other(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    seen = look(clinic, pathway_id)
    found = {one.name: one.id for one in seen.steps}
    version = seen.pathway.version
    milestones.complete(clinic.nurse, found["imaging"], version)
    with pytest.raises(Stale):
        milestones.complete(clinic.nurse2, found["agreed"], version)
    with pytest.raises(Conflict, match="step_is_settled"):
        act(clinic, milestones.complete, pathway_id, "imaging")


def test_of_two_who_note_something_at_the_same_moment_one_is_told(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    seen = look(clinic, pathway_id)
    found, version = {one.name: one.id for one in seen.steps}, seen.pathway.version
    day = open_day(clinic, 30)
    session.remove()
    told = at_once(
        lambda: milestones.complete(clinic.nurse, found["imaging"], version),
        lambda: milestones.move(clinic.reception, found["operation"], version, day),
    )
    assert [type(error) for error in told] == [Stale]
    now_seen = look(clinic, pathway_id)
    assert (now_seen.pathway.operation_on is None) != (step(clinic, pathway_id, "imaging").status == way.OPEN)


# Late, and alarms


def test_what_is_late_stands_on_the_list_of_its_owner_and_is_counted(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    assert pathway_counts.count(clinic.nurse) == pathway_counts.Counts(0, 0)
    with clock.at(clock.now() + timedelta(days=12)):
        assert {one.name for one in pathway_lists.list_due(clinic.nurse)} == {"imaging", "agreed"}
        assert [one.name for one in pathway_lists.list_due(clinic.nurse, "reception")] == ["agreed"]
        assert pathway_counts.count(clinic.nurse).late == 2
        assert pathway_counts.count(clinic.nurse, "radiographer").late == 1
        assert [alarm.kind for alarm in look(clinic, pathway_id).alarms] == [way.LATE, way.LATE]
        pathways.cancel(clinic.nurse, pathway_id, look(clinic, pathway_id).pathway.version, "declined")
        assert pathway_counts.count(clinic.nurse) == pathway_counts.Counts(0, 0)
        assert pathway_lists.list_due(clinic.nurse) == []


def test_an_operation_that_is_near_without_myelography_is_an_alarm(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = plan(clinic, pathway_id)
    done(clinic, pathway_id, "imaging")
    midnight = clock.now() + (day - today(clinic.site_id)) * 1
    with clock.at(midnight - timedelta(days=2)):
        assert pathway_counts.count(clinic.nurse).not_ready == 1
        lines, counts = pathway_lists.board(clinic.nurse, pathway_lists.Filters("alarm"))
        assert [line.pathway.id for line in lines] == [pathway_id]
        assert counts["alarm"] == 1


def test_a_day_that_is_closed_after_it_was_planned_is_an_alarm_and_whoever_moves_avoids_it(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = plan(clinic, pathway_id)
    due_then = due(clinic, pathway_id)["physiotherapy"]
    assert due_then
    assert look(clinic, pathway_id).alarms == []
    hours.add_days(clinic.admin, due_then, due_then, "closed", "Staff outing")
    assert [(a.kind, a.name) for a in look(clinic, pathway_id).alarms][0] == (way.CLOSED, "physiotherapy")
    lines, counts = pathway_lists.board(clinic.nurse, pathway_lists.Filters("alarm"))
    assert ([line.pathway.id for line in lines], counts["alarm"]) == ([pathway_id], 1)
    act(clinic, milestones.move, pathway_id, "physiotherapy", None, "The clinic is closed")
    assert due(clinic, pathway_id)["physiotherapy"] == hours.next_open(clinic.site_id, day, 7) != due_then


def test_the_board_is_filtered_by_phase_and_by_words(clinic: Clinic) -> None:
    first = begun(clinic, family_name="渡辺", family_kana="ワタナベ")
    second = begun(clinic, DISC)
    plan(clinic, second, 1)
    done(clinic, second, "admission")
    shown = {}
    for name in ("", way.BEFORE, way.INSIDE, way.AFTER):
        lines, counts = pathway_lists.board(clinic.nurse, pathway_lists.Filters(name))
        shown[name] = [line.pathway.id for line in lines]
        assert counts[name] == len(lines)
    assert shown == {"": [first, second], way.BEFORE: [first], way.INSIDE: [second], way.AFTER: []}
    found, _ = pathway_lists.board(clinic.nurse, pathway_lists.Filters("", "ﾜﾀﾅﾍﾞ"))
    assert [line.pathway.id for line in found] == [first]


# Cancelled, gone on with, replaced


def test_a_cancelled_way_keeps_its_history_and_can_be_gone_on_with(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = plan(clinic, pathway_id)

    def version() -> int:
        return look(clinic, pathway_id).pathway.version

    with pytest.raises(Refused, match="reason_needed"):
        pathways.cancel(clinic.nurse, pathway_id, version(), "because")
    with pytest.raises(Refused, match="note_needed"):
        pathways.cancel(clinic.nurse, pathway_id, version(), "other")
    pathways.cancel(clinic.nurse, pathway_id, version(), "declined", "afraid")
    seen = look(clinic, pathway_id)
    assert (seen.pathway.status, seen.pathway.end_reason) == (way.CANCELLED, "declined")
    assert {one.status for one in seen.steps} == {way.DONE, way.DROPPED}
    lines, _ = pathway_lists.board(clinic.nurse, pathway_lists.Filters("ended"))
    assert [line.pathway.id for line in lines] == [pathway_id]
    with pytest.raises(Conflict, match="pathway_ended"):
        act(clinic, milestones.complete, pathway_id, "imaging")
    pathways.resume(clinic.surgeon, pathway_id, version(), "Wants it after all")
    again = look(clinic, pathway_id)
    assert (again.pathway.status, again.pathway.operation_on) == (way.OPEN, day)
    assert [one.kind for one in again.history if not one.milestone] == ["resumed", "cancelled", "begun"]


def second_visit(clinic: Clinic, pathway_id: str, choice: Choice) -> list[Pathway]:
    """Let the patient come again and the surgeon decide once more; return the patient's pathways, open ones first."""
    patient_id = look(clinic, pathway_id).pathway.patient_id
    visit = encounters.check_in(clinic.reception, patient_id, "")
    intakes.record_answers(clinic.reception, visit, as_answers(all_no()))
    intakes.submit(clinic.reception, visit)
    version = encounters.get(clinic.nurse, visit).version
    triage.decide(clinic.nurse, visit, version, override("specialist_consult"))
    decide(clinic, encounters.get(clinic.surgeon, visit), choice)
    return pathway_lists.list_of_patient(clinic.surgeon, patient_id)


def test_a_second_decision_for_the_same_kind_of_operation_takes_over_what_was_done(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = plan(clinic, pathway_id)
    done(clinic, pathway_id, "imaging")
    new, old = second_visit(clinic, pathway_id, FUSION)
    assert (old.id, old.status, new.replaces_id) == (pathway_id, way.REPLACED, pathway_id)
    assert new.operation_on == day
    assert step(clinic, new.id, "imaging").status == way.DONE
    assert pathway_counts.count(clinic.nurse).late == 0
    with pytest.raises(Conflict, match="pathway_not_cancelled"):
        pathways.resume(clinic.nurse, pathway_id, old.version, "no")


def test_another_level_is_checked_anew_before_the_operation(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    plan(clinic, pathway_id, 1)
    made_ready(clinic, pathway_id)
    new, _old = second_visit(clinic, pathway_id, operation("PLIF", "L3-4"))
    assert (new.level, new.is_ready) == ("L3-4", False)
    ready = step(clinic, new.id, "ready")
    assert (ready.status, ready.ticks) == (way.OPEN, {})
    assert step(clinic, new.id, "admission").status == way.DONE


def test_another_kind_of_operation_stands_beside_the_first_until_somebody_ends_one(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    both = second_visit(clinic, pathway_id, DISC)
    assert [one.status for one in both] == [way.OPEN, way.OPEN]
    assert [one.id for one in look(clinic, both[0].id).others] == [pathway_id]


def amended(clinic: Clinic, pathway_id: str, choice: Choice) -> None:
    """Let the surgeon amend the decision that began this pathway."""
    pathway = look(clinic, pathway_id).pathway
    version = encounters.get(clinic.surgeon, pathway.encounter_id).version
    decision_id = pathway.decision_id
    session.close()
    decisions.amend(clinic.surgeon, decision_id, version, choice, "typed wrongly")


def test_a_decision_amended_to_no_operation_ends_the_plan(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    plan(clinic, pathway_id)
    amended(clinic, pathway_id, CONSERVATIVE)
    assert look(clinic, pathway_id).pathway.status == way.CANCELLED
    assert pathway_lists.list_open(clinic.nurse) == []


def operated(clinic: Clinic) -> str:
    """Return the pathway of a patient who was operated on today."""
    pathway_id = begun(clinic)
    plan(clinic, pathway_id, 1)
    made_ready(clinic, pathway_id)
    done(clinic, pathway_id, "operation")
    return pathway_id


def test_who_was_operated_on_is_followed_up_whatever_the_decision_is_amended_to(clinic: Clinic) -> None:
    pathway_id = operated(clinic)
    amended(clinic, pathway_id, CONSERVATIVE)
    assert look(clinic, pathway_id).pathway.status == way.OPEN


def test_a_level_corrected_after_the_operation_keeps_everything_that_was_done(clinic: Clinic) -> None:
    pathway_id = operated(clinic)
    days = due(clinic, pathway_id)
    amended(clinic, pathway_id, operation("PLIF", "L3-4"))
    new = next(one for one in pathway_lists.list_open(clinic.nurse))
    assert (new.replaces_id, new.level, new.operated_on) == (pathway_id, "L3-4", today(clinic.site_id))
    assert due(clinic, new.id)["physiotherapy"] == days["physiotherapy"]
    assert step(clinic, new.id, "ready").status == way.DONE


def test_a_level_corrected_when_all_is_over_opens_nothing_again(clinic: Clinic) -> None:
    pathway_id = operated(clinic)
    done(clinic, pathway_id, "physiotherapy", "xray_stability", "discharge", "aftercare")
    amended(clinic, pathway_id, operation("PLIF", "L3-4"))
    assert pathway_lists.list_open(clinic.nurse) == []
    assert {one.status for one in pathway_lists.list_ended(clinic.nurse)} == {way.FINISHED, way.REPLACED}


def test_a_nerve_block_has_a_short_way_of_its_own(clinic: Clinic) -> None:
    pathway_id = begun(clinic, operation("NERVE_BLOCK"))
    day = plan(clinic, pathway_id, 1, "block")
    assert due(clinic, pathway_id)["control"] == hours.next_open(clinic.site_id, day, 14)


# The scores


def series(clinic: Clinic, pathway_id: str) -> list[tuple[str, date | None, str]]:
    """Return what the patient is asked for: procedure, day it is counted from, why it ended."""
    patient_id = look(clinic, pathway_id).pathway.patient_id
    found = session.scalars(select(OutcomeSeries).where(OutcomeSeries.patient_id == patient_id))
    return [(one.procedure, one.index_day, one.end_reason) for one in found]


def test_the_scores_are_asked_for_before_the_operation_and_from_its_day_on(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    assert series(clinic, pathway_id) == [("PLIF", None, "")]
    plan(clinic, pathway_id, 1)
    made_ready(clinic, pathway_id)
    done(clinic, pathway_id, "operation")
    assert series(clinic, pathway_id) == [("PLIF", today(clinic.site_id), "")]


def test_another_procedure_is_asked_for_in_the_place_of_the_first(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    amended(clinic, pathway_id, operation("MED"))
    assert series(clinic, pathway_id) == [("MED", None, "")]  # the plan goes on, and so does its baseline


def test_nobody_is_asked_for_the_scores_of_an_operation_that_does_not_come(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    pathways.cancel(clinic.nurse, pathway_id, look(clinic, pathway_id).pathway.version, "declined")
    assert [reason for _, _, reason in series(clinic, pathway_id)] == ["not_done"]
    pathways.resume(clinic.nurse, pathway_id, look(clinic, pathway_id).pathway.version, "after all")
    assert [reason for _, _, reason in series(clinic, pathway_id)].count("") == 1
    assert series(clinic, begun(clinic, operation("NERVE_BLOCK"))) == []


def test_of_two_plans_one_is_given_up_and_the_other_keeps_its_way_and_its_scores(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    other, _first = second_visit(clinic, pathway_id, DISC)
    assert series(clinic, pathway_id) == [("MED", None, "")]
    pathways.cancel(clinic.nurse, other.id, look(clinic, other.id).pathway.version, "declined")
    assert look(clinic, pathway_id).pathway.status == way.OPEN
    assert series(clinic, pathway_id) == [("PLIF", None, "")], "the patient is asked for the operation that comes"


@pytest.mark.parametrize("choice", [CONSERVATIVE, operation("NERVE_BLOCK")], ids=["no operation", "a nerve block"])
def test_of_two_plans_one_is_amended_away_and_the_other_keeps_its_way_and_its_scores(
    clinic: Clinic, choice: Choice
) -> None:
    pathway_id = begun(clinic)
    other, _first = second_visit(clinic, pathway_id, DISC)
    amended(clinic, other.id, choice)
    assert look(clinic, other.id).pathway.status in (way.CANCELLED, way.REPLACED)
    assert look(clinic, pathway_id).pathway.status == way.OPEN
    assert ("PLIF", None, "") in series(clinic, pathway_id)
    assert "MED" not in {procedure for procedure, _, _ in series(clinic, pathway_id)}


def test_a_block_that_is_left_of_two_plans_asks_for_no_scores(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    second_visit(clinic, pathway_id, operation("NERVE_BLOCK"))
    pathways.cancel(clinic.nurse, pathway_id, look(clinic, pathway_id).pathway.version, "declined")
    assert [reason for _, _, reason in series(clinic, pathway_id)] == ["not_done"]


def test_of_two_plans_one_amended_into_the_kind_of_the_other_leaves_one_with_everything_done(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    day = plan(clinic, pathway_id)
    done(clinic, pathway_id, "imaging")
    other, _first = second_visit(clinic, pathway_id, DISC)
    amended(clinic, other.id, FUSION)
    (left,) = pathway_lists.list_open(clinic.nurse)
    assert (left.procedure, left.operation_on) == ("PLIF", day)
    assert step(clinic, left.id, "imaging").status == way.DONE
    assert series(clinic, pathway_id) == [("PLIF", None, "")]


def test_amended_after_the_operation_the_other_plan_and_both_follow_ups_stay(clinic: Clinic) -> None:
    pathway_id = operated(clinic)
    other, _first = second_visit(clinic, pathway_id, DISC)
    amended(clinic, pathway_id, DISC)
    procedures = {(one.procedure, one.operated_on is not None) for one in pathway_lists.list_open(clinic.nurse)}
    assert procedures == {("MED", True), ("MED", False)}
    assert look(clinic, other.id).pathway.status == way.OPEN
    assert sorted(series(clinic, pathway_id), key=str) == sorted(
        [("MED", today(clinic.site_id), ""), ("MED", None, "")], key=str
    )


# What is kept, and who sees it


@pytest.mark.parametrize("statement", [update(MilestoneChange).values(words="x"), delete(MilestoneChange)])
def test_what_became_of_a_plan_is_never_edited(clinic: Clinic, statement: Any) -> None:
    begun(clinic)
    with pytest.raises(DBAPIError, match="append-only"), aside() as own:
        own.execute(statement)


def test_looking_and_printing_are_recorded(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    session.close()
    pathway_lists.open_(clinic.reception, pathway_id)
    assert last_event() == ("patient_opened", {"what": "pathway"})
    pathway_lists.print_(clinic.reception, pathway_id)
    assert last_event() == ("printed", {"what": "schedule"})


def test_a_pathway_of_another_site_is_not_found(clinic: Clinic) -> None:
    pathway_id = begun(clinic)
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    found = step(clinic, pathway_id, "imaging")
    with pytest.raises(NotFound):
        pathway_lists.open_(other.nurse, pathway_id)
    with pytest.raises(NotFound):
        milestones.complete(other.nurse, found.id, 1)
    with pytest.raises(NotFound):
        milestones.complete(other.nurse, "nothing", 1)
    assert pathway_lists.list_open(other.nurse) == []
    assert pathway_counts.count(other.nurse) == pathway_counts.Counts(0, 0)
