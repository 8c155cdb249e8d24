"""Asking to come back as the browser sees it: closed with the reasons, a dated return, the advice, the telephone."""

import re
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, arrive, wait
from tests.services.test_reassessments import QUIET, again
from tests.services.test_returns import FRIDAY, MONDAY, SATURDAY, ask, at_nara
from triage import clock
from triage.domain.comeback import Day
from triage.domain.hours import CLOSED, OTHER_HOURS, Opening
from triage.services import emergencies, hours, return_lists

SignIn = Callable[[str], FlaskClient]
DATA = {"on": "2026-11-21", "reason": "no_slot_today", "note": "満枠"}


@pytest.fixture(autouse=True)
def _on_a_friday() -> Iterator[None]:
    with clock.at(FRIDAY):
        yield


def test_the_way_is_closed_with_the_reasons_until_the_urgent_questions_are_answered(
    signed_in: SignIn, clinic: Clinic
) -> None:
    here, client = arrive(clinic.reception), signed_in("reception")
    url = f"/encounters/{here.id}/return"
    page = unescape(client.get(url).text)
    assert f"Urgent questions not answered yet: {len(QUIET)}" in page
    assert 'name="on"' not in page
    answer = client.post(url, data=DATA | {"version": here.version})
    assert answer.status_code == 422
    assert again(clinic, here.id).stage == "registered"


