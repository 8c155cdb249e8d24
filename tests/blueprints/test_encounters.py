"""Checking in, the slip, the way to the right page, and leaving unseen, as the browser sees them."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, add_patient, arrive, build_clinic, wait
from triage import knowledge

SignIn = Callable[[str], FlaskClient]


def test_checking_in_leads_to_the_intake_and_twice_to_the_same(signed_in: SignIn, clinic: Clinic) -> None:
    client, person = signed_in("reception"), add_patient(clinic.reception)
    first = client.post(f"/patients/{person.id}/encounters", data={"request_id": "press"})
    second = client.post(f"/patients/{person.id}/encounters", data={"request_id": "press"})
    assert first.status_code == 303
    assert first.location == second.location
    assert re.fullmatch(r"/encounters/\w+/intake", first.location)


def test_who_is_already_here_is_shown_with_the_ticket_and_the_way(signed_in: SignIn, clinic: Clinic) -> None:
    here = arrive(clinic.reception)
    answer = signed_in("nurse").post(f"/patients/{here.patient_id}/encounters", data={"request_id": "other"})
    assert answer.status_code == 409
    assert here.ticket in answer.text
    assert f'href="/encounters/{here.id}"' in answer.text


@pytest.mark.parametrize("key", ["\x00", "x" * 500, "日本", ""])
def test_a_forged_request_id_checks_in_once_all_the_same(signed_in: SignIn, clinic: Clinic, key: str) -> None:
    client, person = signed_in("reception"), add_patient(clinic.reception)
    assert client.post(f"/patients/{person.id}/encounters", data={"request_id": key}).status_code == 303
    assert client.post(f"/patients/{person.id}/encounters", data={"request_id": key}).status_code == 409


@pytest.mark.parametrize("who", ["surgeon", "radiographer", "admin", "auditor"])
def test_only_reception_and_nurse_check_in_and_let_go(signed_in: SignIn, clinic: Clinic, who: str) -> None:
    person, waiting = add_patient(clinic.reception), wait(clinic.reception, family_name="小林")
    client = signed_in(who)
    assert client.post(f"/patients/{person.id}/encounters").status_code == 403
    assert client.post(f"/encounters/{waiting.id}/departure").status_code == 403


# --- the slip ------------------------------------------------------------------------------------------------------


def slip(client: FlaskClient, encounter_id: str) -> str:
    """Return the slip's own text."""
    page = client.get(f"/encounters/{encounter_id}/slip").text
    return page[page.index("<article") : page.index("</article>")]


def test_the_slip_says_ticket_name_way_and_what_to_watch_for_and_nothing_else(
    signed_in: SignIn, clinic: Clinic
) -> None:
    here = wait(clinic.reception, {knowledge.load().urgent_questions[0].id: True}, phone="0742-99-9999")
    text = slip(signed_in("reception"), here.id)
    for shown in (here.ticket, "ヤマモト 様", "①", "②", "Your number is"):
        assert shown in text
    assert re.search(r"\d{4}年\d{1,2}月\d{1,2}日（[月火水木金土日]）\d\d:\d\d", text)
    for kept in (
        "山本",
        "和夫",
        "カズオ",
        "1963",
        "63",
        "0742-99-9999",
        here.patient.number,
        "acuity",
        "mergency",
        "緊急",
    ):
        assert kept not in text


def test_who_asked_to_be_called_by_number_is_not_named(signed_in: SignIn, clinic: Clinic) -> None:
    here = wait(clinic.reception, call_by_number=True)
    assert "ヤマモト" not in slip(signed_in("reception"), here.id)


def test_a_foreign_patient_reads_the_slip_in_english(signed_in: SignIn, clinic: Clinic) -> None:
    here = wait(clinic.reception, language="en")
    client = signed_in("reception")
    client.get("/patients?lang=ja")
    text = slip(client, here.id)
    assert "Nurse, when your number is called" in text
    assert "年" not in text


def test_printing_the_slip_is_recorded(signed_in: SignIn, clinic: Clinic) -> None:
    here = wait(clinic.reception)
    slip(signed_in("reception"), here.id)
    assert "printed" in signed_in("auditor").get("/audit?name=printed").text


# --- the way -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "page"), [("reception", "summary"), ("nurse", "triage"), ("surgeon", "triage"), ("radiographer", "summary")]
)
def test_each_role_is_led_to_its_page_of_a_waiting_visit(
    signed_in: SignIn, clinic: Clinic, who: str, page: str
) -> None:
    here = wait(clinic.reception)
    client = signed_in(who)
    answer = client.get(f"/encounters/{here.id}")
    assert answer.location == f"/encounters/{here.id}/{page}"
    assert client.get(answer.location).status_code == 200


def test_an_unfinished_intake_and_an_emergency_lead_to_their_own_pages(signed_in: SignIn, clinic: Clinic) -> None:
    desk = arrive(clinic.reception)
    alarm = wait(clinic.reception, {knowledge.load().urgent_questions[0].id: True}, family_name="小林")
    client = signed_in("reception")
    assert client.get(f"/encounters/{desk.id}").location.endswith("/intake")
    assert client.get(f"/encounters/{alarm.id}").location.endswith("/emergency")


def test_a_visit_at_another_organisation_is_not_found(signed_in: SignIn, clinic: Clinic) -> None:
    here = wait(clinic.reception)
    build_clinic("osaka", suffix="-o")
    client = signed_in("reception-o")
    for page in ("", "/slip", "/summary"):
        assert client.get(f"/encounters/{here.id}{page}").status_code == 404
    assert client.post(f"/encounters/{here.id}/departure", data={"version": 1, "reason": "other"}).status_code == 404
