"""The reception desk through the browser: what each press answers, and that nothing typed is lost."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.dialects import sqlite
from werkzeug.test import TestResponse

from tests.builders import Clinic, build_clinic
from tests.decisions import operation
from tests.services.test_pathways import begun, look
from triage import knowledge
from triage.db import session
from triage.domain.lookup import read
from triage.models import Patient
from triage.services import encounters, lookup, name_index, patients

SignIn = Callable[[str], FlaskClient]
FORM = {
    "request_id": "form-1", "family_name": "山本", "given_name": "和夫", "family_kana": "やまもと", "given_kana": "ｶｽﾞｵ",
    "birth_date": "S380730", "sex": "male", "phone": "０７４２-００-００００", "contact_name": "山本 花子",
    "contact_phone": "090-0000-0000", "contact_relation": "妻", "language": "ja", "mobility": "wheelchair",
    "call_by_number": "y", "allergies": "ペニシリン", "medicines": "アムロジピン", "anticoagulant": "ワルファリン",
    "implants": "ペースメーカー", "insurer": "12345678", "referrer": "",
}  # fmt: skip


def create(client: FlaskClient, **changes: str) -> TestResponse:
    """Post the new patient's form as the browser does."""
    return client.post("/patients", data=FORM | changes)


def the_patient(clinic: Clinic) -> Any:
    """Return the only patient of the clinic."""
    (found,) = lookup.search(clinic.reception, "ヤマモト").patients
    return patients.get(clinic.reception, found.id)


def hidden(answer: TestResponse, name: str) -> str:
    """Return the value of a hidden field of a page."""
    match = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', answer.text)
    assert match, name
    return unescape(match[1])


def as_form(patient: Any, base: str, **changes: str) -> dict[str, str]:
    """Return the edit form as the browser posts it."""
    plain = {name: text for name, text in FORM.items() if name != "request_id"}
    return plain | {"birth_date": "1963-07-30", "version": str(patient.version), "base": base} | changes


# --- the page ------------------------------------------------------------------------------------------------------


def test_the_desk_opens_with_the_search_ready(signed_in: SignIn) -> None:
    page = signed_in("reception").get("/patients").text
    assert re.search(r'<input id="finder"[^>]*autofocus', page)
    assert "Every intake has been sent to the queue." in page


def test_a_search_answers_the_table_alone_to_the_live_box_and_the_desk_without_it(
    signed_in: SignIn, clinic: Clinic
) -> None:
    client = signed_in("reception")
    create(client)
    live = client.get("/patients/search?q=3380730", headers={"HX-Request": "true"}).text
    assert "<html" not in live
    for text in (
        "ヤマモト カズオ",
        "山本 和夫",
        "1963-07-30",
        "昭和38年7月30日",
        "30 Jul 1963",
        "000001",
        "Check in",
        "None here",
    ):
        assert text in live
    assert 'id="finder"' in client.get("/patients/search?q=3380730").text
    assert "山本 和夫" in client.get("/patients?q=yamamoto").text  # the search of the header


def test_a_search_without_an_answer_leads_to_a_form_that_knows_the_words(signed_in: SignIn) -> None:
    client = signed_in("reception")
    page = client.get("/patients/search?q=ヤマモト S380730").text
    assert "Nobody on file fits" in page
    assert 'form="finder-form" formaction="/patients/new"' in page  # carries what stands in the box
    form = client.get("/patients/new", query_string={"q": "ヤマモト S380730"}).text
    assert 'value="ヤマモト"' in form
    assert 'value="S380730"' in form
    assert "昭和38年7月30日" in form


