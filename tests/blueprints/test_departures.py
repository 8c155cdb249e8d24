"""Leaving, calling back and the end of the day as the browser sees them: named, confirmed twice, undone."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, wait
from tests.services.test_departures import left
from tests.services.test_imaging import started
from tests.services.test_reassessments import QUIET, again
from triage import clock, knowledge
from triage.db import session
from triage.services import calls, claims, days, departures, drafts, emergencies, rooms

SignIn = Callable[[str], FlaskClient]


def confirmed(page: str) -> str:
    """Return what the page's second confirmation carries."""
    found = re.search(r'name="confirmed" value="([^"]+)"', page)
    assert found
    return unescape(found[1])


def test_what_is_open_is_named_and_only_a_second_confirmation_ends_the_visit(signed_in: SignIn, clinic: Clinic) -> None:
    here, client = wait(clinic.reception), signed_in("reception")
    data = {"version": here.version, "reason": "not_found", "note": "nobody in the corridor"}
    warned = client.post(f"/encounters/{here.id}/departure", data=data)
    assert warned.status_code == 422
    for question in knowledge.load().urgent_questions:
        assert question.question("en") in unescape(warned.text)
    assert 'value="nobody in the corridor"' in warned.text
    assert again(clinic, here.id).stage == "waiting"
    answer = client.post(f"/encounters/{here.id}/departure", data=data | {"confirmed": confirmed(warned.text)})
    assert (answer.status_code, answer.location) == (303, "/departures")
    page = client.get("/departures").text
    assert f"{here.ticket}: Left without being seen" in page
    undo = re.search(r'action="(/departures/\w+/undo)"', page)
    assert undo
    assert client.post(undo[1]).location == f"/encounters/{here.id}"
    assert again(clinic, here.id).stage == "waiting"


@pytest.mark.parametrize("data", [{}, {"reason": "because"}, {"reason": "other", "note": "a\x00b"}])
def test_a_departure_without_a_reason_is_told_at_the_field(
    signed_in: SignIn, clinic: Clinic, data: dict[str, str]
) -> None:
    here = wait(clinic.reception, QUIET)
    answer = signed_in("nurse").post(f"/encounters/{here.id}/departure", data=data | {"version": here.version})
    assert answer.status_code == 422
    assert "-error" in answer.text
    assert again(clinic, here.id).stage == "waiting"


