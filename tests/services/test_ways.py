"""Two patients from the first telephone call to the last visit, with what goes wrong on the way."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.builders import SAFE, Clinic, add_patient, arrive, as_answers
from tests.decisions import conservative, operation
from tests.services.test_appointments import MONDAY, NOW, at, wish
from tests.services.test_consults import IMAGING, decide, now
from tests.services.test_pathways import act, done, due, look, open_day, step
from tests.services.test_referrals import ANSWERS
from tests.services.test_returns import ask as ask_back
from tests.services.test_triage import all_no, override
from triage import clock
from triage.db import session
from triage.domain import pathways as way
from triage.domain.choice import Choice
from triage.domain.comeback import Day
from triage.domain.errors import Conflict, Refused, Stale
from triage.models import Encounter
from triage.services import (
    alerts,
    appointments,
    consults,
    decisions,
    encounters,
    imaging,
    intakes,
    milestones,
    orders,
    outcome_entries,
    outcome_lists,
    pathway_lists,
    pathways,
    questions,
    return_lists,
    returns,
    triage,
)

FRIDAY = MONDAY - timedelta(days=3)
PLIF = operation("PLIF", side="")


@pytest.fixture(autouse=True)
def _in_november() -> Iterator[None]:
    with clock.at(NOW):
        yield


def comes_as_booked(clinic: Clinic) -> Encounter:
    """Book by telephone, be absent, be booked anew, be at the desk on the day, and answer every urgent question."""
    person = add_patient(clinic.reception)
    with pytest.raises(Refused):  # on Sundays nobody is here
        appointments.book(clinic.reception, person.id, wish(clinic, day=MONDAY - timedelta(days=1)))
    missed = appointments.book(clinic.reception, person.id, wish(clinic, day=FRIDAY))
    with clock.at(at("11:00", FRIDAY)):
        appointments.note_absent(clinic.nurse, missed, appointments.get(clinic.nurse, missed).version)
        other = add_patient(clinic.reception, family_name="小林")
        appointments.book(clinic.nurse, other.id, wish(clinic))
        with pytest.raises(Conflict, match="slot_taken"):  # another desk has just given the surgeon's time away
            appointments.book(clinic.reception, person.id, wish(clinic))
        booked = appointments.book(clinic.reception, person.id, wish(clinic, "10:30"))
    with clock.at(at("09:50")):
        visit = appointments.arrive(clinic.reception, booked)
        intakes.record_answers(clinic.reception, visit, as_answers(ANSWERS))
        intakes.submit(clinic.reception, visit)
    return encounters.get(clinic.nurse, visit)


def comes_back_late(clinic: Clinic) -> Encounter:
    """Walk in, be asked to come back, miss the day, be called, and come on the new day with the first day's place."""
    first = arrive(clinic.reception)
    with pytest.raises(Refused, match="comeback_unanswered"):  # nobody is sent home before the urgent questions
        returns.ask_back(clinic.reception, first.id, first.version, Day(FRIDAY), "no_slot_today")
    session.close()
    intakes.record_answers(clinic.reception, first.id, as_answers(all_no()))
    intakes.submit(clinic.reception, first.id)
    row = ask_back(clinic, first, Day(FRIDAY))
    with clock.at(at("18:00", FRIDAY)):  # nobody came, and nobody is forgotten
        assert return_lists.count(clinic.nurse) == (0, 1)
        returns.note_call(clinic.nurse, row.id, row.version, "not_reached")
    with clock.at(at("09:40", FRIDAY + timedelta(days=1))):
        session.close()
        version = return_lists.find(clinic.reception, row.id).version
        returns.note_call(clinic.reception, row.id, version, "new_day", "", Day(MONDAY))
    with clock.at(at("09:50")):
        session.close()
        visit = encounters.check_in(clinic.reception, first.patient_id, "")
        intakes.record_answers(clinic.reception, visit, as_answers(ANSWERS))
        intakes.submit(clinic.reception, visit)
    assert return_lists.count(clinic.nurse) == (0, 0)
    here = encounters.get(clinic.nurse, visit)
    assert here.first_arrived_at == first.arrived_at
    return here


