""" "Not known" is an answer, and it comes back: what the clinic is promised about asking again."""

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import Clinic, as_answers, leave_unseen, wait
from triage import clock, knowledge
from triage.domain.errors import Conflict, NotFound, Refused, Stale
from triage.models import Encounter, Task
from triage.services import encounters, intakes, tasks, triage

QUESTION = knowledge.load().urgent_questions[2].id
OTHER = knowledge.load().urgent_questions[4].id


def all_no(**but: Any) -> dict[str, Any]:
    return {question.id: False for question in knowledge.load().urgent_questions} | but


def waiting(clinic: Clinic, **answers: Any) -> Encounter:
    return wait(clinic.reception, all_no(**({QUESTION: "not known"} | answers)))


def choice(route: str = "ct", **why: str) -> triage.Choice:
    return triage.Choice(4, route, reason="findings_differ", not_known_reasons=why, without="the rest follows")


def decided(clinic: Clinic, route: str = "ct") -> tuple[Encounter, Task]:
    encounter = waiting(clinic)
    triage.decide(clinic.nurse, encounter.id, encounter.version, choice(route, **{QUESTION: "had no need to go yet"}))
    return encounter, tasks.open_tasks(clinic.nurse)[0]


def test_the_nurse_writes_why_for_each_question_before_any_other_way_opens(clinic: Clinic) -> None:
    encounter = waiting(clinic, **{OTHER: "not known"})
    for why in ({}, {QUESTION: "asleep"}, {QUESTION: "asleep", OTHER: "   "}):
        with pytest.raises(Refused) as refused:
            triage.decide(clinic.nurse, encounter.id, encounter.version, choice(**why))
        assert refused.value.code == "not_known_without_reason"
    triage.decide(clinic.nurse, encounter.id, encounter.version, choice(**{QUESTION: "asleep", OTHER: "no language"}))
    assert {task.question: task.reason for task in tasks.open_tasks(clinic.nurse)} == {
        QUESTION: "asleep",
        OTHER: "no language",
    }


def test_conservative_first_stays_closed_whatever_the_nurse_writes(clinic: Clinic) -> None:
    encounter = waiting(clinic)
    for actor in (clinic.nurse, clinic.surgeon):
        with pytest.raises(Refused) as refused:
            triage.decide(actor, encounter.id, encounter.version, choice("conservative_first", **{QUESTION: "asleep"}))
        assert refused.value.code == "not_known_closes"


def test_it_comes_back_as_a_task_within_fifteen_minutes_with_its_reason(clinic: Clinic) -> None:
    before = clock.now()
    encounter, task = decided(clinic)
    assert (task.question, task.reason, task.encounter_id) == (QUESTION, "had no need to go yet", encounter.id)
    assert task.due_at - before <= timedelta(minutes=15, seconds=30)
    assert task.encounter.patient.name


@pytest.mark.parametrize("answer", [False, True])
def test_a_known_answer_ends_the_task_wherever_the_patient_is(clinic: Clinic, answer: bool) -> None:
    encounter, _task = decided(clinic)
    intakes.record_answers(clinic.reception, encounter.id, as_answers({QUESTION: answer}))
    assert tasks.open_tasks(clinic.nurse) == []


def test_another_not_known_or_no_answer_at_all_does_not_end_it(clinic: Clinic) -> None:
    encounter, task = decided(clinic)
    intakes.record_answers(clinic.nurse, encounter.id, {QUESTION: None})
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({QUESTION: "not known"}))
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({OTHER: False}))
    assert [open_.id for open_ in tasks.open_tasks(clinic.nurse)] == [task.id]


def test_what_was_explained_once_is_not_asked_twice_and_keeps_its_due_time(clinic: Clinic) -> None:
    encounter, task = decided(clinic)
    triage.recall(clinic.nurse, encounter.id)
    version = encounters.get(clinic.nurse, encounter.id).version
    triage.decide(clinic.nurse, encounter.id, version, choice("xray"))
    open_ = tasks.open_tasks(clinic.nurse)
    assert [(found.id, found.due_at) for found in open_] == [(task.id, task.due_at)]


def test_still_not_known_ends_this_task_and_the_next_is_due_in_fifteen_minutes(clinic: Clinic) -> None:
    _encounter, task = decided(clinic)
    tasks.ask_again(clinic.nurse2, task.id, task.version, "interpreter is on the way")
    following = tasks.open_tasks(clinic.nurse)
    assert [found.reason for found in following] == ["interpreter is on the way"]
    assert following[0].id != task.id
    assert following[0].due_at >= task.due_at


def test_asking_again_needs_its_reason_a_present_page_and_an_open_task(clinic: Clinic) -> None:
    _encounter, task = decided(clinic)
    with pytest.raises(Refused):
        tasks.ask_again(clinic.nurse, task.id, task.version, " ")
    with pytest.raises(Stale):
        tasks.ask_again(clinic.nurse, task.id, task.version - 1, "asleep")
    with pytest.raises(NotFound):
        tasks.ask_again(clinic.nurse, "nothing", 1, "asleep")
    tasks.ask_again(clinic.nurse, task.id, task.version, "asleep")
    with pytest.raises(Conflict):
        tasks.ask_again(clinic.nurse, task.id, task.version, "asleep")


def test_the_first_due_stands_first_and_an_ended_visit_leaves_the_list(clinic: Clinic) -> None:
    first, second = decided(clinic)[0], decided(clinic)[0]
    assert [task.encounter_id for task in tasks.open_tasks(clinic.nurse)] == [first.id, second.id]
    triage.recall(clinic.nurse, first.id)
    leave_unseen(clinic.reception, first.id, encounters.get(clinic.nurse, first.id).version, "went home")
    assert [task.encounter_id for task in tasks.open_tasks(clinic.nurse)] == [second.id]


def test_an_emergency_waits_for_no_explanation(clinic: Clinic) -> None:
    encounter = waiting(clinic)
    triage.decide(clinic.nurse, encounter.id, 0, triage.Choice(2, "emergency_specialist"))
    assert encounters.get(clinic.nurse, encounter.id).is_emergency
    assert tasks.open_tasks(clinic.nurse) == []
