"""What the wall answers: tickets and rooms in both languages, and nothing else about anybody."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.builders import Clinic, as_answers, wait
from triage import clock, device_door, knowledge
from triage.db import session
from triage.device_door import COOKIE
from triage.services import calls, devices, emergencies, intakes, rooms
from triage.services.accounts import LockOut

#: Nothing of this may leave by the door of a device.
MARKS = {
    "family_name": "印姓", "given_name": "印名", "family_kana": "シルシセイ", "given_kana": "シルシメイ",
    "number": "987654", "phone": "0742111222", "allergies": "印薬", "medicines": "印剤", "contact_name": "印連絡",
}  # fmt: skip
BACKGROUND = {"X-Background": "1"}


@pytest.fixture
def on_wall(app: Flask, clinic: Clinic) -> FlaskClient:
    """Return the browser that is the wall of the waiting room."""
    _, code = devices.add(clinic.admin, "wall", "Waiting room")
    token, _ = devices.enrol(code, "127.0.0.1", LockOut())
    session.remove()
    client = app.test_client()
    client.set_cookie(COOKIE, token)
    return client


def called(clinic: Clinic, **patient: object) -> str:
    """Let a marked patient be called into a room; return the ticket."""
    here = rooms.list_rooms(clinic.admin)
    room = here[0].id if here else rooms.add(clinic.admin, "Consulting room 1", "診察室1")
    visit = wait(clinic.reception, **{**MARKS, **patient})
    calls.call(clinic.nurse, visit.id, room)
    session.remove()
    return visit.ticket


def test_a_call_stands_on_the_wall_in_japanese_and_english_on_one_line(on_wall: FlaskClient, clinic: Clinic) -> None:
    ticket = called(clinic)
    text = on_wall.get("/wall").text
    line = next(line for line in text.splitlines() if f">{ticket}<" in line)
    assert line.index("診察室1") < line.index("Consulting room 1")
    for words in ("お呼び出し中", "待ち時間の目安", "受付にお尋ねください", "すぐに受付へ"):
        assert words in text
    for words in ("Now calling", "Usual wait", "Please ask at the desk", "tell the desk at once"):
        assert words in text


def test_the_wall_says_the_same_whatever_language_its_browser_was_set_to(on_wall: FlaskClient, clinic: Clinic) -> None:
    called(clinic)
    english = on_wall.get("/wall/now").json
    on_wall.set_cookie("lang", "ja")
    assert on_wall.get("/wall/now").json == english


def test_no_name_complaint_or_acuity_leaves_by_the_door_of_a_device(on_wall: FlaskClient, clinic: Clinic) -> None:
    calm = {question.id: False for question in knowledge.load().urgent_questions}
    called(clinic)
    visit = wait(clinic.reception, calm | {"back_pain": True}, **(MARKS | {"number": "987655"}))
    intakes.record_answers(clinic.reception, visit.id, as_answers({"leg_pain": True}))
    emergencies.raise_(clinic.nurse, visit.id, "印訴")
    calls.call(clinic.nurse, visit.id, rooms.list_rooms(clinic.admin)[0].id)
    session.remove()
    answers = [on_wall.get(url) for url in ("/wall", "/wall/now", "/wall/now?rev=x")]
    told = "".join(answer.text + str(answer.headers) for answer in answers)
    assert visit.ticket in told
    for mark in (*MARKS.values(), "印", "シルシ", "98765", "back_pain", "leg_pain", visit.id, visit.patient_id):
        assert mark not in told, mark
    acuities = ("蘇生", "緊急", "トリアージ", "Resuscitation", "Emergency", "Less urgent", "Non-urgent", "Not triaged")
    for word in (*acuities, "acuity", "emergency", "level"):
        assert word not in told, word


def test_a_refresh_of_what_is_shown_already_is_empty(on_wall: FlaskClient, clinic: Clinic) -> None:
    shown = on_wall.get("/wall/now", headers=BACKGROUND)
    assert shown.json
    rev = shown.json["rev"]
    again = on_wall.get(f"/wall/now?rev={rev}", headers=BACKGROUND)
    assert (again.status_code, again.data) == (204, b"")
    assert again.headers["X-Wall-Release"] == shown.headers["X-Wall-Release"]
    called(clinic)
    assert on_wall.get(f"/wall/now?rev={rev}", headers=BACKGROUND).status_code == 200


def test_the_page_and_its_refresh_show_the_same(on_wall: FlaskClient, clinic: Clinic) -> None:
    called(clinic)
    fresh = on_wall.get("/wall/now").json
    assert fresh
    assert f'data-rev="{fresh["rev"]}"' in on_wall.get("/wall").text


def test_a_call_is_still_and_inverted_for_half_a_minute(on_wall: FlaskClient, clinic: Clinic) -> None:
    called(clinic)
    assert 'class="is-new"' in on_wall.get("/wall").text
    with clock.at(clock.now() + timedelta(seconds=31)):
        assert 'class="is-new"' not in on_wall.get("/wall").text


def test_a_wall_without_script_asks_again_by_itself(on_wall: FlaskClient) -> None:
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in on_wall.get("/wall").text


def test_a_wall_whose_server_has_a_fault_tries_again_by_itself(
    on_wall: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_site_id: str) -> list[calls.Shown]:
        raise ZeroDivisionError

    monkeypatch.setattr(calls, "showing", fail)
    answer = on_wall.get("/wall")
    assert answer.status_code == 500
    assert answer.headers["Refresh"] == "15"


def test_a_device_that_asks_without_pause_is_told_to_wait(
    app: Flask, on_wall: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_door, "_throttle", device_door.Throttle())
    monkeypatch.setattr(device_door, "LEAST_ALLOWED", 3)
    app.config["WALL_SECONDS"] = 600.0
    answers = [on_wall.get("/wall/now", headers=BACKGROUND) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["Retry-After"]


def test_the_token_lasts_as_long_as_the_wall_hangs_there(on_wall: FlaskClient) -> None:
    renewed = [line for line in on_wall.get("/wall").headers.getlist("Set-Cookie") if line.startswith(COOKIE)]
    assert len(renewed) == 1
    assert "Max-Age=34560000" in renewed[0]


def test_nothing_of_the_wall_is_kept_by_the_browser(on_wall: FlaskClient) -> None:
    for url in ("/wall", "/wall/now"):
        assert on_wall.get(url).headers["Cache-Control"] == "no-store"


def test_a_wall_opens_no_session_and_answers_no_person(
    on_wall: FlaskClient, signed_in: Callable[[str], FlaskClient]
) -> None:
    assert on_wall.get("/wall/now").headers.getlist("Set-Cookie")[0].startswith(COOKIE)
    assert on_wall.get_cookie("triage_session") is None
    person = signed_in("nurse2")
    assert person.get("/wall/now", headers=BACKGROUND).status_code == 401
    assert person.get("/wall").location == "/device"
