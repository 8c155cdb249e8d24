"""The signed decision in the browser: its amendment, the record on paper, and the patient's sheet in plain words."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.test_consults import plain, post, review_of
from tests.builders import SAFE, Clinic, as_answers, build_clinic
from tests.decisions import LATER, conservative, not_now, operation, posted
from tests.services.test_consults import at_stage, now
from tests.services.test_consults import decide as sign
from tests.services.test_decisions import amend, ended
from tests.services.test_imaging import asked
from triage import knowledge
from triage.domain.choice import Choice
from triage.services import consults, decisions, encounters, imaging, intakes

SignIn = Callable[[str], FlaskClient]
PROCEDURES = [item.id for item in knowledge.load().procedures]


def form_of(clinic: Clinic, old: Any, choice: Choice, reason: str = "the other side") -> dict[str, Any]:
    version = encounters.get(clinic.surgeon, old.encounter_id).version
    return posted(choice) | {"version": str(version), "reason": reason}


# Choosing


def test_the_chosen_procedure_shows_its_indications_and_what_has_to_be_answered(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = at_stage(clinic, "review")
    part = signed_in("surgeon").get(f"{review_of(encounter)}/candidate", query_string={"procedure": "PLIF"}).text
    assert "Spondylolisthesis, isthmic or degenerative" in part
    points = decisions.operation_points(encounter, operation("PLIF"))
    assert set(re.findall(r'name="answer-([\w-]+)"', part)) == {point.id for point in points}
    assert 'value="cage"' in part
    assert 'value="leads"' not in part


def test_answers_given_already_stay_when_the_procedure_is_shown_again(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    query = {"procedure": "MED", "answer-DISC-P1": "first", "indications": "MED-I1"}
    part = signed_in("surgeon").get(f"{review_of(encounter)}/candidate", query_string=query).text
    assert re.search(r'name="answer-DISC-P1".*?value="first" selected', part, re.S)
    assert re.search(r'value="MED-I1" checked', part)


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_every_procedure_is_signed_in_the_browser_and_read_on_both_papers(
    clinic: Clinic, signed_in: SignIn, procedure: str, lang: str
) -> None:
    encounter = at_stage(clinic, "review", language=lang)
    surgeon = signed_in("surgeon")
    assert post(surgeon, encounter, posted(operation(procedure))).status_code == 303
    decision = consults.decisions_of(now(clinic, encounter))[0]
    record = surgeon.get(f"{review_of(encounter)}/print", query_string={"lang": lang}).text
    sheet = surgeon.get(f"/decisions/{decision.id}/sheet", query_string={"lang": "en"}).text
    known = next(item for item in knowledge.load().procedures if item.id == procedure)
    assert known.plain.in_(lang) in sheet
    for coded in decision.details.get("indications", []):
        assert knowledge.load().decisions.reasons[coded].label(lang) in sheet
    if procedure != "NERVE_BLOCK":
        assert known.label(lang) in record
    assert "L4-5" in record
    assert "Discussed with the family" in record
    assert "Discussed with the family" not in sheet


def test_no_free_text_stands_in_an_address(clinic: Clinic, signed_in: SignIn) -> None:
    page = signed_in("surgeon").get(review_of(at_stage(clinic, "review"))).text
    asked_for = re.findall(r'hx-include="([^"]*)"', page)
    assert not [names for names in asked_for if "note" in names or "decide" in names or "told" in names]


# Amending


def test_the_amendment_starts_from_what_was_signed_and_nobody_is_identified(clinic: Clinic, signed_in: SignIn) -> None:
    old = ended(clinic, operation("MED", side="right", told="One small cut."))
    surgeon = signed_in("surgeon")
    assert f"/decisions/{old.id}/amendment" in surgeon.get(f"/consults/{old.encounter_id}").text
    page = surgeon.get(f"/decisions/{old.id}/amendment").text
    assert re.search(r'value="right" checked', page)
    assert "One small cut." in page
    assert "Discussed with the family" in page
    assert not re.search(r'name="identified"[^>]*checked', page)
    assert 'value="transfer"' not in page


def test_an_amended_decision_stands_struck_through_with_why(clinic: Clinic, signed_in: SignIn) -> None:
    old = ended(clinic, operation("MED", side="right"))
    surgeon = signed_in("surgeon")
    data = form_of(clinic, old, operation("MED", side="left"))
    answer = surgeon.post(f"/decisions/{old.id}/amendment", data=data)
    assert (answer.status_code, answer.location) == (303, f"/consults/{old.encounter_id}")
    for page in (f"/consults/{old.encounter_id}", f"/consults/{old.encounter_id}/print"):
        text = surgeon.get(page).text
        gone = re.findall(r"<del>(.*?)</del>", text, re.S)
        assert any("Right" in part for part in gone)
        assert not any("Left" in part for part in gone)
        assert "the other side" in text
    assert surgeon.get(f"/decisions/{old.id}/amendment").status_code == 409
    assert surgeon.get(f"/decisions/{old.id}/sheet").status_code == 409


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": "  "}, "Write why the decision is amended."),
        ({"identified": ""}, "Confirm the patient"),
        ({"level": ""}, "Give the level."),
        ({"kind": "transfer"}, "moves nobody"),
        ({"told": "x" * 2000}, "too long"),
    ],
)
def test_what_an_amendment_lacks_is_said_and_what_was_typed_stays(
    clinic: Clinic, signed_in: SignIn, changes: dict[str, str], said: str
) -> None:
    old = ended(clinic, operation("MED"))
    data = form_of(clinic, old, operation("MED", note="kept words")) | changes
    answer = signed_in("surgeon").post(f"/decisions/{old.id}/amendment", data=data)
    assert answer.status_code == 422
    assert said in plain(answer.text)
    assert "kept words" in answer.text
    assert decisions.find(clinic.surgeon, old.id).amended is None


def test_of_two_who_amend_the_second_is_told(clinic: Clinic, signed_in: SignIn) -> None:
    old = ended(clinic, operation("MED"))
    data = form_of(clinic, old, operation("MED", note="kept words"))
    amend(clinic, old, conservative(), who="surgeon2")
    answer = signed_in("surgeon").post(f"/decisions/{old.id}/amendment", data=data)
    assert answer.status_code == 409
    assert "kept words" in answer.text


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "radiographer", "admin", "auditor"])
def test_nobody_but_a_surgeon_amends_or_prints(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    old = ended(clinic, operation("MED"))
    browser = signed_in(who)
    for path in ("amendment", "sheet"):
        assert browser.get(f"/decisions/{old.id}/{path}").status_code == 403
    assert browser.post(f"/decisions/{old.id}/amendment", data={}).status_code == 403


def test_a_decision_of_another_site_is_not_there(clinic: Clinic, signed_in: SignIn) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, "_o")
    foreign = ended(other, operation("MED"))
    surgeon = signed_in("surgeon")
    for path in (f"/decisions/{foreign.id}/amendment", f"/decisions/{foreign.id}/sheet", "/decisions/x/sheet"):
        assert surgeon.get(path).status_code == 404


# The patient's sheet


def test_the_sheet_speaks_the_patients_language_and_says_when_to_come_at_once(
    clinic: Clinic, signed_in: SignIn
) -> None:
    surgeon = signed_in("surgeon")
    for language, words in (("ja", "すぐに来てください"), ("en", "Come at once"), ("vi", "Come at once")):
        encounter = at_stage(clinic, "review", language=language)
        sign(clinic, encounter, conservative(told="<b>Rest</b>", weeks=3))
        decision = consults.decisions_of(now(clinic, encounter))[0]
        page = surgeon.get(f"/decisions/{decision.id}/sheet", query_string={"lang": "ja"}).text
        assert words in page
        assert "&lt;b&gt;Rest&lt;/b&gt;" in page
        assert encounter.patient.number in page


def test_a_decision_not_now_tells_the_patient_its_day(clinic: Clinic, signed_in: SignIn) -> None:
    old = ended(clinic, not_now())
    patient = encounters.get(clinic.surgeon, old.encounter_id).patient
    page = signed_in("surgeon").get(f"/decisions/{old.id}/sheet").text
    said = "2199年6月1日" if patient.language == "ja" else "1 June 2199"
    assert said in page
    assert LATER.year == 2199


def test_a_question_to_the_nurse_has_no_sheet(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    sign(clinic, encounter, Choice("back_to_nurse", note="Since when?", identified=True))
    decision = consults.decisions_of(now(clinic, encounter))[0]
    assert signed_in("surgeon").get(f"/decisions/{decision.id}/sheet").status_code == 404


@pytest.mark.parametrize("procedure", ["MED", "NERVE_BLOCK"])
def test_everybody_is_told_before_an_operation_or_a_block_not_to_stop_a_blood_thinner_alone(
    clinic: Clinic, signed_in: SignIn, procedure: str
) -> None:
    encounter = at_stage(clinic, "review", language="en")
    sign(clinic, encounter, operation(procedure))
    decision = consults.decisions_of(now(clinic, encounter))[0]
    assert "thin the blood" in signed_in("surgeon").get(f"/decisions/{decision.id}/sheet").text


# What is new while the case is open


def test_a_new_result_is_announced_to_the_open_page_and_shown_when_asked_for(clinic: Clinic, signed_in: SignIn) -> None:
    order = asked(clinic, "imaging_then_specialist")
    encounter = encounters.get(clinic.surgeon, order.encounter_id)
    surgeon, news = signed_in("surgeon"), f"/consults/{encounter.id}/news"
    seen = {"version": str(encounter.version)}
    assert surgeon.get(news, query_string=seen).status_code == 204
    imaging.order(clinic.surgeon, order.id, order.version)
    begun = imaging.get(clinic.surgeon, order.id)
    imaging.start(clinic.radiographer, begun.id, begun.version, ("name", "number"), "no", SAFE)
    begun = imaging.get(clinic.surgeon, order.id)
    imaging.complete(clinic.radiographer, begun.id, begun.version, "two views", {})
    told = surgeon.get(news, query_string=seen)
    assert told.status_code == 200
    assert "New result" in told.text
    assert f"/consults/{encounter.id}/candidates" in told.text
    fresh = surgeon.get(f"/consults/{encounter.id}/candidates").text
    assert "two views" in fresh


def test_what_others_changed_is_announced_with_who(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({"mrc_l5_right": 3}))
    query = {"version": str(encounter.version)}
    told = signed_in("surgeon").get(f"/consults/{encounter.id}/news", query_string=query).text
    assert clinic.nurse.name in told


# One click to the images


def test_the_images_are_one_click_away_where_a_viewer_is_set_up(clinic: Clinic, signed_in: SignIn, app: Any) -> None:
    order = asked(clinic, "imaging_then_specialist")
    encounter = encounters.get(clinic.surgeon, order.encounter_id)
    surgeon = signed_in("surgeon")
    assert "on the viewer of the imaging room" in surgeon.get(f"/consults/{encounter.id}").text
    app.config["IMAGE_VIEWER"] = "https://viewer.example/study?patient={number}"
    page = surgeon.get(f"/consults/{encounter.id}").text
    assert f'href="https://viewer.example/study?patient={encounter.patient.number}" target="images"' in page
    app.config["IMAGE_VIEWER"] = "javascript:alert({number})"
    assert "javascript:alert" not in surgeon.get(f"/consults/{encounter.id}").text


def test_what_waits_for_its_day_is_on_the_surgeons_list(
    clinic: Clinic, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = ended(clinic, not_now())
    monkeypatch.setattr("triage.services.decisions.today", lambda _site: LATER)
    page = signed_in("surgeon").get("/consults").text
    assert f'id="ag-{old.id}"' in page
