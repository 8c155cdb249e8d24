"""Why somebody is third: the reasons are exactly the rows before, and nothing of anybody else is told."""

from datetime import timedelta

import pytest

from tests.builders import Clinic, arrive, build_clinic, leave_unseen, wait
from triage import clock, knowledge
from triage.db import session
from triage.domain.errors import NotFound
from triage.models import Encounter
from triage.services import board, emergencies, intakes, places, triage

CALM = {question.id: False for question in knowledge.load().urgent_questions}


def calm(clinic: Clinic, acuity: int | None = None) -> Encounter:
    """Let somebody arrive whose urgent questions are all answered no; triage to an acuity where one is given."""
    encounter = wait(clinic.reception, CALM)
    if acuity is not None:
        choice = triage.Choice(acuity, "specialist_consult", reason="other", without="the rest follows")
        triage.decide(clinic.nurse, encounter.id, encounter.version, choice)
    return encounter


def standing(clinic: Clinic, encounter: Encounter) -> places.Standing:
    session.close()
    found = places.find(clinic.reception, encounter.id)[1]
    assert found is not None
    return found


def test_the_third_is_told_of_one_emergency_and_one_who_may_not_wait(clinic: Clinic) -> None:
    third = calm(clinic, 4)
    unknown, emergency = wait(clinic.reception), wait(clinic.reception)
    emergencies.raise_(clinic.nurse, emergency.id)
    found = standing(clinic, third)
    assert (found.number, found.here, found.before) == (3, 3, {"emergency": 1, "red_flag": 1})
    assert standing(clinic, unknown).before == {"emergency": 1}
    assert standing(clinic, emergency).before == {}


def test_every_row_of_a_full_board_is_explained_by_exactly_the_rows_before_it(clinic: Clinic) -> None:
    start = clock.now()
    for number, acuity in enumerate([5, 3, None, 4, 5, 3, 4]):
        with clock.at(start + timedelta(minutes=40 * number)):
            calm(clinic, acuity)
    with clock.at(start + timedelta(minutes=290)):
        arrive(clinic.reception)
        emergencies.raise_(clinic.nurse, wait(clinic.reception).id)
        session.close()
        lines = board.look(clinic.nurse, board.Filters()).lines
        found = [places.standing(lines, at) for at in range(len(lines))]
    assert [sum(row.before.values()) for row in found] == list(range(9))
    assert found[-1].before == {"emergency": 1, "red_flag": 1, "aged": 5, "more_urgent": 1}


def test_an_aged_routine_patient_stands_before_a_fresh_urgent_one_and_behind_whoever_may_not_wait(
    clinic: Clinic,
) -> None:
    start, old = clock.now(), calm(clinic, 5)
    with clock.at(start + timedelta(minutes=239)):
        fresh, unknown = calm(clinic, 3), wait(clinic.reception)
        session.close()
        assert board.look(clinic.nurse, board.Filters()).ids == [unknown.id, fresh.id, old.id]
    with clock.at(start + timedelta(minutes=241)):
        session.close()
        assert board.look(clinic.nurse, board.Filters()).ids == [unknown.id, old.id, fresh.id]
        assert standing(clinic, fresh).before == {"red_flag": 1, "aged": 1}
    with clock.at(start + timedelta(minutes=5000)):
        session.close()
        assert board.look(clinic.nurse, board.Filters()).ids[0] == unknown.id


@pytest.mark.parametrize("answer", [True, "not known"])
def test_an_urgent_question_that_is_not_denied_keeps_its_patient_before_who_waited_long(
    clinic: Clinic, answer: object
) -> None:
    start, old = clock.now(), calm(clinic, 5)
    with clock.at(start + timedelta(minutes=300)):
        asked = wait(clinic.reception, CALM | {"ask_anticoagulant": answer})
        session.close()
        assert asked.suggestion is not None
        assert board.look(clinic.nurse, board.Filters()).ids == [asked.id, old.id]
    with clock.at(start + timedelta(minutes=301)):
        intakes.record_answers(clinic.nurse, asked.id, {"ask_anticoagulant": intakes.Answer(True, False)})
        session.close()
        assert board.look(clinic.nurse, board.Filters()).ids == [old.id, asked.id]


def test_a_visit_that_is_over_has_no_place_and_another_sites_is_not_there(clinic: Clinic) -> None:
    gone = wait(clinic.reception)
    leave_unseen(clinic.reception, gone.id, gone.version, "a train")
    assert places.find(clinic.reception, gone.id)[1] is None
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    with pytest.raises(NotFound):
        places.find(other.reception, gone.id)
