"""Who waits is looked at again: due by level, restarted by a look, never restarting the clock from arrival."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from tests.builders import Clinic, as_answers, wait
from tests.services.test_encounters import last_event
from triage import clock, knowledge
from triage.db import aside, session
from triage.domain.errors import Conflict, NotAllowed, Refused
from triage.domain.reassessment import due
from triage.models import Encounter, Reassessment
from triage.services import alerts, board, emergencies, encounters, imaging, intakes, orders, reassessments, triage
from triage.services.lines import Line

QUIET = dict.fromkeys((q.id for q in knowledge.load().urgent_questions), False)
MINUTE = timedelta(minutes=1)


def send(clinic: Clinic, level: int = 4, route: str = "specialist_consult", **patient: str) -> Encounter:
    """Bring a patient to the stage behind the nurse's decision."""
    here = wait(clinic.reception, QUIET, **patient)
    now = triage.situation(encounters.get(clinic.nurse, here.id)).suggestion
    reason = "" if (now.level, now.route) == (level, route) else "findings_differ"
    choice = triage.Choice(level, route, "xray", reason, without="the rest follows")
    triage.decide(clinic.nurse, here.id, encounters.get(clinic.nurse, here.id).version, choice)
    return again(clinic, here.id)


def again(clinic: Clinic, encounter_id: str) -> Encounter:
    session.close()
    return encounters.get(clinic.nurse, encounter_id)


def line(clinic: Clinic, encounter_id: str) -> Line:
    session.close()
    found = board.find_line(clinic.nurse, encounter_id)
    assert found
    return found


@pytest.mark.parametrize(("level", "minutes"), [(1, None), (2, 15), (3, 30), (4, 60), (5, 120), (None, None)])
def test_each_level_has_its_interval_and_who_is_not_triaged_the_target_alone(
    level: int | None, minutes: int | None
) -> None:
    at = clock.now()
    expected = None if minutes is None else at + timedelta(minutes=minutes)
    assert due(level, at, knowledge.load().flow.reassess) == expected


def test_the_interval_runs_from_the_decision_and_the_row_says_when_it_is_due(clinic: Clinic) -> None:
    start = clock.now()
    with clock.at(start):
        here = send(clinic)
    assert here.reassess_at == start + 60 * MINUTE
    with clock.at(start + 59 * MINUTE):
        assert not line(clinic, here.id).must_look
    with clock.at(start + 60 * MINUTE):
        late = line(clinic, here.id)
        assert late.must_look
        assert late.turned_since(start + 59 * MINUTE)  # time alone changes the row: the live board brings it
        assert [row.id for row in board.look(clinic.nurse, board.Filters(look=True)).shown] == [here.id]


def test_the_same_restarts_the_interval_and_never_the_clock_from_arrival(clinic: Clinic) -> None:
    start = clock.now()
    with clock.at(start):
        here = send(clinic)
    with clock.at(start + 70 * MINUTE):
        reassessments.note_result(clinic.nurse2, here.id, "same", "no change")
        looked = again(clinic, here.id)
        assert line(clinic, here.id).minutes == 70
    assert looked.reassess_at == start + 130 * MINUTE
    assert (looked.arrived_at, looked.stage_since, looked.version) == (here.arrived_at, here.stage_since, here.version)
    assert last_event() == (
        "reassessed", {"result": "same", "note": "no change", "due": (start + 60 * MINUTE).isoformat()},
    )  # fmt: skip
    found = reassessments.list_of(looked)[0]
    assert (found.result, found.acuity, found.due_at) == ("same", 4, start + 60 * MINUTE)


def test_worse_stays_due_and_marked_until_something_follows(clinic: Clinic) -> None:
    here = send(clinic)
    reassessments.note_result(clinic.nurse, here.id, "worse")
    row = line(clinic, here.id)
    assert (row.must_look, row.worse_at is not None) == (True, True)
    assert alerts.look(clinic.surgeon).worse == 1
    intakes.record_answers(clinic.nurse, here.id, as_answers({"fever_c": 36.6}))
    row = line(clinic, here.id)
    assert (row.must_look, row.worse_at) == (False, None)


def test_vital_signs_count_as_looking_again_and_other_findings_do_not(clinic: Clinic) -> None:
    start = clock.now()
    with clock.at(start):
        here = send(clinic)
    with clock.at(start + 10 * MINUTE):
        intakes.record_answers(clinic.nurse, here.id, as_answers({"back_pain": True}))
        assert again(clinic, here.id).reassess_at == start + 60 * MINUTE
        intakes.record_answers(clinic.nurse, here.id, as_answers({"fever_c": 36.6}))
        assert again(clinic, here.id).reassess_at == start + 70 * MINUTE


