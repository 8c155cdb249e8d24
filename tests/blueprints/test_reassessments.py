"""Looking again as the browser sees it: one press on the list of tasks, "worse" opens the sheet."""

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient

from tests.builders import Clinic
from tests.services.test_reassessments import again, send
from triage import clock
from triage.services import calls, reassessments, rooms

SignIn = Callable[[str], FlaskClient]


def test_one_press_on_the_list_says_the_same(signed_in: SignIn, clinic: Clinic) -> None:
    with clock.at(clock.now() - timedelta(minutes=70)):
        here = send(clinic)
    client = signed_in("nurse")
    page = client.get("/tasks").text
    assert f"/encounters/{here.id}/reassessments" in page
    assert "1 to look at again" in client.get("/alerts").text
    answer = client.post(f"/encounters/{here.id}/reassessments", data={"result": "same"})
    assert (answer.status_code, answer.location) == (303, "/tasks")
    after = client.get("/tasks").text
    assert f"{here.ticket}: looked at again, the same." in after
    assert "Nothing has to be asked again." in after


def test_worse_opens_the_sheet_which_says_what_to_do_and_takes_the_patient_back(
    signed_in: SignIn, clinic: Clinic
) -> None:
    here, client = send(clinic), signed_in("nurse")
    answer = client.post(f"/encounters/{here.id}/reassessments", data={"result": "worse", "note": "paler\x00"})
    assert answer.location == f"/encounters/{here.id}/triage"
    sheet = client.get(answer.location).text
    assert "Measure the vital signs, raise to emergency, or triage again." in sheet
    assert "paler" in sheet
    assert 'class="nobody">worse' in client.get("/board").text
    assert client.post(f"/encounters/{here.id}/retriage").status_code == 303
    assert again(clinic, here.id).stage == "waiting"
    assert client.post(f"/encounters/{here.id}/retriage").status_code == 409


def test_the_board_shows_those_to_be_looked_at_again_alone(signed_in: SignIn, clinic: Clinic) -> None:
    with clock.at(clock.now() - timedelta(minutes=70)):
        here = send(clinic)
    other = send(clinic, family_name="小林")
    client = signed_in("nurse")
    assert f'id="e-{other.id}"' in client.get("/board").text
    shown = client.get("/board?look=1").text
    assert f'id="e-{here.id}"' in shown
    assert f'id="e-{other.id}"' not in shown


def test_a_word_that_is_no_result_is_told(signed_in: SignIn, clinic: Clinic) -> None:
    here = send(clinic)
    assert signed_in("nurse").post(f"/encounters/{here.id}/reassessments").status_code == 422
    assert signed_in("reception").post(f"/encounters/{here.id}/reassessments").status_code == 403


def test_a_row_that_is_called_still_says_that_somebody_has_to_look_again_or_found_worse(
    signed_in: SignIn, clinic: Clinic
) -> None:
    with clock.at(clock.now() - timedelta(minutes=70)):
        here = send(clinic)
    board, room = signed_in("nurse"), rooms.add(clinic.admin, "Room 1")
    calls.call(clinic.surgeon, here.id, room)
    row = board.get("/board").text.partition(f'id="e-{here.id}"')[2].partition("</tr>")[0]
    assert '<b class="todo">look again</b> · called ' in row
    calls.no_answer(clinic.surgeon, here.id)
    reassessments.note_result(clinic.nurse, here.id, "worse")
    row = board.get("/board").text.partition(f'id="e-{here.id}"')[2].partition("</tr>")[0]
    assert '<b class="nobody">worse</b> · <b class="todo">called ' in row
