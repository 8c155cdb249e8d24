"""The team page, boards per room and a person's own views, as the browser sees them."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, wait
from triage.services import calls, claims, emergencies, rooms, team

SignIn = Callable[[str], FlaskClient]


def test_a_room_is_pressed_and_the_page_says_who_is_where(signed_in: SignIn, clinic: Clinic) -> None:
    room, here = rooms.add(clinic.admin, "Room 1"), wait(clinic.reception)
    nurse = signed_in("nurse")
    assert nurse.post("/team/duty", data={"room_id": room}).status_code == 303
    claims.claim(clinic.nurse, here.id)
    page = signed_in("radiographer").get("/team").text
    assert "Room 1" in page
    assert here.ticket in page
    assert f'name="staff_id" value="{clinic.nurse.staff_id}"' not in page
    assert f'name="staff_id" value="{clinic.nurse.staff_id}"' in signed_in("nurse2").get("/team").text
    assert f'btn primary" name="room_id" value="{room}"' in nurse.get(f"/encounters/{here.id}/calls").text
    assert nurse.post("/team/duty", data={"room_id": "nothing"}).status_code == 422
    assert nurse.post("/team/duty/end").status_code == 303
    assert nurse.post("/team/duty/end").status_code == 409


def test_who_goes_off_duty_is_told_which_patients_they_still_have(signed_in: SignIn, clinic: Clinic) -> None:
    here, urgent, nurse = wait(clinic.reception), wait(clinic.reception, family_name="二"), signed_in("nurse")
    claims.claim(clinic.nurse, here.id)
    emergencies.raise_(clinic.reception, urgent.id)
    emergencies.acknowledge(clinic.nurse, urgent.id)
    nurse.post("/team/duty")
    assert "Still in your hands:" in nurse.get("/team").text
    page = nurse.post("/team/duty/end", follow_redirects=True).text
    told = page.partition("You are not on duty, and these patients are still in your hands.")[2].partition("</div>")[0]
    assert f'href="/encounters/{here.id}/claim"' in told
    assert f'href="/encounters/{urgent.id}/emergency"' in told
    assert "in your hands" not in signed_in("nurse2").get("/team").text


def test_signing_out_ends_the_duty(signed_in: SignIn, clinic: Clinic) -> None:
    nurse = signed_in("nurse")
    nurse.post("/team/duty")
    assert [member.name for member in team.on_duty(clinic.nurse2)] == ["Nurse"]
    nurse.post("/sign-out")
    assert team.on_duty(clinic.nurse2) == []


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_who_is_not_in_care_has_no_team(signed_in: SignIn, clinic: Clinic, who: str) -> None:
    assert signed_in(who).get("/team").status_code == 403
    assert signed_in(who).post("/team/duty").status_code == 403


def test_the_board_of_one_room_shows_that_room_with_its_count(signed_in: SignIn, clinic: Clinic) -> None:
    room, client = rooms.add(clinic.admin, "Room 1"), signed_in("nurse")
    here, other = wait(clinic.reception), wait(clinic.reception, family_name="小林")
    assert "room=" not in client.get("/board").text  # a room in which nobody is takes no space
    calls.place(clinic.nurse, here.id, room)
    page = client.get(f"/board?room={room}").text
    assert re.search(rf'id="f-room-{room}"[^>]*aria-current="true">Room 1 <b>1</b>', page)
    assert f'id="e-{here.id}"' in page
    assert f'id="e-{other.id}"' not in page
    assert client.get("/board?room=%00'x").status_code == 200


# --- saved views -----------------------------------------------------------------------------------------------------


def test_a_saved_filter_becomes_a_tab_with_its_count_for_its_owner_alone(signed_in: SignIn, clinic: Clinic) -> None:
    wait(clinic.reception)
    nurse = signed_in("nurse")
    data = {"name": "My <queue>", "stage": "waiting", "over": "0"}
    assert nurse.post("/board/views", data=data).location == "/board?stage=waiting"
    page = nurse.get("/board").text
    assert re.search(r'href="/board\?stage=waiting">★ My &lt;queue&gt; <b>1</b>', page)
    assert "My &lt;queue&gt;" not in signed_in("nurse2").get("/board").text
    current = nurse.get("/board?stage=waiting").text
    assert 'name="views" value="1"' in current  # so that a refresh brings the counts of the own tabs too
    assert "★ My" in nurse.get("/board/rows?views=1").text
    assert "★ My" not in nurse.get("/board/rows").text
    assert re.search(r'id="f-view-\w+" href="/board\?stage=waiting" aria-current="true"', current)


def test_views_are_renamed_and_removed_and_names_checked_at_the_field(signed_in: SignIn, clinic: Clinic) -> None:
    nurse, other = signed_in("nurse"), signed_in("nurse2")
    for name in ("One", "Two"):
        nurse.post("/board/views", data={"name": name, "mine": "1"})
    first, second = re.findall(r'action="/board/views/(\w+)/name"', nurse.get("/board/views").text)
    taken = nurse.post(f"/board/views/{second}/name", data={"name": "One"})
    assert taken.status_code == 422
    assert 'id="name-error"' in taken.text
    assert nurse.post(f"/board/views/{second}/name", data={"name": "Three"}).status_code == 303
    assert other.post(f"/board/views/{first}/name", data={"name": "Mine"}).status_code == 404
    assert other.post(f"/board/views/{first}/removal").status_code == 404
    assert "Renamed: Three" in nurse.get("/board/views").text
    assert nurse.post(f"/board/views/{first}/removal").status_code == 303
    page = nurse.get("/board/views").text
    assert "Three" in page
    assert 'value="One"' not in page


def test_a_view_that_was_removed_comes_back_as_it_was_and_a_forged_way_back_keeps_nothing(
    signed_in: SignIn, clinic: Clinic
) -> None:
    nurse = signed_in("nurse")
    nurse.post("/board/views", data={"name": "My <queue> & more", "stage": "waiting", "over": "1"})
    (kept,) = re.findall(r'action="/board/views/(\w+)/name"', nurse.get("/board/views").text)
    nurse.post(f"/board/views/{kept}/removal")
    page = nurse.get("/board/views").text
    assert "Removed: My &lt;queue&gt; &amp; more" in page
    (back,) = re.findall(r'action="(/board/views/restoration[^"]+)"', page)
    assert nurse.post(unescape(back)).status_code == 303
    assert "★ My &lt;queue&gt; &amp; more" in nurse.get("/board?stage=waiting&over=1").text
    assert nurse.post(unescape(back)).status_code == 422  # the name is taken
    for forged in ("name=x", "name=&mine=1", "name=a%00&mine=1", f"name={'x' * 41}&mine=1"):
        assert nurse.post(f"/board/views/restoration?{forged}").status_code == 422
    assert len(re.findall(r'action="/board/views/\w+/name"', nurse.get("/board/views").text)) == 1


@pytest.mark.parametrize("data", [{"name": "", "mine": "1"}, {"name": "a\x00", "mine": "1"}, {"name": "No filter"}])
def test_what_is_no_view_is_told_and_kept_nowhere(signed_in: SignIn, clinic: Clinic, data: dict[str, str]) -> None:
    nurse = signed_in("nurse")
    assert nurse.post("/board/views", data=data).status_code == 422
    assert "No view is saved yet." in nurse.get("/board/views").text


def test_more_than_twelve_views_are_refused(signed_in: SignIn, clinic: Clinic) -> None:
    nurse = signed_in("nurse")
    for number in range(12):
        assert nurse.post("/board/views", data={"name": str(number), "mine": "1"}).status_code == 303
    assert nurse.post("/board/views", data={"name": "13", "mine": "1"}).status_code == 422