def referred(clinic: Clinic, here: Encounter) -> Encounter:
    """Let the nurse refer the patient: refused without the smoking, which only the nurse has asked."""
    intakes.change_details(clinic.reception, here.id, None, {"outside_images": True})
    intakes.record_answers(clinic.nurse, here.id, {"smoker": None})
    with pytest.raises(Refused, match="referral_incomplete"):
        triage.decide(clinic.nurse, here.id, now(clinic, here).version, override("specialist_consult", 4, without=""))
    intakes.record_answers(clinic.nurse, here.id, as_answers({"smoker": True}))
    triage.decide(clinic.nurse, here.id, now(clinic, here).version, override("specialist_consult", 4, without=""))
    assert now(clinic, here).stage == "review"
    return now(clinic, here)


def asked_and_answered(clinic: Clinic, here: Encounter) -> None:
    """Let the surgeon ask the nurse, nobody answer until it is late and told, the nurse answer, the surgeon read it."""
    question = questions.ask(clinic.surgeon, here.id, "nurse", "Since when is the foot weak?")
    assert alerts.look(clinic.nurse).late == 0
    with clock.at(at("11:00")):
        session.close()
        assert alerts.look(clinic.nurse).late == 1
    questions.answer(clinic.nurse, question, questions.get(clinic.nurse, question).version, "For two weeks")
    assert [one.answer for one in questions.list_open(clinic.surgeon)] == ["For two weeks"]
    questions.end(clinic.surgeon, question, questions.get(clinic.surgeon, question).version)
    assert questions.list_open(clinic.surgeon) == []


def imaged(clinic: Clinic, here: Encounter) -> None:
    """Let the surgeon order a CT, and the patient come back from it to the surgeon's list."""
    decide(clinic, here, IMAGING)
    assert now(clinic, here).stage == "imaging"
    order = orders.orders_of(here)[-1]
    imaging.start(clinic.radiographer, order.id, order.version, ("name", "number"), "no", SAFE)
    version = imaging.get(clinic.radiographer, order.id).version
    imaging.complete(clinic.radiographer, order.id, version, "CT L3-S1", {})
    assert now(clinic, here).stage == "review"


def found_while_open(clinic: Clinic, here: Encounter, choice: Choice) -> None:
    """Let the nurse find a weak foot while the surgeon has the case open: what was weighed without it is not signed."""
    seen = now(clinic, here).version
    intakes.record_answers(clinic.nurse, here.id, as_answers({"mrc_l5_right": 4}))
    with pytest.raises(Stale):
        consults.decide(clinic.surgeon, here.id, seen, choice)
    session.close()
    assert now(clinic, here).stage == "review"


def cancelled_and_taken_up(clinic: Clinic, pathway_id: str) -> None:
    """Let the patient decline the operation, and want it after all: nothing of the plan is lost."""
    before = look(clinic, pathway_id)
    pathways.cancel(clinic.nurse, pathway_id, before.pathway.version, "declined", "Afraid of the operation")
    ended = look(clinic, pathway_id)
    assert (ended.pathway.status, ended.pathway.end_reason) == (way.CANCELLED, "declined")
    assert pathway_lists.list_due(clinic.nurse) == [], "nobody is chased for what does not come"
    with clock.at(later(7)):
        pathways.resume(clinic.surgeon, pathway_id, ended.pathway.version, "Wants it after all")
    after = look(clinic, pathway_id)
    assert (after.pathway.status, after.pathway.operation_on) == (way.OPEN, before.pathway.operation_on)
    assert [one.kind for one in after.history if not one.milestone][:2] == ["resumed", "cancelled"]


def later(days: int) -> datetime:
    return NOW + timedelta(days=10 + days)


def test_the_whole_way_of_a_fusion_patient(clinic: Clinic) -> None:
    here = referred(clinic, comes_as_booked(clinic))
    with clock.at(at("10:30")):
        asked_and_answered(clinic, here)
        imaged(clinic, here)
        found_while_open(clinic, here, PLIF)
        for lacking, code in (
            ({"level": ""}, "level_needed"),
            ({"indications": (), "indication_note": ""}, "indication"),
        ):
            with pytest.raises(Refused, match=code):
                decide(clinic, here, replace(PLIF, **lacking))
        decide(clinic, here, PLIF)
        assert now(clinic, here).stage == "finished"
        (pathway,) = pathway_lists.list_of_patient(clinic.surgeon, here.patient_id)
        assert step(clinic, pathway.id, "imaging").status == way.DONE, "the CT of the visit counts"
        first = open_day(clinic, 21)
        act(clinic, milestones.move, pathway.id, "operation", first, who="reception")
    physiotherapy = due(clinic, pathway.id)["physiotherapy"]
    with clock.at(later(5)):  # the theatre is closed: what follows moves with the operation, and nothing is forgotten
        second = open_day(clinic, 30)
        act(clinic, milestones.move, pathway.id, "operation", second, "Theatre closed", who="reception")
    assert second > first
    assert (due(clinic, pathway.id)["physiotherapy"] or second) > (physiotherapy or first)
    assert any(change.words == "Theatre closed" for change in look(clinic, pathway.id).history)
    with clock.at(later(6)):
        cancelled_and_taken_up(clinic, pathway.id)
    operated(clinic, pathway.id, here)
    followed_up(clinic, pathway.id, here)