def test_late_ones_are_said_to_nurses_and_surgeons_on_every_page(clinic: Clinic) -> None:
    start = clock.now()
    with clock.at(start):
        here = send(clinic)
    with clock.at(start + 59 * MINUTE):
        assert alerts.look(clinic.nurse).turns_in == 60
    with clock.at(start + 61 * MINUTE):
        strip = alerts.look(clinic.nurse)
        assert [line.id for line in strip.looks] == [here.id]
        assert strip.rev != "0"
        assert list(alerts.look(clinic.reception).looks) == []
        assert [row.id for row in reassessments.list_due(clinic.nurse)] == [here.id]


def test_an_emergency_waiting_for_its_transfer_is_looked_at_every_15_minutes(clinic: Clinic) -> None:
    start = clock.now()
    with clock.at(start):
        here = wait(clinic.reception)
        emergencies.raise_(clinic.nurse, here.id)
    assert again(clinic, here.id).reassess_at == start + 15 * MINUTE


def test_who_is_not_triaged_has_nothing_to_look_at_again(clinic: Clinic) -> None:
    here = wait(clinic.reception)
    assert here.reassess_at is None
    with pytest.raises(Conflict, match="not_triaged_yet"):
        reassessments.note_result(clinic.nurse, here.id, "same")


@pytest.mark.parametrize("who", ["reception", "radiographer"])
def test_only_a_nurse_or_surgeon_looks_again(clinic: Clinic, who: str) -> None:
    here = send(clinic)
    with pytest.raises(NotAllowed):
        reassessments.note_result(clinic.people[who], here.id, "same")
    with pytest.raises(NotAllowed):
        reassessments.triage_again(clinic.people[who], here.id)


def test_another_word_than_same_or_worse_is_refused(clinic: Clinic) -> None:
    here = send(clinic)
    with pytest.raises(Refused, match="result_needed"):
        reassessments.note_result(clinic.nurse, here.id, "better")


def test_who_is_worse_goes_back_to_triage_never_lower_in_the_queue(clinic: Clinic) -> None:
    other = wait(clinic.reception, QUIET, family_name="小林")
    here = send(clinic, 3, "imaging_then_specialist")
    with pytest.raises(Conflict, match="not_worse"):
        reassessments.triage_again(clinic.nurse, here.id)
    reassessments.note_result(clinic.nurse, here.id, "worse")
    reassessments.triage_again(clinic.nurse, here.id)
    back = again(clinic, here.id)
    assert (back.stage, back.acuity, back.worse_at, back.arrived_at) == ("waiting", None, None, here.arrived_at)
    assert [order.status for order in orders.orders_of(back)] == ["cancelled"]
    assert last_event()[0] == "recalled"
    assert other.id in board.look(clinic.nurse, board.Filters()).ids


def test_an_examination_that_runs_is_not_called_off_behind_the_radiographers_back(clinic: Clinic) -> None:
    here = send(clinic, 3, "imaging_then_specialist")
    asked = orders.orders_of(here)[0]
    imaging.order(clinic.surgeon, asked.id, asked.version)
    asked = imaging.get(clinic.radiographer, asked.id)
    imaging.start(clinic.radiographer, asked.id, asked.version, ("name", "birth_date"))
    reassessments.note_result(clinic.nurse, here.id, "worse")
    with pytest.raises(Conflict, match="imaging_runs"):
        reassessments.triage_again(clinic.nurse, here.id)


@pytest.mark.parametrize("statement", [update(Reassessment).values(result="same"), delete(Reassessment)])
def test_what_was_found_is_appended_and_never_edited(clinic: Clinic, statement: Any) -> None:
    here = send(clinic)
    reassessments.note_result(clinic.nurse, here.id, "worse")
    with pytest.raises(DBAPIError, match="append-only"), aside() as own:
        own.execute(statement)


def test_a_visit_of_yesterday_says_so(clinic: Clinic) -> None:
    here = wait(clinic.reception)
    assert not line(clinic, here.id).is_carried
    tomorrow: datetime = clock.now() + timedelta(days=1)
    with clock.at(tomorrow):
        assert line(clinic, here.id).is_carried
