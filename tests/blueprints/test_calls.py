"""Calling as the browser sees it: the rooms to press, the list of those to call again, and rooms kept by an admin."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, wait
from tests.services.test_consults import at_stage
from triage.services import calls, emergencies, rooms

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def room(clinic: Clinic) -> str:
    return rooms.add(clinic.admin, "Room 1", "診察室1")


def test_a_room_is_pressed_and_the_person_goes_on_where_they_were(signed_in: SignIn, clinic: Clinic, room: str) -> None:
    here, client = wait(clinic.reception), signed_in("nurse")
    page = client.get(f"/encounters/{here.id}/calls?next=/board")
    assert f'value="{room}"' in page.text
    answer = client.post(f"/encounters/{here.id}/calls", data={"room_id": room, "next": "/board"})
    assert (answer.status_code, answer.location) == (303, "/board")
    board = client.get("/board").text
    assert f"{here.ticket} → Room 1" in board
    assert f"/encounters/{here.id}/calls/undo" in board


def test_who_did_not_answer_is_listed_with_count_and_the_way_to_call_again(
    signed_in: SignIn, clinic: Clinic, room: str
) -> None:
    here, client = wait(clinic.reception), signed_in("reception")
    for _ in range(2):
        calls.call(clinic.nurse, here.id, room)
        calls.no_answer(clinic.nurse, here.id)
    page = client.get("/calls").text
    assert "<b>2×</b>" in page
    again = client.post(f"/encounters/{here.id}/calls", data={"room_id": room, "next": "/calls"})
    assert again.location == "/calls"
    client.post(f"/encounters/{here.id}/calls/answer")
    assert "Everybody who was called has come." in client.get("/calls").text


@pytest.mark.parametrize(("noted", "said"), [("answer", "Has come"), ("no-answer", "No answer")])
def test_what_is_noted_on_the_list_is_said_there_and_taken_back_from_there(
    signed_in: SignIn, clinic: Clinic, room: str, noted: str, said: str
) -> None:
    here, client = wait(clinic.reception), signed_in("nurse")
    calls.call(clinic.nurse, here.id, room)
    assert client.post(f"/encounters/{here.id}/calls/{noted}", data={"next": "/calls"}).location == "/calls"
    page = client.get("/calls").text
    assert f"{here.ticket}: {said}" in page
    undo = f"/encounters/{here.id}/calls/undo?next=/calls"
    assert f'action="{undo}"' in page
    assert client.post(undo).location == "/calls"
    assert [shown.ticket for shown in calls.showing(clinic.site_id)] == [here.ticket]
    assert f"{here.ticket}: taken back" in client.get("/calls").text


def test_a_refresh_of_the_lists_brings_only_what_changed(signed_in: SignIn, clinic: Clinic, room: str) -> None:
    here, client = wait(clinic.reception), signed_in("nurse")
    page = client.get("/calls").text
    rev = page.split('id="calls-lists-rev" name="rev" value="')[1].split('"')[0]
    assert client.get(f"/calls/rows?rev={rev}").status_code == 204
    calls.call(clinic.nurse, here.id, room)
    assert here.ticket in client.get(f"/calls/rows?rev={rev}").text


@pytest.mark.parametrize("wrong", ["", "nothing", "\x00", "x" * 500])
def test_no_room_is_told_and_calls_nobody(signed_in: SignIn, clinic: Clinic, room: str, wrong: str) -> None:
    here = wait(clinic.reception)
    assert signed_in("nurse").post(f"/encounters/{here.id}/calls", data={"room_id": wrong}).status_code == 422
    assert calls.showing(clinic.site_id) == []


def test_what_is_no_longer_so_is_told_as_a_conflict(signed_in: SignIn, clinic: Clinic, room: str) -> None:
    here, client = wait(clinic.reception), signed_in("nurse")
    assert client.post(f"/encounters/{here.id}/calls/no-answer").status_code == 409
    assert client.post(f"/encounters/{here.id}/calls/undo").status_code == 409
    assert signed_in("radiographer").post(f"/encounters/{here.id}/calls", data={"room_id": room}).status_code == 409
    assert client.post("/encounters/nothing/calls", data={"room_id": room}).status_code == 404


def test_an_emergency_that_does_not_answer_is_said_on_every_page(signed_in: SignIn, clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    emergencies.raise_(clinic.nurse, here.id)
    calls.call(clinic.nurse, here.id, room)
    calls.no_answer(clinic.nurse, here.id)
    strip = signed_in("radiographer").get("/alerts").text
    assert "does not answer" in strip
    assert "data-ring=" in strip
    assert "Look for the patient now" in signed_in("nurse").get(f"/encounters/{here.id}/calls").text


def test_the_pages_of_a_patient_say_where_the_call_stands(signed_in: SignIn, clinic: Clinic, room: str) -> None:
    here, client = wait(clinic.reception), signed_in("nurse")
    calls.call(clinic.nurse, here.id, room)
    sheet = client.get(f"/encounters/{here.id}/triage").text
    assert f"/encounters/{here.id}/calls/no-answer" in sheet
    calls.no_answer(clinic.nurse, here.id)
    assert "called 1×" in client.get(f"/encounters/{here.id}/triage").text


def test_who_did_not_answer_may_be_noted_as_gone_where_the_calls_stand_but_never_an_emergency(
    signed_in: SignIn, clinic: Clinic, room: str
) -> None:
    here, client = wait(clinic.reception), signed_in("reception")
    leave = f'href="/encounters/{here.id}/departure"'
    calls.call(clinic.nurse, here.id, room)
    assert leave not in client.get("/calls").text
    calls.no_answer(clinic.nurse, here.id)
    for path in ("/calls", f"/encounters/{here.id}/calls"):
        assert leave in client.get(path).text
    assert leave not in signed_in("surgeon").get("/calls").text
    emergencies.raise_(clinic.nurse, here.id)
    for path in ("/calls", f"/encounters/{here.id}/calls"):
        assert leave not in client.get(path).text


def test_nobody_is_shown_a_button_of_a_call_that_others_make(signed_in: SignIn, clinic: Clinic, room: str) -> None:
    theirs = at_stage(clinic, "review")
    calls.call(clinic.surgeon, theirs.id, room)
    for path in ("/calls", f"/encounters/{theirs.id}"):
        assert f"/encounters/{theirs.id}/calls/no-answer" in signed_in("surgeon").get(path, follow_redirects=True).text
        desk = signed_in("reception").get(path, follow_redirects=True).text
        assert theirs.ticket in desk
        assert f"/encounters/{theirs.id}/calls/" not in desk
    assert "Patients at this stage are called by others." in signed_in("reception").get("/calls").text


# --- rooms -----------------------------------------------------------------------------------------------------------


def test_an_administrator_adds_renames_and_retires_a_room(signed_in: SignIn, clinic: Clinic) -> None:
    admin = signed_in("admin")
    assert admin.post("/rooms", data={"name": "Room 9", "name_ja": "診察室9", "modality": "ct"}).status_code == 303
    made = rooms.list_rooms(clinic.admin)[0]
    assert (made.name, made.name_ja, made.modality) == ("Room 9", "診察室9", "ct")
    assert admin.post(f"/rooms/{made.id}/name", data={"name": "Room 10"}).status_code == 303
    assert admin.post(f"/rooms/{made.id}/retirement").status_code == 303
    page = admin.get("/rooms").text
    assert "Room 10" in page
    assert "Offer again" in page
    assert admin.post(f"/rooms/{made.id}/retirement", data={"back": "1"}).status_code == 303
    assert "Offer again" not in admin.get("/rooms").text


def test_a_name_that_is_taken_or_missing_is_told_at_the_field_and_stays(signed_in: SignIn, clinic: Clinic) -> None:
    admin, first = signed_in("admin"), rooms.add(clinic.admin, "Room 1")
    second = rooms.add(clinic.admin, "Room 2")
    taken = admin.post("/rooms", data={"name": "Room 1"})
    assert taken.status_code == 422
    assert "Another room has or had this name." in taken.text
    again = admin.post(f"/rooms/{second}/name", data={"name": "Room 1", "name_ja": "二"})
    assert again.status_code == 422
    assert 'value="二"' in again.text
    assert admin.post(f"/rooms/{first}/name", data={"name": "\x00"}).status_code == 422
    assert admin.post("/rooms/nothing/name", data={"name": "Room 3"}).status_code == 404