def test_an_emergency_offers_no_way_to_come_another_day(signed_in: SignIn, clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    emergencies.raise_(clinic.nurse, here.id)
    client, url = signed_in("nurse"), f"/encounters/{here.id}/return"
    assert "An emergency stands" in client.get(url).text
    answer = client.post(url, data=DATA | {"version": again(clinic, here.id).version})
    assert answer.status_code == 409
    assert again(clinic, here.id).stage == "emergency"


def test_the_next_open_day_is_proposed_and_the_advice_is_printed_in_the_patients_language(
    signed_in: SignIn, clinic: Clinic
) -> None:
    here, client = wait(clinic.reception, QUIET, language="ja"), signed_in("reception")
    page = client.get(f"/encounters/{here.id}/return").text
    assert 'value="2026-11-21"' in page
    answer = client.post(f"/encounters/{here.id}/return", data=DATA | {"version": here.version})
    assert answer.status_code == 303
    sheet = client.get(answer.location).text
    assert "2026年11月21日（土）" in sheet
    assert "9:30–18:00" in sheet
    assert "119" in sheet
    assert again(clinic, here.id).stage == "comes_back"
    summary = client.get(f"/encounters/{here.id}/summary").text
    assert "Comes back another day" in summary


def test_it_is_undone_from_the_message_and_from_the_list(signed_in: SignIn, clinic: Clinic) -> None:
    row, client = ask(clinic, wait(clinic.reception, QUIET)), signed_in("reception")
    assert f"/returns/{row.id}/undo" in client.get("/returns").text
    assert client.post(f"/returns/{row.id}/undo").location == f"/encounters/{row.encounter_id}"
    assert again(clinic, row.encounter_id).stage == "waiting"
    assert client.post(f"/returns/{row.id}/undo").status_code == 409
    assert "Nobody is expected back" in client.get("/returns").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"on": ""}, {"on": "tomorrow"}, {"on": "2026-11-22"}, {"on": "2026-11-20"}, {"on": "2027-11-22"},
        {"reason": "because"}, {"begins": "noon"}, {"begins": "8:00"}, {"ends": "20:00"}, {"note": "a\x00b"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_at_its_field_and_what_was_typed_stays(
    signed_in: SignIn, clinic: Clinic, wrong: dict[str, str]
) -> None:
    here = wait(clinic.reception, QUIET)
    answer = signed_in("nurse").post(
        f"/encounters/{here.id}/return", data=DATA | {"note": "typed", "version": here.version} | wrong
    )
    assert answer.status_code == 422
    assert f'id="{next(iter(wrong))}-error"' in answer.text
    assert "note" in wrong or 'value="typed"' in answer.text
    assert again(clinic, here.id).stage == "waiting"


def test_an_old_page_asks_nobody_back(signed_in: SignIn, clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    answer = signed_in("reception").post(f"/encounters/{here.id}/return", data=DATA | {"version": here.version + 1})
    assert answer.status_code == 409
    assert 'value="満枠"' in answer.text


def test_a_return_noted_on_paper_keeps_both_times(signed_in: SignIn, clinic: Clinic) -> None:
    with clock.at(FRIDAY - timedelta(hours=2)):
        here = wait(clinic.reception, QUIET)
    data = DATA | {"version": here.version, "late_time": "11:00"}
    assert signed_in("reception").post(f"/encounters/{here.id}/return", data=data).status_code == 303
    (found,) = return_lists.look(clinic.nurse).later
    assert (found.row.at, found.row.entered_at) == (FRIDAY - timedelta(hours=1), FRIDAY)


def test_who_is_here_is_checked_in_from_the_list_and_the_visit_shows_the_first_arrival(
    signed_in: SignIn, clinic: Clinic
) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    with at_nara(SATURDAY, 10):
        client = signed_in("reception")
        page = client.get("/returns").text
        assert "Expected today (1)" in page
        form = re.search(rf'action="(/patients/{row.patient_id}/encounters)".*?name="request_id" value="([^"]+)"', page)
        assert form
        answer = client.post(form[1], data={"request_id": form[2]})
        assert answer.status_code == 303
        page = client.get(answer.location).text
        assert "First here" in page
        assert "20 Nov 2026" in page
        assert "Came today (1)" in client.get("/returns").text
        assert "Came back" in signed_in("nurse").get("/board").text


def test_a_call_is_one_press_and_a_wrong_day_is_told_at_its_row(signed_in: SignIn, clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET, phone="0742-99-0001"))
    with at_nara(SATURDAY, 18):
        client, url = signed_in("reception"), f"/returns/{row.id}/calls"
        page = client.get("/returns").text
        assert "Did not come: to call back (1)" in page
        assert "0742-99-0001" in page
        assert client.post(url, data={"version": row.version, "result": "not_reached"}).status_code == 303
        page = client.get("/returns").text
        assert "Noted: Not reached" in page
        assert f"{clinic.reception.name}: Not reached" in page
        assert client.post(url, data={"version": row.version, "result": "reached"}).status_code == 409
        now = {"version": row.version + 1}
        for wrong in (
            {"result": "new_day"}, {"result": "new_day", "on": "2026-11-22", "note": "kept"}, {"result": "x"},
            {"result": "stopped"}, {"result": "reached", "note": "\x00"}, {"result": "new_day", "on": "soon"},
        ):  # fmt: skip
            refused = client.post(url, data=now | wrong)
            assert refused.status_code == 422, wrong
            assert 'role="alert"' in refused.text, wrong
        assert client.post(url, data=now | {"result": "new_day", "on": "2026-11-24"}).status_code == 303
        assert "Expected on other days (1)" in client.get("/returns").text


def test_who_stopped_the_calls_says_why_at_the_note(signed_in: SignIn, clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    answer = signed_in("nurse").post(f"/returns/{row.id}/calls", data={"version": row.version, "result": "stopped"})
    assert answer.status_code == 422
    assert f'id="note-{row.id}-error"' in answer.text


def test_an_undo_that_comes_too_late_is_told_on_the_list(signed_in: SignIn, clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    with clock.at(FRIDAY + timedelta(minutes=11)):
        client = signed_in("reception")
        assert f"/returns/{row.id}/undo" not in client.get("/returns").text
        answer = client.post(f"/returns/{row.id}/undo")
    assert answer.status_code == 409
    assert "This can be undone for 10 minutes" in answer.text
    assert "Expected on other days (1)" in answer.text


def test_nobody_waits_unseen_where_the_desk_and_the_nurse_look(signed_in: SignIn, clinic: Clinic) -> None:
    ask(clinic, wait(clinic.reception, QUIET))
    assert "/returns#h-today" not in signed_in("reception").get("/patients").text
    with at_nara(SATURDAY, 10):
        assert "1 expected back today" in signed_in("reception").get("/patients").text
    with at_nara(SATURDAY, 18):
        for who, url in (("reception", "/patients"), ("nurse", "/tasks"), ("nurse2", "/day/end")):
            assert "1 asked back is to be called" in signed_in(who).get(url).text, url


def test_a_day_that_has_come_to_be_closed_stands_as_to_be_moved_and_its_advice_says_so(
    signed_in: SignIn, clinic: Clinic
) -> None:
    row, client = ask(clinic, wait(clinic.reception, QUIET, language="ja")), signed_in("reception")
    hours.add_days(clinic.admin, SATURDAY, SATURDAY, CLOSED, "Staff outing")
    page = client.get("/returns").text
    assert "The clinic is closed then by now: to be moved (1)" in page
    assert 'value="not_reached"' in page
    advice = client.get(f"/returns/{row.id}/advice").text
    assert "agree on another day first" in advice
    assert "お電話" in advice
    assert "9:30–18:00</dd>" not in advice
    data = {"version": row.version, "result": "new_day", "on": "2026-11-24"}
    assert client.post(f"/returns/{row.id}/calls", data=data | {"on": "2026-11-21"}).status_code == 422
    assert client.post(f"/returns/{row.id}/calls", data=data).status_code == 303
    assert "Expected on other days (1)" in client.get("/returns").text


def test_the_advice_tells_the_clinics_own_hours_with_the_days_that_differ_until_then(
    signed_in: SignIn, clinic: Clinic
) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET, language="en"), Day(date(2026, 12, 12)))
    hours.add_days(clinic.admin, MONDAY, MONDAY, CLOSED, "Labour Thanksgiving Day")
    afternoon = Opening(time(13), time(17))
    hours.add_days(clinic.admin, row.return_on, row.return_on, OTHER_HOURS, "Staff meeting", afternoon)
    sheet = unescape(signed_in("nurse").get(f"/returns/{row.id}/advice").text)
    assert "Mon–Sat 9:30–18:00" in re.sub(r"<[^>]+>", "", sheet)
    assert "Also closed: Mon 23 Nov 2026" in re.sub(r"<[^>]+>", "", sheet)
    assert "Other hours: Sat 12 Dec 2026 13:00–17:00" in re.sub(r"<[^>]+>", "", sheet)
    assert "<dd>13:00–17:00</dd>" in sheet


def test_a_paper_in_japanese_writes_its_days_in_japanese_whoever_prints_it(signed_in: SignIn, clinic: Clinic) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET, language="ja"))
    hours.add_days(clinic.admin, MONDAY, MONDAY, CLOSED, "勤労感謝の日")
    sheet = re.sub(r"<[^>]+>", "", signed_in("nurse").get(f"/returns/{row.id}/advice").text)
    assert "月 2026年11月23日" in sheet


