"""The triage sheet in the browser: suggestion, one key to accept, another way with a reason, every gate in words."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.builders import Clinic, add_patient, arrive, as_answers, build_clinic, leave_unseen, wait
from tests.services.test_triage import later
from triage import db, knowledge
from triage.models import AuditEvent, Encounter, TriageDecision
from triage.services import claims, emergencies, encounters, intakes, tasks, triage

SignIn = Callable[[str], FlaskClient]
QUESTIONS = [question.id for question in knowledge.load().urgent_questions]


def all_no(**but: Any) -> dict[str, Any]:
    return dict.fromkeys(QUESTIONS, False) | but


def url(encounter: Encounter, what: str) -> str:
    return f"/encounters/{encounter.id}/{what}"


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields that the page would post with the decision."""
    form = page[page.index('id="decision"') :]
    return dict(re.findall(r'<input type="hidden" name="(version|shown_\w+)" value="([^"]*)"', form))


def reloaded(clinic: Clinic, encounter: Encounter) -> Encounter:
    return encounters.get(clinic.nurse, encounter.id)


def override(encounter: Encounter, **but: str) -> dict[str, str]:
    given = {"act": "override", "version": str(encounter.version), "acuity": "4", "route": "ct"}
    return given | {"reason": "findings_differ"} | but


def test_the_sheet_shows_the_suggestion_with_reasons_rule_source_and_that_nobody_signed_it(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception, all_no(**{QUESTIONS[6]: True}))
    page = signed_in("nurse").get(url(encounter, "triage")).text
    suggestion = triage.situation(encounter).suggestion
    assert "Suggestion of the rules" in page
    assert "not yet signed by a clinician" in page
    for reason in suggestion.reasons:
        assert reason.rule in page
        assert all(knowledge.load().sources[source].title[:20] in page for source in reason.sources)
    assert knowledge.load().ruleset.version in page


