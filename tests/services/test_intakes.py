"""Answers are kept by name, merged between people, and never lost in silence."""

from datetime import UTC, date, datetime

import pytest

from tests.builders import Clinic, arrive, as_answers, leave_unseen, wait
from triage import clock, db, knowledge
from triage.domain.errors import Conflict, NotFound, Stale
from triage.models import Encounter, Site
from triage.services import encounters, intakes


def questions() -> list[str]:
    return [question.id for question in knowledge.load().urgent_questions if question.asked_by == "reception"]


def names(encounter: Encounter) -> set[str]:
    db.session.remove()
    return set(intakes.findings_of(encounter.id))


def test_an_answer_keeps_who_gave_it_in_which_role_and_when(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    intakes.record_answers(clinic.reception, encounter.id, as_answers({questions()[1]: False}))
    rows, staff = intakes.recorded(encounter.id)
    row = rows[questions()[1]]
    assert (row.source, staff[row.recorded_by]) == ("reception", "Reception")
    assert row.recorded_at is not None


def test_not_known_is_kept_apart_from_no_and_from_not_asked(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    first, second, third = questions()[1:4]
    intakes.record_answers(clinic.reception, encounter.id, as_answers({first: "not known", second: False}))
    rows = intakes.findings_of(encounter.id)
    assert (rows[first].known, rows[second].known) == (False, True)
    assert third not in rows
    assert encounters.get(clinic.nurse, encounter.id).unanswered == len(knowledge.load().urgent_questions) - 2


def test_the_same_answer_twice_changes_nothing(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    answer = as_answers({questions()[1]: False})
    intakes.record_answers(clinic.reception, encounter.id, answer, 0)
    intakes.record_answers(clinic.reception, encounter.id, answer, 0)
    assert encounters.get(clinic.nurse, encounter.id).findings_revision == 1


def test_two_people_may_answer_different_questions_from_equally_old_pages(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    intakes.record_answers(clinic.reception, encounter.id, as_answers({questions()[1]: False}), 0)
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({questions()[2]: False}), 0)
    assert names(encounter) == {questions()[1], questions()[2]}


def test_the_same_question_from_an_old_page_is_refused_with_who_was_faster_and_what_stands(clinic: Clinic) -> None:
    encounter, name = arrive(clinic.reception), questions()[1]
    intakes.record_answers(clinic.reception, encounter.id, as_answers({name: False}), 0)
    with pytest.raises(Stale) as stale:
        intakes.record_answers(clinic.nurse, encounter.id, as_answers({name: "not known"}), 0)
    assert stale.value.by == "Reception"
    assert stale.value.current == {"name": name, "known": True, "value": False}
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({name: "not known"}), 1)
    assert intakes.findings_of(encounter.id)[name].known is False


def test_one_refused_answer_saves_none_of_its_form(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    intakes.record_answers(clinic.reception, encounter.id, as_answers({questions()[1]: False}), 0)
    both = as_answers({questions()[1]: "not known", questions()[2]: False})
    with pytest.raises(Stale):
        intakes.record_answers(clinic.nurse, encounter.id, both, 0)
    assert names(encounter) == {questions()[1]}


def test_details_of_different_fields_merge_and_the_same_field_is_refused(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    intakes.change_details(clinic.reception, encounter.id, None, {"complaint": "腰痛"}, {"complaint": ""})
    intakes.change_details(clinic.nurse, encounter.id, None, {"consent": True}, {"consent": None})
    with pytest.raises(Stale) as stale:
        intakes.change_details(clinic.nurse, encounter.id, None, {"complaint": "足"}, {"complaint": ""})
    assert stale.value.current == {"complaint": "腰痛"}
    kept = encounters.get(clinic.nurse, encounter.id)
    assert (kept.complaint, kept.consent) == ("腰痛", True)


def test_an_old_version_of_the_whole_encounter_is_still_refused(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    intakes.change_details(clinic.reception, encounter.id, encounter.version, {"complaint": "腰痛"})
    with pytest.raises(Stale):
        intakes.change_details(clinic.nurse, encounter.id, encounter.version, {"complaint": "足"})


def test_an_intake_may_be_sent_with_questions_open_and_they_stay_open(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    assert encounter.stage == "waiting"
    assert encounter.unanswered == len(knowledge.load().urgent_questions)
    assert encounter.suggestion is not None
    assert encounter.suggestion["provisional"] is True


def test_nobody_writes_into_a_visit_that_has_ended_or_that_does_not_exist(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    leave_unseen(clinic.reception, encounter.id, encounter.version, "went home")
    with pytest.raises(Conflict):
        intakes.record_answers(clinic.nurse, encounter.id, as_answers({questions()[1]: False}))
    with pytest.raises(NotFound):
        intakes.record_answers(clinic.nurse, "aaaaaaaaaaaaaaaa", as_answers({questions()[1]: False}))


def test_a_patient_is_a_year_older_from_the_first_minute_of_the_birthday_on_the_clinics_clock(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception, birth_date=date(1956, 11, 22))
    for moment, age in (
        (datetime(2026, 11, 21, 14, 59, tzinfo=UTC), 69),  # 23:59 on the eve, in Nara
        (datetime(2026, 11, 21, 15, 0, tzinfo=UTC), 70),  # midnight in Nara, still the eve in UTC
        (datetime(2026, 11, 21, 23, 30, tzinfo=UTC), 70),  # 8:30 on the birthday morning
    ):
        with clock.at(moment):
            assert intakes.answers_of(encounters.get(clinic.nurse, encounter.id))["age"].value == age


def test_the_age_follows_the_site_and_not_one_country(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception, birth_date=date(1956, 11, 22))
    with db.aside() as own:
        own.get_one(Site, clinic.site_id).time_zone = "America/Los_Angeles"
        own.info["recorded"] = True
    db.session.remove()
    with clock.at(datetime(2026, 11, 21, 23, 30, tzinfo=UTC)):
        assert intakes.answers_of(encounters.get(clinic.nurse, encounter.id))["age"].value == 69