def test_more_hits_than_fit_ask_for_more_words(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    for n in range(9):
        create(client, request_id=f"f{n}", given_name="一二三四五六七八九"[n], given_kana="アイウエオカキクケ"[n] * 4,
               birth_date=f"19{40 + n}0101", phone="", insurer="")  # fmt: skip
    page = client.get("/patients/search?q=ヤマモト").text
    assert page.count("data-row id=") == lookup.SHOWN
    assert "There are more than these." in page


def test_the_title_and_the_links_never_carry_a_name(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    create(client)
    for url in ("", "/edit"):
        page = client.get(f"/patients/{the_patient(clinic).id}{url}").text
        title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
        assert title
        assert "山本" not in title[1]
        assert "000001" in title[1]


# --- a new patient -------------------------------------------------------------------------------------------------


def test_one_press_saves_the_patient_and_checks_in(signed_in: SignIn, clinic: Clinic) -> None:
    answer = create(signed_in("reception"), then="check_in")
    assert answer.status_code == 303
    assert re.fullmatch(r"/encounters/\w+/intake", answer.location)
    patient = the_patient(clinic)
    assert (patient.family_kana, patient.given_kana, patient.phone) == ("ヤマモト", "カズオ", "0742-00-0000")
    assert (patient.mobility, patient.call_by_number, patient.interpreter) == ("wheelchair", True, False)
    assert (patient.anticoagulant, patient.implants) == ("ワルファリン", "ペースメーカー")
    assert patient.identifier("insurer") == "12345678"


def test_saving_only_leads_to_the_record(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("nurse")
    answer = create(client)
    assert answer.location == f"/patients/{the_patient(clinic).id}"
    page = client.get(answer.location).text
    for text in ("ペニシリン", "ワルファリン", "ペースメーカー", "山本 花子 (妻)", "No visit at this site yet."):
        assert text in page


def test_a_double_click_is_one_patient_and_leads_to_the_same_place(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    first, second = create(client, then="check_in"), create(client, then="check_in")
    assert first.location == second.location
    assert the_patient(clinic)


def test_a_name_is_kept_as_it_is_registered(signed_in: SignIn, clinic: Clinic) -> None:
    create(signed_in("reception"), family_name="  髙﨑\ufa19  ", given_name="𠮷雄")
    assert the_patient(clinic).name == "髙﨑\ufa19 𠮷雄"


def test_a_person_with_one_name_only_can_be_put_on_file(signed_in: SignIn) -> None:
    assert create(signed_in("reception"), family_name="Suharto", given_name="", given_kana="").status_code == 303


@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        ("family_name", "", "Enter the name."),
        ("family_name", "　 ", "Enter the name."),
        ("family_name", "山\x00本", "cannot be stored"),
        ("given_name", "あ" * 101, "This text is too long."),
        ("birth_date", "S990101", "This is not a date we can read."),
        ("birth_date", "18000101", "This is not a date we can read."),
        ("birth_date", "29990101", "This date is in the future."),
        ("allergies", "x\x07", "cannot be stored"),
        ("medicines", "y" * 1001, "This text is too long."),
        ("sex", "F", "Choose one of the answers"),
        ("language", "xx", "Choose one of the answers"),
        ("insurer", "1\x002", "cannot be stored"),
    ],
)
def test_what_cannot_be_read_is_said_at_the_field_and_what_was_typed_stays(
    signed_in: SignIn, clinic: Clinic, name: str, typed: str, message: str
) -> None:
    answer = create(signed_in("reception"), **{name: typed})
    assert answer.status_code == 422
    assert message in answer.text
    assert "data-error-summary" in answer.text
    assert f'id="{name}-error"' in answer.text
    assert 'value="アムロジピン"' in answer.text or name == "medicines"
    assert "<title>Error" in answer.text
    assert lookup.search(clinic.reception, "ヤマモト").patients == []


def test_a_number_that_another_patient_has_is_said_at_the_field(signed_in: SignIn) -> None:
    client = signed_in("reception")
    create(client)
    other = {
        "request_id": "2",
        "family_name": "小林",
        "given_name": "由紀",
        "family_kana": "コバヤシ",
        "given_kana": "ユキ",
    }
    answer = create(client, **other, phone="")
    assert answer.status_code == 422
    assert "Another patient already has this number." in answer.text
    assert 'value="小林"' in answer.text


def test_who_may_be_on_file_is_shown_beside_what_was_typed_and_nothing_is_saved(
    signed_in: SignIn, clinic: Clinic
) -> None:
    client = signed_in("reception")
    create(client)
    answer = create(client, request_id="2", family_name="山元", phone="", insurer="")
    assert answer.status_code == 409
    assert "Is it one of these?" in answer.text
    assert "<mark>山本 和夫</mark>" in answer.text
    assert "<mark>ヤマモト カズオ</mark>" not in answer.text
    assert 'value="山元"' in answer.text
    assert not re.search(r'name="different"[^>]*checked', answer.text)
    assert the_patient(clinic).same_name is False


def test_the_same_person_leads_to_the_record_and_the_typing_is_forgotten(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    create(client)
    patient = the_patient(clinic)
    client.post("/patients/draft", data=FORM | {"request_id": "2"})
    answer = client.post("/patients/draft", data={"discard": "1", "request_id": "2", "patient_id": patient.id})
    assert answer.location == f"/patients/{patient.id}"
    assert "Draft of" not in client.get("/patients/new").text


def test_a_different_person_is_saved_once_that_is_said_and_both_are_marked(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    create(client)
    typed = {"request_id": "2", "birth_date": "H020202", "phone": "", "insurer": ""}
    seen = hidden(create(client, **typed), "different")
    assert create(client, **typed, different=seen, then="check_in").status_code == 303
    both = lookup.search(clinic.reception, "ヤマモト").patients
    assert [patient.same_name for patient in both] == [True, True]
    assert client.get("/patients/search?q=ヤマモト").text.count("Same name") == 2


# --- drafts --------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_echoed_and_restored(signed_in: SignIn) -> None:
    client = signed_in("reception")
    saved = client.post("/patients/draft", data=FORM, headers={"HX-Request": "true"})
    assert saved.status_code == 200
    assert "昭和38年7月30日" in saved.text
    page = client.get("/patients/new").text
    assert "Draft of" in page
    assert 'value="ワルファリン"' in page
    assert 'value="form-1"' in page
    assert "not saved yet" in client.get("/patients").text


def test_another_patient_can_be_begun_without_losing_the_first(signed_in: SignIn) -> None:
    client = signed_in("reception")
    client.post("/patients/draft", data=FORM)
    fresh = client.get("/patients/new?q=コバヤシ")
    assert "Draft of" not in fresh.text
    key = hidden(fresh, "request_id")
    client.post("/patients/draft", data={"request_id": key, "family_kana": "コバヤシ"})
    desk = client.get("/patients").text
    assert "山本 和夫" in desk
    assert "コバヤシ" in desk
    assert 'value="山本"' in client.get("/patients/new?request_id=form-1").text


def test_a_draft_is_for_the_eyes_of_who_typed_it_and_can_be_discarded(signed_in: SignIn) -> None:
    client = signed_in("reception")
    client.post("/patients/draft", data=FORM)
    assert "山本" not in signed_in("nurse").get("/patients").text
    assert "山本" not in signed_in("nurse").get("/patients/new?request_id=form-1").text
    client.post("/patients/draft", data={"discard": "1", "request_id": "form-1"})
    assert "山本" not in client.get("/patients").text


def test_leaving_the_form_keeps_it_to_the_last_character_and_leads_to_the_desk(signed_in: SignIn) -> None:
    client = signed_in("reception")
    assert client.post("/patients/draft", data=FORM | {"allergies": "そば粉"}).location == "/patients"
    assert 'value="そば粉"' in client.get("/patients/new?request_id=form-1").text


def test_an_empty_form_leaves_nothing_behind(signed_in: SignIn) -> None:
    client = signed_in("reception")
    client.post("/patients/draft", data={"request_id": "e", "sex": "unknown", "mobility": "walking", "language": "ja"})
    assert "not saved yet" not in client.get("/patients").text


@pytest.mark.parametrize("key", ["", "x" * 70, "\x00", "../..", "日本"])
def test_a_forged_draft_key_is_harmless(signed_in: SignIn, key: str) -> None:
    client = signed_in("reception")
    assert client.post("/patients/draft", data=FORM | {"request_id": key}).status_code == 303
    assert client.get("/patients/new", query_string={"request_id": key}).status_code == 200


# --- changing ------------------------------------------------------------------------------------------------------


def test_a_change_is_saved_and_shown(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    create(client)
    patient = the_patient(clinic)
    base = hidden(client.get(f"/patients/{patient.id}/edit"), "base")
    answer = client.post(f"/patients/{patient.id}", data=as_form(patient, base, allergies="なし"))
    assert answer.location == f"/patients/{patient.id}"
    assert the_patient(clinic).allergies == "なし"


def test_a_slower_change_shows_both_sides_keeps_what_was_typed_and_takes_over_the_rest(
    signed_in: SignIn, clinic: Clinic
) -> None:
    client = signed_in("reception")
    create(client)
    patient = the_patient(clinic)
    base = hidden(client.get(f"/patients/{patient.id}/edit"), "base")
    nurse = signed_in("nurse")
    nurse.post(
        f"/patients/{patient.id}",
        data=as_form(patient, base, allergies="ペニシリン、造影剤", phone="0742-11-1111", call_by_number=""),
    )
    answer = client.post(f"/patients/{patient.id}", data=as_form(patient, base, phone="0742-22-2222"))
    assert answer.status_code == 409
    assert "Changed by Nurse" in answer.text
    assert "<mark>0742-22-2222</mark>" in answer.text
    assert "<mark>0742-11-1111</mark>" in answer.text
    assert 'value="0742-22-2222"' in answer.text
    assert 'value="ペニシリン、造影剤"' in answer.text  # only the nurse changed it: it must not be lost
    assert the_patient(clinic).phone == "0742-11-1111"
    again = as_form(patient, hidden(answer, "base"), phone="0742-22-2222", allergies="ペニシリン、造影剤")
    answer = client.post(f"/patients/{patient.id}", data=again | {"version": hidden(answer, "version")})
    assert answer.status_code == 303
    assert (the_patient(clinic).phone, the_patient(clinic).allergies) == ("0742-22-2222", "ペニシリン、造影剤")


@pytest.mark.parametrize("base", ["", "[]", "{", "null", '{"phone": 5}', "x" * 30000])
def test_a_forged_base_never_saves_an_old_page(signed_in: SignIn, clinic: Clinic, base: str) -> None:
    client = signed_in("reception")
    create(client)
    patient = the_patient(clinic)
    patients.update(clinic.nurse, patient.id, patient.version, {"allergies": "造影剤"})
    answer = client.post(f"/patients/{patient.id}", data=as_form(patient, base))
    assert answer.status_code in (409, 422)
    assert the_patient(clinic).allergies == "造影剤"


@pytest.mark.parametrize("version", ["", "0", "-1", "x", str(2**63), "9" * 5000])
def test_a_forged_version_changes_nothing(signed_in: SignIn, clinic: Clinic, version: str) -> None:
    client = signed_in("reception")
    create(client)
    patient = the_patient(clinic)
    answer = client.post(f"/patients/{patient.id}", data=as_form(patient, "", allergies="なし", version=version))
    assert answer.status_code in (409, 422)
    assert the_patient(clinic).allergies == "ペニシリン"


# --- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["surgeon", "radiographer"])
def test_surgeon_and_radiographer_open_a_record_but_do_not_change_it(
    signed_in: SignIn, clinic: Clinic, who: str
) -> None:
    create(signed_in("reception"))
    patient = the_patient(clinic)
    client = signed_in(who)
    page = client.get(f"/patients/{patient.id}")
    assert page.status_code == 200
    assert "Change the record" not in page.text
    assert "Check in" not in client.get("/patients/search?q=ヤマモト").text
    assert client.get("/patients/new").status_code == 403
    assert create(client).status_code == 403
    assert client.get(f"/patients/{patient.id}/edit").status_code == 403
    assert client.post(f"/patients/{patient.id}", data=FORM).status_code == 403
    assert client.post(f"/patients/{patient.id}/encounters").status_code == 403


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_administrators_and_auditors_see_nothing_of_the_desk(signed_in: SignIn, clinic: Clinic, who: str) -> None:
    create(signed_in("reception"))
    client = signed_in(who)
    for url in ("/patients", "/patients/search?q=ヤマモト", "/patients/new", f"/patients/{the_patient(clinic).id}"):
        answer = client.get(url)
        assert answer.status_code == 403
        assert "山本" not in answer.text


def test_a_patient_of_another_organisation_is_not_found(signed_in: SignIn, clinic: Clinic) -> None:
    create(signed_in("reception"))
    patient = the_patient(clinic)
    build_clinic("osaka", suffix="-o")
    client = signed_in("reception-o")
    assert client.get(f"/patients/{patient.id}").status_code == 404
    assert client.get(f"/patients/{patient.id}/edit").status_code == 404
    assert client.post(f"/patients/{patient.id}", data=as_form(patient, "")).status_code == 404
    assert client.post(f"/patients/{patient.id}/encounters").status_code == 404
    assert "山本" not in client.get("/patients/search?q=ヤマモト").text


@pytest.mark.parametrize(
    "url", ["/patients/nobody", "/patients/aaaaaaaaaaaaaaaa", "/patients/%00" + "a" * 15, "/patients/%F0%9F"]
)
def test_an_address_that_leads_nowhere_is_not_found(signed_in: SignIn, url: str) -> None:
    assert signed_in("reception").get(url).status_code == 404


def test_opening_a_record_leaves_a_trace_before_the_page(app: Flask, signed_in: SignIn, clinic: Clinic) -> None:
    create(signed_in("reception"))
    patient = the_patient(clinic)
    signed_in("radiographer").get(f"/patients/{patient.id}")
    page = signed_in("auditor").get(f"/audit?patient={patient.number}").text
    assert "patient_opened" in page


# --- the wait ------------------------------------------------------------------------------------------------------


def test_the_desk_says_how_long_the_wait_is_without_a_name(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    create(client, then="check_in")
    page = client.get("/patients").text
    waits = page[page.index('id="waits"') :]
    assert "Not triaged" in waits
    assert "山本" not in waits
    assert encounters.earlier(clinic.reception, the_patient(clinic).id)[0].ticket in page  # to be finished


# --- speed ---------------------------------------------------------------------------------------------------------


def reads_every_patient(query: Any) -> bool:
    """Tell whether the database answers the search by reading all patients of the organisation."""
    text = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    plan = [row[-1] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    return any(
        re.fullmatch(r"(SCAN|SEARCH) patient( USING (COVERING )?INDEX \w+ \(organisation_id=\?\))?", s) for s in plan
    )


@pytest.mark.parametrize(
    "words", ["S380730", "055433", "A012", "12345678", "山本 S380730", "山本", "林", "リ", "sato y"]
)
def test_dates_numbers_tickets_and_names_are_found_by_index(clinic: Clinic, words: str) -> None:
    terms = read(words)
    query = lookup.matching(clinic.reception, lookup.kinds(terms)).limit(9)
    assert not reads_every_patient(query.params(lookup.values(terms)))


def test_the_index_guard_sees_a_search_that_reads_everybody(clinic: Clinic) -> None:
    everybody = select(Patient).where(Patient.visible_to(clinic.reception), name_index.holds("begun", (1,)))
    assert reads_every_patient(everybody.params(name_index.values("begun", [["|山本"]])))


def test_the_visits_name_the_decision_in_the_readers_words(signed_in: SignIn, clinic: Clinic) -> None:
    patient_id = look(clinic, begun(clinic, operation("NERVE_BLOCK"))).pathway.patient_id
    block, client = knowledge.load().decisions.blocks["root"], signed_in("reception")
    for lang, kind in (("en", "Nerve block"), ("ja", "神経ブロック")):
        text = client.get(f"/patients/{patient_id}?lang={lang}").text
        assert f"{kind}: {block.label(lang)} · L4-5" in text
        assert "nerve_block" not in text
