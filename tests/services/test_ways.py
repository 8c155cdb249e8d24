"""Two patients from the first telephone call to the last visit, with what goes wrong on the way."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.builders import Clinic, add_patient, as_answers
from tests.decisions import conservative, operation
from tests.services.test_appointments import MONDAY, NOW, at, wish
from tests.services.test_consults import IMAGING, decide, now
from tests.services.test_pathways import act, done, due, look, open_day, step
from tests.services.test_referrals import ANSWERS
from tests.services.test_triage import override
from triage import clock
from triage.db import session
from triage.domain import pathways as way
from triage.domain.errors import Conflict, Refused
from triage.models import Encounter
from triage.services import (
    appointments,
    decisions,
    encounters,
    imaging,
    intakes,
    milestones,
    orders,
    outcome_entries,
    outcome_lists,
    pathway_lists,
    questions,
    triage,
)

PLIF = operation("PLIF", side="")


@pytest.fixture(autouse=True)
def _in_november() -> Iterator[None]:
    with clock.at(NOW):
        yield


def comes_as_booked(clinic: Clinic) -> Encounter:
    """Book by telephone, be at the desk on the day, and wait for the nurse with every urgent question answered."""
    person = add_patient(clinic.reception)
    with pytest.raises(Refused):  # on Sundays nobody is here
        appointments.book(clinic.reception, person.id, wish(clinic, day=MONDAY - timedelta(days=1)))
    booked = appointments.book(clinic.reception, person.id, wish(clinic))
    with clock.at(at("09:50")):
        visit = appointments.arrive(clinic.reception, booked)
        intakes.record_answers(clinic.reception, visit, as_answers(ANSWERS))
        intakes.submit(clinic.reception, visit)
    return encounters.get(clinic.nurse, visit)


def referred(clinic: Clinic) -> Encounter:
    """Let the nurse refer the patient: refused without the smoking, which only the nurse has asked."""
    here = comes_as_booked(clinic)
    intakes.change_details(clinic.reception, here.id, None, {"outside_images": True})
    intakes.record_answers(clinic.nurse, here.id, {"smoker": None})
    with pytest.raises(Refused, match="referral_incomplete"):
        triage.decide(clinic.nurse, here.id, now(clinic, here).version, override("specialist_consult", 4, without=""))
    intakes.record_answers(clinic.nurse, here.id, as_answers({"smoker": True}))
    triage.decide(clinic.nurse, here.id, now(clinic, here).version, override("specialist_consult", 4, without=""))
    assert now(clinic, here).stage == "review"
    return now(clinic, here)


def asked_and_answered(clinic: Clinic, here: Encounter) -> None:
    """Let the surgeon ask the nurse, the nurse answer, and the surgeon read it."""
    question = questions.ask(clinic.surgeon, here.id, "nurse", "Since when is the foot weak?")
    questions.answer(clinic.nurse, question, questions.get(clinic.nurse, question).version, "For two weeks")
    assert [one.answer for one in questions.list_open(clinic.surgeon)] == ["For two weeks"]
    questions.end(clinic.surgeon, question, questions.get(clinic.surgeon, question).version)
    assert questions.list_open(clinic.surgeon) == []


def imaged(clinic: Clinic, here: Encounter) -> None:
    """Let the surgeon order a CT, and the patient come back from it to the surgeon's list."""
    decide(clinic, here, IMAGING)
    assert now(clinic, here).stage == "imaging"
    order = orders.orders_of(here)[-1]
    imaging.start(clinic.radiographer, order.id, order.version, ("name", "number"), "no")
    version = imaging.get(clinic.radiographer, order.id).version
    imaging.complete(clinic.radiographer, order.id, version, "CT L3-S1", {})
    assert now(clinic, here).stage == "review"


def later(days: int) -> datetime:
    return NOW + timedelta(days=10 + days)


def test_the_whole_way_of_a_fusion_patient(clinic: Clinic) -> None:
    here = referred(clinic)
    with clock.at(at("10:30")):
        asked_and_answered(clinic, here)
        imaged(clinic, here)
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
        values = {"nrs_back": 2.0, "nrs_leg": 1.0, "odi": 18.0}
        day = (on + timedelta(days=92)).date()
        outcome_entries.record_answers(clinic.nurse, asked.point.id, asked.point.version, values, day, "telephone")
        assert [one for one in outcome_lists.list_due(clinic.nurse) if one.point.point == "m3"] == []


def test_the_whole_way_of_a_patient_who_needs_no_operation(clinic: Clinic) -> None:
    here = referred(clinic)
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