def test_the_lists_are_printed_with_the_telephone_and_the_calls_so_far(signed_in: SignIn, clinic: Clinic) -> None:
    assert "Nobody is expected back" in signed_in("nurse").get("/returns/sheet").text
    row = ask(clinic, wait(clinic.reception, QUIET, phone="0742-99-0001"))
    with at_nara(SATURDAY, 18):
        client, data = signed_in("nurse"), {"version": row.version, "result": "not_reached", "note": "話中"}
        client.post(f"/returns/{row.id}/calls", data=data)
        sheet = client.get("/returns/sheet").text
    for part in ("Did not come: to call back (1)", "0742-99-0001", "話中", f"{clinic.nurse.name}: Not reached"):
        assert part in sheet, part
    assert signed_in("surgeon").get("/returns/sheet").status_code == 403


@pytest.mark.parametrize("who", ["surgeon", "radiographer", "admin", "auditor"])
def test_others_neither_ask_back_nor_see_the_list(signed_in: SignIn, clinic: Clinic, who: str) -> None:
    row = ask(clinic, wait(clinic.reception, QUIET))
    client = signed_in(who)
    for url in ("/returns", f"/returns/{row.id}/advice", f"/encounters/{row.encounter_id}/return"):
        assert client.get(url).status_code == 403
    assert client.post(f"/returns/{row.id}/undo").status_code == 403
    assert signed_in("nurse").get("/returns/nothing/advice").status_code == 404