def test_an_old_page_ends_no_visit_and_keeps_what_was_typed(signed_in: SignIn, clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    data = {"version": here.version + 1, "reason": "other", "note": "typed"}
    answer = signed_in("reception").post(f"/encounters/{here.id}/departure", data=data)
    assert answer.status_code == 409
    assert 'value="typed"' in answer.text


def test_the_page_of_an_emergency_offers_no_way_to_close_it(signed_in: SignIn, clinic: Clinic) -> None:
    here, client = wait(clinic.reception), signed_in("reception")
    emergencies.raise_(clinic.nurse, here.id)
    page = client.get(f"/encounters/{here.id}/departure").text
    assert "It is never closed this way" in page
    assert 'name="reason"' not in page


def test_an_attempt_to_call_back_is_one_press_and_counts(signed_in: SignIn, clinic: Clinic) -> None:
    departure, client = left(clinic, wait(clinic.reception, phone="0742-99-0001")), signed_in("reception")
    assert "0742-99-0001" in client.get("/departures").text
    url = f"/departures/{departure.id}/call-backs"
    assert client.post(url, data={"version": departure.version, "result": "not_reached"}).status_code == 303
    assert "not reached 1×" in client.get("/departures").text
    assert client.post(url, data={"version": departure.version, "result": "reached"}).status_code == 409
    again_ = {"version": departure.version + 1}
    assert client.post(url, data=again_ | {"result": "stopped"}).status_code == 422
    assert client.post(url, data=again_ | {"result": "reached", "note": "\x00"}).status_code == 422
    assert client.post(url, data=again_ | {"result": "reached"}).status_code == 303
    assert "to call back" in client.get("/departures").text


@pytest.mark.parametrize("who", ["surgeon", "radiographer", "admin", "auditor"])
def test_others_neither_end_visits_nor_see_the_list(signed_in: SignIn, clinic: Clinic, who: str) -> None:
    client = signed_in(who)
    assert client.get("/departures").status_code == 403
    assert client.get("/day/end").status_code == 403


# --- the end of the day ----------------------------------------------------------------------------------------------


def test_each_patient_is_noted_alone_and_named_by_the_choice(signed_in: SignIn, clinic: Clinic) -> None:
    first, second = wait(clinic.reception, QUIET), wait(clinic.reception, QUIET, family_name="小林")
    client = signed_in("nurse2")
    page = client.get("/day/end").text
    assert first.ticket in page
    assert second.ticket in page
    data = {"version": first.version, "choice": "carry:still_in_the_building", "note": "waits for the taxi"}
    assert client.post(f"/encounters/{first.id}/day-end", data=data).status_code == 303
    assert [one.encounter.id for one in days.still_here(clinic.nurse) if one.carried] == [first.id]
    session.close()
    assert client.post(f"/encounters/{first.id}/day-end/undo").status_code == 303
    gone = {"version": again(clinic, second.id).version, "choice": "finished:doctor_sent_home"}
    assert client.post(f"/encounters/{second.id}/day-end", data=gone).status_code == 303
    assert again(clinic, second.id).stage == "finished"
    assert again(clinic, first.id).stage == "waiting"
    made = departures.latest_of(clinic.nurse, again(clinic, second.id))
    assert made
    assert f"/departures/{made.id}/undo" in client.get("/day/end").text


def test_the_end_of_the_day_warns_and_asks_a_second_time_too(signed_in: SignIn, clinic: Clinic) -> None:
    here, client = wait(clinic.reception), signed_in("reception")
    data = {"version": here.version, "choice": "finished:seen_and_gone_home"}
    warned = client.post(f"/encounters/{here.id}/day-end", data=data)
    assert warned.status_code == 422
    assert "Confirm all the same" in warned.text
    assert again(clinic, here.id).stage == "waiting"
    data["confirmed"] = confirmed(warned.text)
    assert client.post(f"/encounters/{here.id}/day-end", data=data).status_code == 303
    assert again(clinic, here.id).stage == "finished"


@pytest.mark.parametrize(
    "choice", ["", "carry:", "carry:other", "finished:still_in_the_building", "everybody:x", "\x00"]
)
def test_a_choice_that_is_none_is_told_at_the_patient(signed_in: SignIn, clinic: Clinic, choice: str) -> None:
    here = wait(clinic.reception, QUIET)
    answer = signed_in("reception").post(
        f"/encounters/{here.id}/day-end", data={"version": here.version, "choice": choice}
    )
    assert answer.status_code == 422
    assert 'id="choice-error"' in answer.text


def test_the_end_of_the_day_names_who_has_the_patient_and_the_open_call(signed_in: SignIn, clinic: Clinic) -> None:
    here = wait(clinic.reception, QUIET)
    claims.claim(clinic.nurse, here.id)
    calls.call(clinic.nurse, here.id, rooms.add(clinic.admin, "Room 1", "診察室1"))
    row = signed_in("nurse2").get("/day/end").text.partition(f'id="day-{here.id}"')[2].partition("</tr>")[0]
    assert f"With {clinic.nurse.name}" in row
    assert "being called, " in row


def test_the_end_of_the_day_tells_of_a_patient_one_has_typed_and_not_saved(signed_in: SignIn, clinic: Clinic) -> None:
    told, client = "1 new patient that you have not saved yet", signed_in("reception")
    assert told not in client.get("/day/end").text
    drafts.save_new_patient(clinic.reception, "one", {"family_name": "林", "request_id": "one"})
    page = client.get("/day/end").text
    assert told in page
    assert "0 calls without an answer" in page
    assert told not in signed_in("nurse2").get("/day/end").text


def test_what_is_refused_at_the_end_of_the_day_says_whom_it_is_about(signed_in: SignIn, clinic: Clinic) -> None:
    here = started(clinic).encounter
    wait(clinic.reception, QUIET, family_name="小林")
    data = {"version": here.version, "choice": "unseen:waited_too_long"}
    answer = signed_in("reception").post(f"/encounters/{here.id}/day-end", data=data)
    assert answer.status_code == 409
    alert = answer.text.partition('role="alert" tabindex="-1" data-error-summary>')[2].partition("</p>")[0]
    assert f'href="#day-{here.id}">{here.ticket}</a>' in alert
    assert "An examination is under way." in alert


def test_the_next_morning_the_board_names_who_is_still_open(signed_in: SignIn, clinic: Clinic) -> None:
    with clock.at(clock.now() - timedelta(days=1)):
        old = wait(clinic.reception)
    today = wait(clinic.reception, family_name="小林")
    page = signed_in("nurse").get("/board").text
    assert "1 from an earlier day still open" in page
    shown = signed_in("nurse").get("/board?carried=1").text
    assert f'id="e-{old.id}"' in shown
    assert f'id="e-{today.id}"' not in shown
