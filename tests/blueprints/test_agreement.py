"""The agreement page: figures, a dash where there is none, a file without patients, open to whom it concerns."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.builders import Clinic, wait
from tests.services.test_agreement import all_no, override, signs, triaged
from triage import clock, db, knowledge
from triage.blueprints.agreement_tables import TABLES
from triage.models import AuditEvent
from triage.services import feedback, triage

SignIn = Callable[[str], FlaskClient]


def rows(answer: object) -> list[list[str]]:
    text = answer.data.decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("who", ["surgeon", "surgeon2", "nurse2", "auditor"])
def test_those_who_answer_for_the_rules_see_the_figures(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    triaged(clinic)
    page = signed_in(who).get("/agreement")
    assert page.status_code == 200
    assert "Rules and nurse" in page.text
    assert 'href="/agreement"' in page.text


@pytest.mark.parametrize("who", ["reception", "nurse", "radiographer", "admin"])
def test_nobody_else_does(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    browser = signed_in(who)
    assert browser.get("/agreement").status_code == 403
    assert browser.get("/agreement/tables/rules.csv").status_code == 403


def test_without_decisions_the_page_says_so_and_offers_all(clinic: Clinic, signed_in: SignIn) -> None:
    page = signed_in("surgeon").get("/agreement").text
    assert "Nobody has decided on a suggestion in this period." in page
    assert "/agreement?since=&amp;until=" in page


def test_few_pairs_are_marked_and_a_missing_kappa_is_a_dash_with_its_reason(clinic: Clinic, signed_in: SignIn) -> None:
    triaged(clinic)
    page = signed_in("surgeon").get("/agreement").text
    assert "Few: read with care" in page
    assert "one side used one category only" in page
    assert "no pairs" in page
    assert "<b>0.00</b>" not in page


def test_the_rule_the_reason_and_the_version_stand_on_the_page_in_both_languages(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = triaged(clinic, override("specialist_consult", 3))
    signs(clinic, encounter, "conservative")
    decision = triage.decisions_of(encounter)[0]
    browser = signed_in("surgeon")
    page = browser.get("/agreement").text
    assert "Does not fit my findings" in page
    for reason in decision.suggestion["reasons"]:
        assert reason["rule"] in page
        assert reason["texts"]["en"][:30] in page
    assert decision.ruleset_hash[:12] in page
    japanese = browser.get("/agreement?lang=ja").text
    assert "所見と合わない" in japanese
    assert "緊急度を決めた規則ごと" in japanese


def test_a_period_without_decisions_is_empty_and_a_wrong_one_is_answered_at_the_field(
    clinic: Clinic, signed_in: SignIn
) -> None:
    triaged(clinic)
    browser = signed_in("surgeon")
    tomorrow = (clock.now() + timedelta(days=2)).date().isoformat()
    assert "Nobody has decided" in browser.get(f"/agreement?since={tomorrow}&until=").text
    wrong = browser.get("/agreement?since=2026-02-01&until=2026-01-01")
    assert wrong.status_code == 422
    assert "The last day lies before the first." in wrong.text
    assert browser.get("/agreement?since=yesterday").status_code == 422
    assert browser.get("/agreement/tables/rules.csv?since=yesterday").status_code == 404


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_a_file_that_a_spreadsheet_opens_and_that_names_no_patient(
    clinic: Clinic, signed_in: SignIn, name: str
) -> None:
    triaged(clinic, override("specialist_consult", 3, note="private words"))
    encounter = wait(clinic.reception, all_no())
    answer = signed_in("auditor").get(f"/agreement/tables/{name}.csv")
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="agreement-{name}.csv"'
    table = rows(answer)
    assert len(table) > 1
    assert len({len(row) for row in table}) == 1
    for secret in (encounter.patient.family_name, encounter.patient.number, encounter.id, "private words"):
        assert secret not in answer.text


def test_the_file_holds_the_figures_of_the_page(clinic: Clinic, signed_in: SignIn) -> None:
    triaged(clinic)
    triaged(clinic, override("specialist_consult", 3))
    browser = signed_in("surgeon")
    first = {row[0]: row[1:] for row in rows(browser.get("/agreement/tables/comparisons.csv"))[1:]}
    assert first["rules_nurse_level"][:3] == ["2", "1", "50.0"]
    assert first["nurse_surgeon_way"] == ["0", "0", *[""] * 7]
    reasons = rows(browser.get("/agreement/tables/reasons.csv"))
    assert reasons[1][1:] == ["findings_differ", "1"]
    assert browser.get("/agreement/tables/patients.csv").status_code == 404


def test_a_cell_that_a_spreadsheet_would_run_is_made_text(
    clinic: Clinic, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TABLES, "planted", lambda report: [("=HYPERLINK(1)", "fine", -0.5)])
    answer = signed_in("surgeon").get("/agreement/tables/planted.csv")
    assert rows(answer) == [["'=HYPERLINK(1)", "fine", "-0.5"]]


# One rule: its page, what was said, and who may read the words

BASE = knowledge.load().ruleset.default.id
RULE = f"/agreement/rules/{BASE}"


def said(clinic: Clinic, text: str = "not for athletes") -> str:
    return feedback.give_feedback(clinic.nurse, wait(clinic.reception, all_no()).id, BASE, text)


def test_from_the_suggestion_a_nurse_says_that_a_rule_is_wrong_here(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = wait(clinic.reception, all_no()), signed_in("nurse")
    url = f"/encounters/{encounter.id}/rules/{BASE}/feedback"
    assert url in nurse.get(f"/encounters/{encounter.id}/triage").text
    assert knowledge.load().ruleset.default.text["en"] in nurse.get(url).text
    answer = nurse.post(url, data={"text": "not for athletes"})
    assert (answer.status_code, answer.location) == (303, f"/encounters/{encounter.id}/triage")
    page = nurse.get(RULE).text
    assert "not for athletes" in page
    assert "Not answered yet" in page
    assert encounter.patient.family_name not in page


@pytest.mark.parametrize("text", ["", "   ", "x" * 1001, "a\x00b"])
def test_bad_words_are_answered_at_the_field_and_kept_there(clinic: Clinic, signed_in: SignIn, text: str) -> None:
    encounter = wait(clinic.reception, all_no())
    answer = signed_in("nurse").post(f"/encounters/{encounter.id}/rules/{BASE}/feedback", data={"text": text})
    assert answer.status_code == 422
    assert 'id="text-error"' in answer.text
    assert text.strip("\x00 ")[:1] in answer.text


def test_an_unknown_rule_or_patient_is_not_found(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = wait(clinic.reception, all_no()), signed_in("nurse")
    assert nurse.get("/agreement/rules/NO-RULE").status_code == 404
    assert nurse.get(f"/encounters/{encounter.id}/rules/NO-RULE/feedback").status_code == 404
    assert nurse.get(f"/encounters/nobody/rules/{BASE}/feedback").status_code == 404
    assert nurse.get(f"{RULE}?feedback=x").status_code == 404
    assert nurse.get(f"{RULE}?feedback=9999").status_code == 200


@pytest.mark.parametrize("who", ["auditor", "admin"])
def test_who_opens_no_patient_reads_no_words(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    triaged(clinic, override("specialist_consult", note="private note"))
    feedback.answer(clinic.surgeon2, said(clinic, "private words"), "private answer")
    page = signed_in(who).get(RULE)
    assert page.status_code == 200
    assert "Does not fit my findings" in page.text
    for words in ("private note", "private words", "private answer"):
        assert words not in page.text


@pytest.mark.parametrize("who", ["nurse", "surgeon", "nurse2", "surgeon2"])
def test_care_and_the_clinical_lead_read_the_words_and_that_is_on_the_record(
    clinic: Clinic, signed_in: SignIn, who: str
) -> None:
    triaged(clinic, override("specialist_consult", note="private note"))
    page = signed_in(who).get(RULE).text
    assert "private note" in page
    event = db.session.scalar(select(AuditEvent).where(AuditEvent.name == "rule_words_read"))
    assert event is not None
    assert event.staff_id == clinic.people[who].staff_id


def test_a_nurse_sees_the_words_and_not_the_figures(clinic: Clinic, signed_in: SignIn) -> None:
    triaged(clinic)
    assert "Decisions where it fired" not in signed_in("nurse").get(RULE).text
    assert "Decisions where it fired" in signed_in("auditor").get(RULE).text


@pytest.mark.parametrize("who", ["reception", "radiographer"])
def test_the_desk_and_imaging_do_not_see_the_page(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    assert signed_in(who).get(RULE).status_code == 403


def test_the_clinical_lead_answers_on_the_page_of_the_rule(clinic: Clinic, signed_in: SignIn) -> None:
    feedback_id, lead = said(clinic), signed_in("surgeon2")
    url = f"/agreement/feedback/{feedback_id}/answer"
    assert "Feedback waits for an answer" in lead.get("/agreement").text
    assert url in lead.get(RULE).text
    assert url not in signed_in("surgeon").get(RULE).text
    empty = lead.post(url, data={"text": " "})
    assert empty.status_code == 422
    assert 'id="text-error"' in empty.text
    answer = lead.post(url, data={"text": "changed in the next version"})
    assert (answer.status_code, answer.location) == (303, f"{RULE}#feedback-{feedback_id}")
    page = signed_in("nurse").get(RULE).text
    assert "changed in the next version" in page
    late = lead.post(url, data={"text": "again"})
    assert late.status_code == 409
    assert "Somebody has answered this already" in late.text
    assert "again" in late.text


@pytest.mark.parametrize("who", ["nurse", "nurse2", "surgeon", "auditor", "admin"])
def test_nobody_else_answers(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    url = f"/agreement/feedback/{said(clinic)}/answer"
    assert signed_in(who).post(url, data={"text": "words"}).status_code == 403


def test_the_pages_of_a_rule_hold_what_does_not_fit_on_the_first(
    clinic: Clinic, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "PAGE", 1)
    said(clinic, "the first word")
    said(clinic, "the second word")
    nurse = signed_in("nurse")
    first = nurse.get(RULE).text
    assert "the second word" in first
    assert "the first word" not in first
    assert f"{RULE}?feedback=1" in first
    assert "the first word" in nurse.get(f"{RULE}?feedback=1").text


def test_the_rules_page_and_the_page_of_a_rule_lead_to_each_other(clinic: Clinic, signed_in: SignIn) -> None:
    nurse, first = signed_in("nurse"), knowledge.load().ruleset.rules[0].id
    assert f'href="/agreement/rules/{first}"' in nurse.get("/rulesets").text
    assert f'href="/rulesets#r-{first}"' in nurse.get(f"/agreement/rules/{first}").text


def test_a_rule_that_stayed_silent_can_be_spoken_against_too(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, silent = wait(clinic.reception, all_no()), knowledge.load().ruleset.rules[0].id
    url = f"/encounters/{encounter.id}/rules/{silent}/feedback"
    nurse = signed_in("nurse")
    assert url in nurse.get(f"/encounters/{encounter.id}/why").text
    assert nurse.post(url, data={"text": "should have fired"}).status_code == 303
    assert "should have fired" in nurse.get(f"/agreement/rules/{silent}").text
