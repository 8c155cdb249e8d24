"""Questions on the pages: asked on the patient's page, answered on the list or there, read, ended, never slipped in."""

from collections.abc import Callable
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, wait
from tests.services.test_questions import WORDS, put, read
from tests.services.test_triage import all_no
from triage.services import questions

SignIn = Callable[[str], FlaskClient]
HTMX = {"HX-Request": "true"}


def test_asked_answered_and_ended_with_plain_forms(clinic: Clinic, signed_in: SignIn) -> None:
    here = wait(clinic.reception, all_no())
    surgeon, nurse = signed_in("surgeon"), signed_in("nurse")
    review, sheet = f"/consults/{here.id}", f"/encounters/{here.id}/triage"
    form = {"to_role": "nurse", "words": WORDS, "request_id": "one", "next": review}
    assert surgeon.post(f"/encounters/{here.id}/questions", data=form).headers["Location"] == review
    (asked,) = questions.list_open(clinic.nurse)
    for address in (sheet, "/tasks", "/questions", "/board"):
        assert WORDS in nurse.get(address).text, address
    answer = {"version": 1, "words": "For two weeks", "next": sheet}
    assert nurse.post(f"/questions/{asked.id}/answer", data=answer).headers["Location"] == sheet
    for address in (review, "/questions"):
        assert "For two weeks" in surgeon.get(address).text, address
    version = read(clinic, asked.id).version
    assert surgeon.post(f"/questions/{asked.id}/end", data={"version": version}).headers["Location"] == "/questions"
    assert WORDS not in surgeon.get("/questions").text
    assert WORDS in surgeon.get(review).text, "kept on the patient's page, folded"


def test_the_surgeons_list_shows_the_answer_at_once(clinic: Clinic, signed_in: SignIn) -> None:
    question = put(clinic)
    surgeon = signed_in("surgeon")
    rev = surgeon.get("/consults/rows").text.split('name="rev" value="')[1].split('"')[0]
    questions.answer(clinic.nurse, question.id, 1, "For two weeks")
    assert "For two weeks" in surgeon.get("/consults/rows", query_string={"rev": rev}).text


def test_on_the_surgeons_list_the_answer_is_folded_away_and_the_cases_keep_their_room(
    clinic: Clinic, signed_in: SignIn
) -> None:
    put(clinic, None, "surgeon")
    surgeon = signed_in("surgeon")
    assert '<details class="step"><summary class="btn small primary" data-key="a"' in surgeon.get("/consults").text
    assert '<details class="step">' not in surgeon.get("/questions").text, "there one comes to answer"


def test_who_ends_a_question_on_the_surgeons_list_stays_on_that_list(clinic: Clinic, signed_in: SignIn) -> None:
    question = put(clinic)
    questions.answer(clinic.nurse, question.id, 1, "For two weeks")
    row = signed_in("surgeon").get("/consults").text.partition(f"/questions/{question.id}/end")[2]
    assert 'name="next" value="/consults"' in row.partition("</form>")[0]


def test_on_the_patients_page_only_the_questions_are_drawn_anew(clinic: Clinic, signed_in: SignIn) -> None:
    question = put(clinic)
    nurse, where = signed_in("nurse"), f"/encounters/{question.encounter_id}/questions"
    rev = f"{question.id}.1"
    assert nurse.get(where, query_string={"asked_rev": rev}).status_code == 204
    answered = nurse.post(f"/questions/{question.id}/answer", data={"version": 1, "words": "yes"}, headers=HTMX)
    assert answered.status_code == 200
    assert 'id="asked"' in answered.text
    assert "<html" not in answered.text
    assert "yes" in signed_in("surgeon").get(where, query_string={"asked_rev": rev}).text


