"""A kept row of somebody found fits who reads it: never another's language, rights or token, and never old."""

import re
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient

from tests.builders import Clinic, add_patient
from triage import clock
from triage.db import session
from triage.services import encounters, patients

SignIn = Callable[[str], FlaskClient]
SEARCH = "/patients/search?q=シマダ"


def found(browser: FlaskClient, query: str = "") -> str:
    return browser.get(SEARCH + query, headers={"HX-Request": "true"}).text


def hidden(page: str, name: str) -> list[str]:
    return re.findall(f'name="{name}" value="([^"]+)"', page)


def test_each_button_has_a_key_of_its_own_and_each_reader_their_own_token(clinic: Clinic, signed_in: SignIn) -> None:
    for given in ("アキ", "ユミ"):
        add_patient(clinic.reception, family_name="島田", family_kana="シマダ", search_key="|シマダ|", given_kana=given)
    desk, nurse = signed_in("reception"), signed_in("nurse")
    pages = [found(desk), found(desk), found(nurse)]
    keys = [key for page in pages for key in hidden(page, "request_id")]
    assert len(keys) == len(set(keys)) == 6
    assert all(re.fullmatch(r"[\w-]{1,60}", key, re.ASCII) for key in keys)
    assert len({token for page in pages for token in hidden(page, "csrf_token")}) >= 2


def test_who_may_not_check_in_is_not_offered_it_and_each_reads_their_language(
    clinic: Clinic, signed_in: SignIn
) -> None:
    add_patient(clinic.reception, family_name="島田", family_kana="シマダ", search_key="|シマダ|")
    desk, surgeon = signed_in("reception"), signed_in("surgeon")
    assert "/check-in" in found(desk) or "Check in" in found(desk)
    assert "Check in" not in found(surgeon)
    assert "Check in" not in found(desk, "&lang=ja")
    assert "Check in" in found(desk, "&lang=en")


def test_what_has_changed_of_the_patient_is_shown_at_once(clinic: Clinic, signed_in: SignIn) -> None:
    who, desk = (
        add_patient(clinic.reception, family_name="島田", family_kana="シマダ", search_key="|シマダ|"),
        signed_in("reception"),
    )
    assert "Here:" not in found(desk)
    session.close()
    encounters.check_in(clinic.reception, who.id, "")
    assert "Here:" in found(desk)
    session.close()
    typed = {"allergies": "Latex", **dict.fromkeys(("medicines", "implants"), "")}
    patients.update(clinic.reception, who.id, patients.get(clinic.reception, who.id).version, typed, {})
    assert "Latex" in found(desk)


def test_an_age_is_that_of_the_day(clinic: Clinic, signed_in: SignIn) -> None:
    today = clock.now().astimezone(ZoneInfo(clinic.reception.time_zone)).date()
    born = today.replace(year=today.year - 40, day=1)
    add_patient(clinic.reception, family_name="島田", family_kana="シマダ", search_key="|シマダ|", birth_date=born)
    desk = signed_in("reception")
    assert "(40)" in found(desk)
    with clock.at(clock.now() - timedelta(days=40)):
        assert "(39)" in found(signed_in("reception"))