def test_opening_the_sheet_is_recorded_and_its_own_refresh_is_not(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    nurse = signed_in("nurse")
    nurse.get(url(encounter, "triage"))
    nurse.get(url(encounter, "suggestion"))
    seen = select(func.count()).where(AuditEvent.name == "patient_opened", AuditEvent.encounter_id == encounter.id)
    assert db.session.scalar(seen) == 1


def test_the_title_names_the_ticket_and_not_the_patient(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    title = re.search(r"<title>(.*?)</title>", signed_in("nurse").get(url(encounter, "triage")).text, re.S)
    assert title
    assert encounter.ticket in title[1]
    assert encounter.patient.family_name not in title[1]


def test_what_the_page_shows_is_accepted_as_it_stands(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    nurse = signed_in("nurse")
    shown = fields(nurse.get(url(encounter, "triage")).text)
    answer = nurse.post(url(encounter, "decision"), data={"act": "accept"} | shown)
    assert (answer.status_code, answer.location) == (303, "/board")
    decision = triage.decisions_of(encounter)[0]
    assert decision.accepted
    assert reloaded(clinic, encounter).stage == "confirmation"


def test_accepting_names_the_act_and_says_why_it_is_closed_before_anybody_presses_it(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception)
    page = signed_in("nurse").get(url(encounter, "triage")).text
    button = re.search(r'<button[^>]*id="accept"[^>]*>(.*?)</button>', page, re.S)
    assert button
    assert "disabled" in button[0]
    assert "Conservative care first" in button[1]
    assert f"{len(QUESTIONS)} urgent questions are not answered yet" in page
    for question in knowledge.load().urgent_questions:
        assert f'href="#f-{question.id}"' in page


def test_a_closed_way_is_refused_by_the_server_too_and_what_was_typed_stays(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception)
    answer = signed_in("nurse").post(
        url(encounter, "decision"), data=override(encounter, note="walks <b>well</b>", reason="")
    )
    assert answer.status_code == 422
    assert "urgent questions are not answered yet" in answer.text
    assert re.search(r'id="reason">.*?Choose a reason\.', answer.text, re.S)
    assert 'href="#reason"' in answer.text
    assert "walks &lt;b&gt;well&lt;/b&gt;" in answer.text
    assert re.search(r'name="acuity" value="4" checked', answer.text)
    assert reloaded(clinic, encounter).stage == "waiting"


def test_every_reason_written_for_not_known_stays_when_the_rest_is_refused(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no(**{QUESTIONS[2]: "not known", QUESTIONS[4]: "not known"}))
    data = override(encounter) | {f"why-{QUESTIONS[2]}": "has not been yet"}
    answer = signed_in("nurse").post(url(encounter, "decision"), data=data)
    assert answer.status_code == 422
    assert 'value="has not been yet"' in answer.text
    assert tasks.open_tasks(clinic.nurse) == []


def test_another_way_goes_with_its_coded_reason_and_note(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    answer = signed_in("nurse").post(url(encounter, "decision"), data=override(encounter, note="as told"))
    assert answer.status_code == 303
    decision = triage.decisions_of(encounter)[0]
    assert (decision.accepted, decision.reason, decision.note, decision.route) == (
        False, "findings_differ", "as told", "ct",
    )  # fmt: skip


def test_without_saying_accept_nothing_is_accepted(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    nurse = signed_in("nurse")
    shown = fields(nurse.get(url(encounter, "triage")).text)
    assert nurse.post(url(encounter, "decision"), data=shown).status_code == 422
    assert triage.decisions_of(encounter) == []


def test_accepting_another_suggestion_than_the_one_that_stands_is_refused(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no(**{QUESTIONS[6]: True}))
    forged = {"act": "accept", "version": str(encounter.version), "shown_level": "5", "shown_route": "xray"}
    assert signed_in("nurse").post(url(encounter, "decision"), data=forged).status_code == 422
    assert triage.decisions_of(encounter) == []


def test_an_old_page_is_answered_409_with_who_was_faster_and_the_present_suggestion(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception, all_no())
    nurse = signed_in("nurse")
    shown = fields(nurse.get(url(encounter, "triage")).text)
    intakes.record_answers(clinic.nurse2, encounter.id, as_answers({QUESTIONS[6]: True}))
    answer = nurse.post(url(encounter, "decision"), data={"act": "accept"} | shown)
    assert answer.status_code == 409
    assert f"{clinic.nurse2.name} changed this" in answer.text
    assert fields(answer.text)["version"] == str(reloaded(clinic, encounter).version)


def test_an_emergency_is_accepted_although_nothing_else_is_in_order(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse2, encounter.id)
    data = {"act": "override", "version": "abc", "acuity": "1", "route": "nowhere", "note": "x" * 5000 + "\x00"}
    answer = signed_in("nurse").post(url(encounter, "decision"), data=data)
    assert (answer.status_code, answer.location) == (303, url(encounter, "emergency"))
    assert reloaded(clinic, encounter).acuity == 1


def test_a_positive_urgent_answer_shows_at_once_as_an_emergency_with_the_way_to_its_panel(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception, all_no(**{QUESTIONS[0]: True}))
    page = signed_in("nurse").get(url(encounter, "suggestion") + "?shown_level=5&shown_rule=BASE-01").text
    assert "5 → 2" in page
    assert "Emergency" in page
    whole = signed_in("nurse").get(url(encounter, "triage")).text
    assert url(encounter, "emergency") in whole
    assert "This is an emergency. A second nurse or surgeon must agree" in whole


def test_the_toast_undoes_the_routing(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    nurse = signed_in("nurse")
    nurse.post(url(encounter, "decision"), data=override(encounter))
    with nurse.session_transaction() as kept:
        toast = kept["_flashes"][0][1]
    assert encounter.ticket in toast["text"]
    assert encounter.patient.family_name not in str(toast)
    answer = nurse.post(toast["undo_url"])
    assert (answer.status_code, answer.location) == (303, url(encounter, "triage"))
    assert reloaded(clinic, encounter).stage == "waiting"
    assert nurse.post(toast["undo_url"]).status_code == 409


def test_an_emergency_has_no_undo(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception)
    emergencies.raise_(clinic.reception, encounter.id)
    nurse = signed_in("nurse")
    assert url(encounter, "recall") not in nurse.get(url(encounter, "triage")).text
    assert nurse.post(url(encounter, "recall")).status_code == 422
    assert reloaded(clinic, encounter).is_emergency


@pytest.mark.parametrize("who", ["reception", "radiographer", "admin", "auditor"])
def test_who_may_not_decide_is_refused_at_every_address_of_the_sheet(
    clinic: Clinic, signed_in: SignIn, who: str
) -> None:
    encounter = wait(clinic.reception, all_no())
    client = signed_in(who)
    assert client.get(url(encounter, "triage")).status_code == 403
    assert client.get(url(encounter, "suggestion")).status_code == 403
    assert client.get("/tasks").status_code == 403
    for what in ("decision", "recall"):
        assert client.post(url(encounter, what), data=override(encounter)).status_code == 403
    assert reloaded(clinic, encounter).stage == "waiting"


def test_another_sites_patient_is_not_found(clinic: Clinic, signed_in: SignIn) -> None:
    build_clinic("osaka", clinic.nurse.organisation_id, "_o")
    encounter = wait(clinic.reception, all_no())
    other = signed_in("nurse_o")
    for what in ("triage", "suggestion"):
        assert other.get(url(encounter, what)).status_code == 404
    for what in ("decision", "recall"):
        assert (
            other.post(url(encounter, what), data=override(encounter, route="emergency_specialist")).status_code == 404
        )


@pytest.mark.parametrize("value", ["99999999999999999999999999", "-1", str(2**63), "1.5", "", "none", "\x00"])
@pytest.mark.parametrize("name", ["version", "acuity", "shown_level", "route", "modality", "reason", "note"])
def test_whatever_is_posted_the_answer_is_never_an_error_of_ours(
    clinic: Clinic, signed_in: SignIn, name: str, value: str
) -> None:
    encounter = wait(clinic.reception, all_no())
    nurse = signed_in("nurse")
    for act in ("accept", "override"):
        data = fields(nurse.get(url(encounter, "triage")).text) | override(encounter, act=act) | {name: value}
        assert nurse.post(url(encounter, "decision"), data=data).status_code in (303, 409, 422)


def test_a_finished_visit_can_be_read_and_not_decided(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    leave_unseen(clinic.reception, encounter.id, encounter.version, "went home")
    nurse = signed_in("nurse")
    assert 'id="accept"' not in nurse.get(url(encounter, "triage")).text
    assert nurse.post(url(encounter, "decision"), data=override(encounter)).status_code == 409


def test_a_patient_still_at_the_desk_is_shown_with_the_reason_why_not_yet(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = arrive(clinic.reception)
    intakes.record_answers(clinic.reception, encounter.id, as_answers(all_no()))
    assert "The desk has not sent the intake yet." in signed_in("nurse").get(url(encounter, "triage")).text


def test_beside_a_complaint_the_sheet_does_not_say_that_nothing_was_recorded(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = wait(clinic.reception), signed_in("nurse")
    assert "Nothing recorded yet." in nurse.get(url(encounter, "triage")).text
    intakes.change_details(clinic.reception, encounter.id, None, {"complaint": "both legs"})
    sheet = nurse.get(url(encounter, "triage")).text
    assert "No answer recorded yet." in sheet
    assert "Nothing recorded yet." not in sheet


# Tasks


def test_the_task_list_marks_what_is_overdue_and_leads_to_the_question(
    clinic: Clinic, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    encounter = wait(clinic.reception, all_no(**{QUESTIONS[2]: "not known"}))
    nurse = signed_in("nurse")
    data = override(encounter) | {f"why-{QUESTIONS[2]}": "has not been yet"}
    assert nurse.post(url(encounter, "decision"), data=data).status_code == 303
    page = nurse.get("/tasks").text
    assert "has not been yet" in page
    assert f"{url(encounter, 'triage')}#f-{QUESTIONS[2]}" in page
    assert "Overdue" not in page
    later(monkeypatch, minutes=16)
    assert "Overdue" in nurse.get("/tasks").text
    assert "Overdue" in nurse.get(url(encounter, "triage")).text


def test_still_not_known_needs_its_reason_at_the_row(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no(**{QUESTIONS[2]: "not known"}))
    choice = triage.Choice(4, "ct", reason="other", not_known_reasons={QUESTIONS[2]: "asleep"})
    triage.decide(clinic.nurse, encounter.id, encounter.version, choice)
    task = tasks.open_tasks(clinic.nurse)[0]
    nurse = signed_in("nurse")
    refused = nurse.post(f"/tasks/{task.id}/repeat", data={"version": task.version, "reason": ""})
    assert refused.status_code == 422
    assert "Write why." in refused.text
    assert nurse.post(f"/tasks/{task.id}/repeat", data={"version": "9" * 30, "reason": "asleep"}).status_code == 409
    assert nurse.post("/tasks/nothing/repeat", data={"version": 1, "reason": "asleep"}).status_code == 404
    done = nurse.post(f"/tasks/{task.id}/repeat", data={"version": task.version, "reason": "still asleep"})
    assert (done.status_code, done.location) == (303, "/tasks")
    assert tasks.open_tasks(clinic.nurse)[0].reason == "still asleep"


def test_a_name_with_markup_is_shown_as_text(clinic: Clinic, signed_in: SignIn) -> None:
    add_patient(clinic.reception)
    encounter = wait(clinic.reception, all_no(), family_name="<script>x</script>", given_name='"{{7*7}}')
    page = signed_in("nurse").get(url(encounter, "triage")).text
    assert "<script>x" not in page
    assert "49" not in re.findall(r"<strong[^>]*>(.*?)</strong>", page)[0]


def test_nothing_decides_by_get(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    nurse = signed_in("nurse")
    for what in ("decision", "recall"):
        assert nurse.get(url(encounter, what)).status_code == 405
    assert db.session.scalar(select(func.count()).select_from(TriageDecision)) == 0


def test_everything_still_open_is_a_link_to_its_field_on_the_sheet(clinic: Clinic, signed_in: SignIn) -> None:
    for encounter in (wait(clinic.reception), wait(clinic.reception, all_no())):
        page = signed_in("nurse").get(url(encounter, "triage")).text
        places = set(re.findall(r'href="#([^"]+)"', page))
        assert len(places) > 20
        assert [place for place in places if f'id="{place}"' not in page] == []


def test_the_sheet_names_the_questions_that_settle_it_in_their_order(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no() | {"back_pain": True})
    page = signed_in("nurse").get(url(encounter, "triage")).text
    still_open = page[page.index('id="still-open"') :]
    ask = triage.situation(encounter).suggestion.ask
    places = [still_open.index(f"#f-{name}") for name in ask[:4] if f"#f-{name}" in still_open]
    assert len(places) >= 3
    assert places == sorted(places)


def test_what_would_change_it_is_shown_with_the_rules_that_are_silent(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no() | {"back_pain": True})
    page = signed_in("nurse").get(url(encounter, "why")).text
    assert "What would change it" in page
    assert "answered otherwise" in page
    assert "RF-CES-01" in page
    assert "not yet signed by a clinician" in page
    partial = signed_in("nurse").get(url(encounter, "why"), headers={"HX-Request": "true"}).text
    assert "<html" not in partial
    assert "RF-CES-01" in partial


def test_only_who_triages_may_ask_why(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    assert signed_in("reception").get(url(encounter, "why")).status_code == 403
    assert signed_in("nurse").get("/encounters/none/why").status_code == 404
