"""A question between surgeon and nurse has an answer and an end; until then it waits for somebody who sees it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.at_once import at_once
from tests.builders import Clinic, build_clinic, leave_unseen, wait
from tests.services.test_encounters import last_event
from tests.services.test_triage import all_no
from triage import clock, knowledge
from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused, Stale
from triage.models import Encounter, Question
from triage.services import alerts, board, encounters, questions

WORDS = "Since when is the foot weak?"


def put(clinic: Clinic, here: Encounter | None = None, to_role: str = "nurse") -> Question:
    """Let the other role ask about a patient who is here, and return the question."""
    visit = here or wait(clinic.reception, all_no())
    asker = clinic.surgeon if to_role == "nurse" else clinic.nurse
    return read(clinic, questions.ask(asker, visit.id, to_role, WORDS))


def read(clinic: Clinic, question_id: str) -> Question:
    session.close()
    return questions.get(clinic.nurse, question_id)


def turn(actor: Actor) -> list[str]:
    """Return the words of what waits for this person."""
    session.close()
    return [one.words for one in questions.list_open(actor) if questions.is_turn_of(actor, one)]


@pytest.mark.parametrize(("to_role", "minutes"), [("nurse", 15), ("surgeon", 30)])
def test_it_waits_for_who_is_asked_then_for_who_asked_and_then_for_nobody(
    clinic: Clinic, to_role: str, minutes: int
) -> None:
    asked, asker = (clinic.nurse2, clinic.surgeon) if to_role == "nurse" else (clinic.surgeon2, clinic.nurse)
    question = put(clinic, None, to_role)
    assert question.due_at - question.asked_at == timedelta(minutes=minutes)
    assert (turn(asked), turn(asker)) == ([WORDS], [])
    questions.answer(asked, question.id, question.version, " For two weeks. ")
    assert last_event() == ("question_answered", {"question": question.id, "words": "For two weeks."})
    assert (turn(asked), turn(asker)) == ([], [WORDS])
    answered = read(clinic, question.id)
    assert (answered.answer, answered.answerer and answered.answerer.name) == ("For two weeks.", asked.name)
    questions.end(asker, question.id, answered.version)
    assert last_event() == ("question_ended", {"question": question.id, "answered": True})
    assert questions.list_open(asker) == []
    kept = questions.list_of(asker, encounters.get(asker, question.encounter_id))
    assert [one.id for one in kept] == [question.id], "it stays on the patient's page"


def test_nobody_asks_their_own_side_answers_for_the_other_or_ends_what_the_other_asked(clinic: Clinic) -> None:
    here = wait(clinic.reception, all_no())
    for who, role in ((clinic.nurse, "nurse"), (clinic.surgeon, "surgeon"), (clinic.reception, "surgeon")):
        with pytest.raises(NotAllowed):
            questions.ask(who, here.id, role, WORDS)
    for role in ("", "radiographer"):
        with pytest.raises(NotAllowed):
            questions.ask(clinic.nurse, here.id, role, WORDS)
    question = put(clinic, here)
    for who in (clinic.surgeon, clinic.reception, clinic.radiographer):
        with pytest.raises(NotAllowed):
            questions.answer(who, question.id, 1, "yes")
    with pytest.raises(NotAllowed):
        questions.end(clinic.nurse, question.id, 1)


def test_a_question_and_an_answer_have_words(clinic: Clinic) -> None:
    question = put(clinic)
    with pytest.raises(Refused, match="question_needed"):
        questions.ask(clinic.surgeon, question.encounter_id, "nurse", "  ")
    with pytest.raises(Refused, match="answer_needed"):
        questions.answer(clinic.nurse, question.id, 1, "\n")


def test_the_side_that_asked_takes_it_back_and_then_it_is_not_answered_any_more(clinic: Clinic) -> None:
    question = put(clinic)
    questions.end(clinic.surgeon2, question.id, 1)
    assert last_event() == ("question_ended", {"question": question.id, "answered": False})
    with pytest.raises(Conflict, match="question_done"):
        questions.answer(clinic.nurse, question.id, 2, "yes")
    with pytest.raises(Conflict, match="question_done"):
        questions.end(clinic.surgeon, question.id, 2)


def test_of_two_nurses_who_answer_at_once_one_does(clinic: Clinic, app: Flask) -> None:
    question = put(clinic)
    found = at_once(
        lambda: questions.answer(clinic.nurse, question.id, 1, "one"),
        lambda: questions.answer(clinic.nurse2, question.id, 1, "two"),
    )
    assert sorted(type(one) for one in found if isinstance(one, Exception)) == [Conflict]
    assert read(clinic, question.id).answer in ("one", "two")


def test_who_saw_it_before_the_answer_does_not_end_it_unread(clinic: Clinic) -> None:
    question = put(clinic)
    questions.answer(clinic.nurse, question.id, 1, "two weeks")
    with pytest.raises(Stale):
        questions.end(clinic.surgeon, question.id, 1)


def test_a_second_press_asks_nothing_twice(clinic: Clinic) -> None:
    here = wait(clinic.reception, all_no())
    first = questions.ask(clinic.surgeon, here.id, "nurse", WORDS, "press-1")
    assert questions.ask(clinic.surgeon, here.id, "nurse", WORDS, "press-1") == first
    assert session.scalar(select(func.count()).select_from(Question)) == 1


def test_a_question_is_not_lost_with_the_visit_but_nothing_new_is_asked_of_it(clinic: Clinic) -> None:
    question = put(clinic)
    here = encounters.get(clinic.reception, question.encounter_id)
    leave_unseen(clinic.reception, here.id, here.version, "gone")
    assert turn(clinic.nurse) == [WORDS]
    assert alerts.look(clinic.nurse).asked != ()
    questions.answer(clinic.nurse, question.id, 1, "left before I could ask")
    assert turn(clinic.surgeon) == [WORDS]
    with pytest.raises(Conflict):
        questions.ask(clinic.surgeon, here.id, "nurse", "And now?")


def test_the_strip_tells_whoever_is_to_act_and_when_it_is_late(clinic: Clinic) -> None:
    question = put(clinic)
    session.close()
    before = alerts.look(clinic.nurse)
    assert (len(before.asked), before.late, len(alerts.look(clinic.surgeon).asked)) == (1, 0, 0)
    assert before.turns_in is not None
    with clock.at(question.due_at):
        late = alerts.look(clinic.nurse)
        assert late.late == 1
        assert late.rev != before.rev
    questions.answer(clinic.nurse, question.id, 1, "yes")
    session.close()
    assert (len(alerts.look(clinic.nurse).asked), len(alerts.look(clinic.surgeon).asked)) == (0, 1)
    assert alerts.look(clinic.reception).asked == []


def test_the_board_shows_it_on_the_row_and_of_two_the_one_without_an_answer(clinic: Clinic) -> None:
    here = wait(clinic.reception, all_no())
    first = put(clinic, here)
    questions.answer(clinic.nurse, first.id, 1, "yes")
    second = questions.ask(clinic.nurse, here.id, "surgeon", "May he eat?")
    session.close()
    (row,) = board.look(clinic.nurse, board.Filters()).shown
    assert (row.question, row.question_to, row.must_answer) == ("May he eat?", "surgeon", False)
    with clock.at(clock.now() + timedelta(minutes=31)):
        (late,) = board.look(clinic.nurse, board.Filters()).shown
        assert late.must_answer
        assert late.turned_at is not None
    questions.end(clinic.nurse, second, 1)
    session.close()
    (row,) = board.look(clinic.nurse, board.Filters()).shown
    assert (row.question, row.question_answered is not None) == (WORDS, True)


def test_a_question_of_another_site_is_not_there(clinic: Clinic) -> None:
    question = put(clinic)
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    with pytest.raises(NotFound):
        questions.answer(other.nurse, question.id, 1, "yes")
    assert questions.list_open(other.nurse) == []


def test_the_minutes_are_data() -> None:
    assert dict(knowledge.load().flow.answer_within) == {"nurse": 15, "surgeon": 30}