def test_without_words_nothing_is_asked_or_answered_and_the_field_says_so(clinic: Clinic, signed_in: SignIn) -> None:
    question = put(clinic)
    asked = signed_in("surgeon").post(
        f"/encounters/{question.encounter_id}/questions", data={"to_role": "nurse", "words": " "}
    )
    assert (asked.status_code, "Write the question." in asked.text) == (422, True)
    nurse = signed_in("nurse")
    for words, said in ((" ", "Write the answer."), ("x" * 1001, "longer than"), ("a\x00b", "cannot be stored")):
        for headers in ({}, HTMX):
            answer = nurse.post(
                f"/questions/{question.id}/answer", data={"version": 1, "words": words}, headers=headers
            )
            assert (answer.status_code, said in unescape(answer.text)) == (422, True), (words[:5], headers)


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_who_was_slower_is_told_and_keeps_the_words(clinic: Clinic, signed_in: SignIn, headers: dict[str, str]) -> None:
    question = put(clinic)
    questions.answer(clinic.nurse2, question.id, 1, "two weeks")
    late = signed_in("nurse").post(
        f"/questions/{question.id}/answer", data={"version": 1, "words": "my own words"}, headers=headers
    )
    assert late.status_code == 409
    assert "my own words" in late.text
    assert "two weeks" in late.text


@pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 30, "2.5"])
def test_a_forged_version_is_refused_and_breaks_nothing(clinic: Clinic, signed_in: SignIn, version: str) -> None:
    question = put(clinic)
    for what, who in (("answer", "nurse"), ("end", "surgeon")):
        answer = signed_in(who).post(f"/questions/{question.id}/{what}", data={"version": version, "words": "yes"})
        assert answer.status_code == 422
    assert not read(clinic, question.id).is_ended


def test_the_other_sides_question_has_no_button_and_its_address_is_closed(clinic: Clinic, signed_in: SignIn) -> None:
    question = put(clinic)
    surgeon, nurse = signed_in("surgeon"), signed_in("nurse")
    assert f"/questions/{question.id}/answer" not in surgeon.get("/questions").text
    assert f"/questions/{question.id}/end" not in nurse.get("/questions").text
    assert surgeon.post(f"/questions/{question.id}/answer", data={"version": 1, "words": "yes"}).status_code == 403
    assert nurse.post(f"/questions/{question.id}/end", data={"version": 1}).status_code == 403
    assert nurse.post("/questions/nobody/answer", data={"version": 1, "words": "yes"}).status_code == 404
    for who in ("reception", "radiographer", "admin"):
        assert signed_in(who).get("/questions").status_code == 403


def test_the_list_is_quiet_when_nothing_is_asked(clinic: Clinic, signed_in: SignIn) -> None:
    page = signed_in("nurse").get("/questions").text
    assert "No question and no answer waits for you." in page


def test_a_refresh_of_the_list_answers_nothing_while_nothing_changed(clinic: Clinic, signed_in: SignIn) -> None:
    nurse = signed_in("nurse")
    rev = nurse.get("/questions").text.split('name="rev" value="')[2 - 1].split('"')[0]
    question = put(clinic)
    changed = nurse.get("/questions/rows", query_string={"rev": rev})
    assert question.words in changed.text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "in place"])
def test_an_answer_from_paper_bears_its_time_and_a_time_that_cannot_be_keeps_the_words(
    clinic: Clinic, signed_in: SignIn, headers: dict[str, str]
) -> None:
    question, nurse = put(clinic), signed_in("nurse")
    answer = {"version": 1, "words": "For two weeks", "late_time": "99:99"}
    refused = nurse.post(f"/questions/{question.id}/answer", data=answer, headers=headers)
    assert (refused.status_code, "For two weeks" in refused.text, "99:99" in refused.text) == (422, True, True)
    assert f'id="late_time-{question.id}-error"' in refused.text
    at = question.asked_at.astimezone(ZoneInfo(clinic.nurse.time_zone))
    answer |= {"late_time": f"{at:%H:%M}", "late_day": f"{at:%Y-%m-%d}"}
    assert nurse.post(f"/questions/{question.id}/answer", data=answer, headers=headers).status_code in (200, 303)
    assert "entered late" in signed_in("surgeon").get("/questions").text