def operated(clinic: Clinic, pathway_id: str, here: Encounter) -> None:
    """Admit the patient; without the myelography nobody is ready and nobody operates."""
    day = due(clinic, pathway_id)["operation"]
    with clock.at(NOW + timedelta(days=((day or MONDAY) - NOW.date()).days)):
        done(clinic, pathway_id, "admission")
        for name, who in (("ready", "nurse"), ("operation", "surgeon")):
            with pytest.raises(Refused, match="open"):
                act(clinic, milestones.complete, pathway_id, name, who=who)
        assert {alarm.kind for alarm in look(clinic, pathway_id).alarms} >= {way.NOT_READY}
        done(clinic, pathway_id, "myelography", "explanation", "rest", "ready")
        act(clinic, milestones.complete, pathway_id, "operation", who="surgeon")
    assert look(clinic, pathway_id).pathway.phase == way.INSIDE


def followed_up(clinic: Clinic, pathway_id: str, here: Encounter) -> None:
    """Physiotherapy and X-ray after a week (late, and seen to be), discharge, the visit after it, and three months."""
    day = look(clinic, pathway_id).pathway.operated_on or MONDAY
    on = NOW + timedelta(days=(day - NOW.date()).days)
    with clock.at(on + timedelta(days=12)):
        assert {one.name for one in pathway_lists.list_due(clinic.nurse)} >= {"physiotherapy", "xray_stability"}
        done(clinic, pathway_id, "physiotherapy", "xray_stability")
    with clock.at(on + timedelta(days=30)):
        done(clinic, pathway_id, "discharge")
    with clock.at(on + timedelta(days=40)):
        done(clinic, pathway_id, "aftercare")
    assert look(clinic, pathway_id).pathway.status == way.FINISHED
    with clock.at(on + timedelta(days=92)):
        waiting = [one for one in outcome_lists.list_due(clinic.nurse) if one.point.point == "m3"]
        (asked,) = waiting
        outcome_entries.note_contact(clinic.nurse, asked.point.id, asked.point.version, "not_reached")
        (asked,) = [one for one in outcome_lists.list_due(clinic.nurse) if one.point.point == "m3"]
        assert (asked.point.attempts, asked.point.attempt) == (1, "not_reached"), "still to be asked"
        values = {"nrs_back": 2.0, "nrs_leg": 1.0, "odi": 18.0}
        day = (on + timedelta(days=92)).date()
        outcome_entries.record_answers(clinic.nurse, asked.point.id, asked.point.version, values, day, "telephone")
        assert [one for one in outcome_lists.list_due(clinic.nurse) if one.point.point == "m3"] == []


def test_the_whole_way_of_a_patient_who_needs_no_operation(clinic: Clinic) -> None:
    here = referred(clinic, comes_back_late(clinic))
    with clock.at(at("10:30")):
        imaged(clinic, here)
        with pytest.raises(Conflict):  # a colleague's page is older than the CT
            triage.decide(clinic.nurse, here.id, here.version, override("conservative_first", 4))
        decide(clinic, here, conservative("Exercise, and a review if it does not help"))
    session.close()
    assert now(clinic, here).stage == "finished"
    assert pathway_lists.list_of_patient(clinic.surgeon, here.patient_id) == [], "nobody waits for an operation"
    with clock.at(at("15:00")):  # the patient cannot do the exercises: the decision is amended, never edited
        (signed, _imaging) = decisions.decisions_of(here)
        better = conservative("Nothing that hurts; walking", weeks=8)
        amended = decisions.amend(clinic.surgeon, signed.id, now(clinic, here).version, better, "Cannot do exercises")
    session.close()
    newest, old = decisions.decisions_of(here)[:2]
    assert newest.id == amended
    assert newest.amends
    assert (newest.amends.amends_id, newest.amends.reason) == (signed.id, "Cannot do exercises")
    assert (old.id, old.note) == (signed.id, "Exercise, and a review if it does not help")
    assert [one.series.kind for one in outcome_lists.courses_of(clinic.nurse, here.patient_id)] == ["conservative"]
