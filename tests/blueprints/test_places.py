"""What the desk reads out: in the patient's language or the other, and nothing of anybody else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.builders import Clinic, add_patient, build_clinic, leave_unseen, wait
from tests.services.test_imaging import asked, started
from tests.services.test_places import calm
from triage import clock
from triage.db import session
from triage.models import Encounter, ImagingOrder
from triage.services import emergencies

SignIn = Callable[[str], FlaskClient]


def said(browser: FlaskClient, encounter_id: str, **query: str) -> str:
    answer = browser.get(f"/encounters/{encounter_id}/place", query_string=query)
    assert answer.status_code == 200
    return answer.text[answer.text.index('class="said"') :]


def test_the_third_hears_why_in_both_languages(clinic: Clinic, signed_in: SignIn) -> None:
    third = calm(clinic, 4)
    wait(clinic.reception)
    emergencies.raise_(clinic.nurse, wait(clinic.reception).id)
    browser = signed_in("reception")
    english = "You are third. One emergency and one patient who may not wait are ahead of you. "
    english += "You have waited 0 minutes; the aim for you is 60. Anyone in danger always comes first."
    assert english in said(browser, third.id, speak="en")
    japanese = "順番は3番目です。先にお待ちの方は、緊急の方1名、お待たせできない方1名です。"
    assert japanese in said(browser, third.id, speak="ja")


@pytest.mark.parametrize(
    ("language", "spoken"), [("ja", "順番は1番目です。"), ("en", "You are first."), ("vi", "You are")]
)
def test_it_is_said_in_the_patients_language_whatever_the_readers(
    clinic: Clinic, signed_in: SignIn, language: str, spoken: str
) -> None:
    encounter = wait(clinic.reception, language=language)
    assert spoken in said(signed_in("reception"), encounter.id)
    assert spoken in said(signed_in("reception"), encounter.id, lang="ja")


def test_it_tells_nothing_of_anybody_else(clinic: Clinic, signed_in: SignIn) -> None:
    other = wait(clinic.reception, family_name="北村", family_kana="キタムラ")
    mine = calm(clinic, 5)
    text = signed_in("nurse").get(f"/encounters/{mine.id}/place", headers={"HX-Request": "true"}).text
    assert mine.ticket in text
    for secret in (other.ticket, "北村", "キタムラ", other.id, "山本"):
        assert secret not in text


@pytest.mark.parametrize("who", ["reception", "nurse", "surgeon", "radiographer"])
def test_every_row_of_the_board_and_of_the_desk_leads_to_it(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    encounter = wait(clinic.reception)
    browser = signed_in(who)
    assert f'href="/encounters/{encounter.id}/place"' in browser.get("/board").text
    if who == "reception":
        assert f'href="/encounters/{encounter.id}/place"' in browser.get("/patients").text


def test_no_form_sets_the_time_of_an_arrival(clinic: Clinic, signed_in: SignIn) -> None:
    patient, start = add_patient(clinic.reception), clock.now()
    ahead = (start + timedelta(hours=3)).isoformat()
    forged = {"arrived_at": ahead, "stage_since": ahead, "at": ahead}
    answer = signed_in("reception").post(f"/patients/{patient.id}/encounters", data=forged)
    assert answer.status_code == 303
    session.close()
    encounter = session.scalars(select(Encounter)).one()
    assert start <= encounter.arrived_at <= clock.now()
    assert encounter.stage_since == encounter.arrived_at


def test_a_visit_that_is_over_is_said_to_be_over_and_a_foreign_one_is_not_found(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception)
    leave_unseen(clinic.reception, encounter.id, encounter.version, "a train")
    browser = signed_in("reception")
    assert "This visit is over" in browser.get(f"/encounters/{encounter.id}/place").text
    other = wait(build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka").reception)
    assert browser.get(f"/encounters/{other.id}/place").status_code == 404
    assert browser.get("/encounters/nothing/place").status_code == 404


@pytest.mark.parametrize(
    ("prepare", "english", "japanese"),
    [
        (asked, "You are waiting for your images.", "画像検査をお待ちいただいています。"),
        (started, "Your images are being taken now.", "ただいま画像検査中です。"),
    ],
)
def test_who_is_sent_for_images_hears_no_number_of_a_line_they_do_not_stand_in(
    clinic: Clinic, signed_in: SignIn, prepare: Callable[[Clinic], ImagingOrder], english: str, japanese: str
) -> None:
    encounter_id = prepare(clinic).encounter_id
    wait(clinic.reception)
    browser = signed_in("reception")
    text = said(browser, encounter_id, speak="en")
    assert f"{english} Afterwards you keep your place: it counts from when you came. You have waited" in text
    assert "You are second" not in text
    text = said(browser, encounter_id, speak="ja")
    assert f"{japanese}検査のあとも、来院された時刻からの順番は変わりません。来院から" in text
    assert "2番目" not in text
