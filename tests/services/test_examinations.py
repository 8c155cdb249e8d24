"""What a sign was when somebody looked before: at this visit, or at the last one; not examined is never unchanged."""

from datetime import timedelta

from tests.builders import Clinic, as_answers
from tests.decisions import conservative
from tests.services.test_consults import at_stage, decide
from triage import clock
from triage.db import session
from triage.domain.examination import CORRECTED_WITHIN, Stood
from triage.services import consults, encounters, examinations, intakes

NAMES = {"mrc_l4_right", "mrc_l4_left", "mrc_l5_right", "patellar_reflex_right", "saddle_sensation"}
LATER = CORRECTED_WITHIN + timedelta(minutes=1)


def before(clinic: Clinic, encounter_id: str) -> dict[str, Stood]:
    encounter = encounters.get(clinic.surgeon, encounter_id)
    visits = [visit for visit, _ in consults.earlier_visits(clinic.surgeon, encounter)]
    return examinations.before_now(encounter, visits, intakes.findings_of(encounter_id), NAMES)


def values(clinic: Clinic, encounter_id: str) -> dict[str, object]:
    return {name: stood.value for name, stood in before(clinic, encounter_id).items()}


def two_visits(clinic: Clinic, first: dict[str, object], second: dict[str, object]) -> str:
    """Return the id of the second visit of one patient, both examined."""
    with clock.at(clock.now() - timedelta(days=40)):
        old = at_stage(clinic, "review")
        intakes.record_answers(clinic.nurse, old.id, as_answers(first))
        patient = encounters.get(clinic.nurse, old.id).patient_id
        decide(clinic, old, conservative())
    again = encounters.check_in(clinic.reception, patient, "again")
    intakes.record_answers(clinic.nurse, again, as_answers(second))
    session.remove()
    return again


def test_each_sign_is_compared_with_the_last_visit_side_by_side(clinic: Clinic) -> None:
    visit = two_visits(clinic, {"mrc_l4_right": 5, "mrc_l4_left": 4}, {"mrc_l4_right": 3, "mrc_l4_left": 4})
    found = before(clinic, visit)
    assert {name: stood.value for name, stood in found.items()} == {"mrc_l4_right": 5, "mrc_l4_left": 4}
    assert found["mrc_l4_right"].recorded_at < clock.now() - timedelta(days=39)


def test_a_sign_never_examined_before_has_nothing_to_be_compared_with(clinic: Clinic) -> None:
    visit = two_visits(clinic, {"mrc_l4_right": 5}, {"mrc_l4_right": 5, "mrc_l5_right": 4})
    assert "mrc_l5_right" not in before(clinic, visit)


def test_what_nobody_could_tell_last_time_is_unknown_and_not_unchanged(clinic: Clinic) -> None:
    visit = two_visits(clinic, {"patellar_reflex_right": "not known"}, {"patellar_reflex_right": "2+"})
    assert before(clinic, visit) == {}


def test_what_is_not_examined_today_still_shows_what_it_was(clinic: Clinic) -> None:
    visit = two_visits(clinic, {"mrc_l4_right": 3}, {"mrc_l4_left": 5})
    assert values(clinic, visit) == {"mrc_l4_right": 3}


def test_a_second_examination_of_the_same_visit_is_compared_with_the_first(clinic: Clinic) -> None:
    visit = two_visits(clinic, {"mrc_l4_right": 5}, {"mrc_l4_right": 4})
    with clock.at(clock.now() + LATER):
        intakes.record_answers(clinic.surgeon, visit, as_answers({"mrc_l4_right": 2}))
    assert values(clinic, visit) == {"mrc_l4_right": 4}


def test_a_wrong_press_put_right_at_once_is_no_earlier_examination(clinic: Clinic) -> None:
    visit = two_visits(clinic, {"mrc_l4_right": 5}, {"mrc_l4_right": 0})
    with clock.at(clock.now() + timedelta(minutes=1)):
        intakes.record_answers(clinic.nurse, visit, as_answers({"mrc_l4_right": 4}))
    assert values(clinic, visit) == {"mrc_l4_right": 5}


def test_an_answer_taken_back_is_compared_with_the_last_visit_only(clinic: Clinic) -> None:
    visit = two_visits(clinic, {"mrc_l4_right": 5}, {"mrc_l4_right": 1})
    with clock.at(clock.now() + LATER):
        intakes.record_answers(clinic.nurse, visit, {"mrc_l4_right": None})
    assert values(clinic, visit) == {"mrc_l4_right": 5}


def test_at_a_first_visit_there_is_nothing_to_compare_with(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({"mrc_l4_right": 4}))
    assert before(clinic, encounter.id) == {}
