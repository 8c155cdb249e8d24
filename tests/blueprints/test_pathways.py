"""The pages of the way after a decision: the board, what is due, one patient's view, the schedule; what goes wrong."""

import html
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.builders import Clinic
from tests.services.test_pathways import begun, done, due, look, open_day, plan, step
from triage import clock
from triage.db import session
from triage.services import hours, pathways
from triage.services.organisations import today

SignIn = Callable[[str], FlaskClient]


def send(
    clinic: Clinic, browser: FlaskClient, pathway_id: str, name: str, what: str, **typed: str
) -> TestResponse:  # fmt: skip
    """Send one form of a step, as the page of now would."""
    seen = look(clinic, pathway_id)
    found = next(one for one in seen.steps if one.name == name)
    version = str(seen.pathway.version)
    session.remove()
    url = f"/pathways/{pathway_id}/steps/{found.id}/{what}"
    return browser.post(url, data={"version": version} | typed)


def test_the_board_shows_one_row_a_patient_and_leads_to_the_patient(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id = begun(clinic, family_name="渡辺")
    page = signed_in("reception").get("/pathways").text
    assert page.count("data-row ") == 1
    assert f"/pathways/{pathway_id}" in page
    assert "渡辺" in page
    assert "Myelography" in page
    assert "渡辺" not in page.split("</title>")[0]


def test_an_empty_board_and_an_empty_filter_say_different_things(clinic: Clinic, signed_in: SignIn) -> None:
    browser = signed_in("nurse")
    assert "Nobody is on the way" in browser.get("/pathways").text
    begun(clinic)
    assert "1 are on the way" in browser.get("/pathways?q=xyzzy").text
    assert browser.get("/pathways?show=nonsense").status_code == 200
    assert "Nothing is due today" in browser.get("/pathways/due?owner=nonsense").text


def test_the_desk_agrees_on_a_day_in_the_form_it_types(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("reception")
    day = open_day(clinic, 30)
    answer = send(clinic, browser, pathway_id, "operation", "day", day=f"{day.year}年{day.month}月{day.day}日")
    assert (answer.status_code, answer.location) == (303, f"/pathways/{pathway_id}")
    assert due(clinic, pathway_id)["operation"] == day
    assert str(day) in browser.get(f"/pathways/{pathway_id}").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"day": "31.31.2026", "why_moved": "x"}, "31.31.2026"),
        ({"day": "2020-01-01", "why_moved": "Fever"}, "This day has passed."),
        ({"day": "", "why_moved": ""}, "Enter the day."),
    ],
)
def test_a_day_that_cannot_be_is_said_at_the_field_and_what_was_typed_stays(
    clinic: Clinic, signed_in: SignIn, typed: dict[str, str], said: str
) -> None:
    pathway_id = begun(clinic)
    answer = send(clinic, signed_in("nurse"), pathway_id, "operation", "day", **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'id="day-error"' in answer.text
    assert f'value="{typed["why_moved"]}"' in answer.text


def test_a_closed_day_is_offered_for_confirmation(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("nurse")
    day = open_day(clinic, 14)
    sunday = day + timedelta(days=6 - day.weekday())
    assert hours.opening(clinic.site_id, sunday) is None
    answer = send(clinic, browser, pathway_id, "operation", "day", day=sunday.isoformat())
    assert answer.status_code == 422
    assert 'name="closed_too"' in answer.text
    assert send(
        clinic, browser, pathway_id, "operation", "day", day=sunday.isoformat(), closed_too="y"
    ).status_code == 303  # fmt: skip


def test_another_day_needs_a_reason_at_its_field(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("nurse")
    day = plan(clinic, pathway_id)
    answer = send(clinic, browser, pathway_id, "operation", "day", day=(day + timedelta(days=7)).isoformat())
    assert answer.status_code == 422
    assert 'id="why_moved-error"' in answer.text
    assert send(
        clinic, browser, pathway_id, "operation", "day", day=open_day(clinic, 40).isoformat(), why_moved="Fever"
    ).status_code == 303  # fmt: skip
    page = browser.get(f"/pathways/{pathway_id}").text
    assert "Fever" in page
    assert "Moved with it" in page


def test_ready_is_blocked_by_name_and_the_checklist_is_kept(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("nurse")
    plan(clinic, pathway_id, 1)
    done(clinic, pathway_id, "imaging", "admission")
    ready = step(clinic, pathway_id, "ready")
    page = browser.get(f"/pathways/{pathway_id}?step={ready.id}").text
    assert "First comes:" in page
    assert "Myelography" in page.split("First comes:")[1].split("</ul>")[0]
    ticked = {f"item-{item}": "done" for item in ready.items[:2]}
    assert send(clinic, browser, pathway_id, "ready", "checklist", **ticked).status_code == 303
    assert set(step(clinic, pathway_id, "ready").ticks) == set(ready.items[:2])
    refused = send(clinic, browser, pathway_id, "ready", "completion")
    assert refused.status_code == 422
    assert "still open" in refused.text
    assert send(clinic, browser, pathway_id, "ready", "checklist", **{"item-consent": "maybe"}).status_code == 422


def test_an_old_page_is_told_and_changes_nothing(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("nurse")
    answer = send(clinic, browser, pathway_id, "imaging", "completion", version="1", words="seen")
    assert answer.status_code == 409
    assert 'value="seen"' in answer.text
    assert step(clinic, pathway_id, "imaging").status == "open"


def test_a_step_that_was_done_is_undone_from_the_message(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("radiographer")
    assert send(clinic, browser, pathway_id, "imaging", "completion").status_code == 303
    undo = f"/pathways/{pathway_id}/steps/{step(clinic, pathway_id, 'imaging').id}/reopening"
    assert undo in browser.get(f"/pathways/{pathway_id}").text
    assert browser.post(undo).status_code == 303
    assert step(clinic, pathway_id, "imaging").status == "open"


def test_what_is_not_for_a_person_is_refused(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id = begun(clinic)
    assert send(clinic, signed_in("radiographer"), pathway_id, "operation", "day", day="x").status_code == 403
    assert send(clinic, signed_in("reception"), pathway_id, "imaging", "completion").status_code == 403
    assert send(clinic, signed_in("nurse"), pathway_id, "myelography", "omission", why_omitted="x").status_code == 403
    assert signed_in("auditor").get("/pathways").status_code == 403


def test_a_surgeon_omits_with_a_reason_at_its_field(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("surgeon")
    answer = send(clinic, browser, pathway_id, "myelography", "omission", why_omitted="")
    assert (answer.status_code, 'id="why_omitted-error"' in answer.text) == (422, True)
    assert send(clinic, browser, pathway_id, "myelography", "omission", why_omitted="MRI").status_code == 303


def test_a_pathway_is_cancelled_with_a_coded_reason_and_taken_up_again(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("nurse")

    def end(what: str, **typed: str) -> int:
        version = str(look(clinic, pathway_id).pathway.version)
        session.remove()
        return browser.post(f"/pathways/{pathway_id}/{what}", data={"version": version} | typed).status_code

    assert end("end") == 422
    assert end("end", reason="other") == 422
    assert end("end", reason="declined", version="1") == 409
    assert end("end", reason="declined") == 303
    assert "Cancelled" in browser.get("/pathways?show=ended").text
    assert end("resumption") == 422
    assert end("resumption", why="Wants it after all") == 303
    assert end("resumption", why="again") == 409


def test_late_steps_stand_where_their_owners_look(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id = begun(clinic)
    places = {"nurse": "/tasks", "surgeon": "/consults", "reception": "/patients", "radiographer": "/imaging"}
    for who, where in places.items():
        assert "late on" not in signed_in(who).get(where).text
    with clock.at(clock.now() + timedelta(days=12)):
        browsers = {who: signed_in(who) for who in places}
        for who, where in places.items():
            expected = "2 steps late" if who in ("nurse", "surgeon") else "1 step late"
            assert expected in browsers[who].get(where).text, who
        listed = browsers["radiographer"].get("/pathways/due?owner=radiographer").text
        assert listed.count("data-row ") == 1
        answer = send(clinic, browsers["radiographer"], pathway_id, "imaging", "completion", then="due")
        assert answer.location == "/pathways/due"


def test_the_schedule_speaks_the_patients_language_and_hides_what_is_the_staffs(
    clinic: Clinic, signed_in: SignIn
) -> None:
    pathway_id, browser = begun(clinic, language="ja"), signed_in("nurse")
    day = plan(clinic, pathway_id)
    page = browser.get(f"/pathways/{pathway_id}/print").text
    assert f"{day.year}年{day.month}月{day.day}日" in page
    assert "脊髄造影検査" in page
    assert "準備完了" not in page
    english = begun(clinic, language="en")
    assert "myelography" in browser.get(f"/pathways/{english}/print").text
    assert "not agreed yet" in browser.get(f"/pathways/{english}/print").text


def test_the_patients_page_leads_to_the_way(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id = begun(clinic)
    patient_id = look(clinic, pathway_id).pathway.patient_id
    session.remove()
    assert f"/pathways/{pathway_id}" in signed_in("reception").get(f"/patients/{patient_id}").text


def test_the_review_of_who_was_decided_on_leads_to_the_way(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id = begun(clinic)
    encounter_id = look(clinic, pathway_id).pathway.encounter_id
    session.remove()
    assert f"/pathways/{pathway_id}" in signed_in("surgeon").get(f"/consults/{encounter_id}").text


@pytest.mark.parametrize("address", ["/pathways/nothing", "/pathways/nothing/print"])
def test_what_is_not_there_is_not_found(clinic: Clinic, signed_in: SignIn, address: str) -> None:
    assert signed_in("nurse").get(address).status_code == 404


def test_a_pathway_that_ended_shows_its_history_and_no_forms(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id = begun(clinic)
    pathways.cancel(clinic.nurse, pathway_id, look(clinic, pathway_id).pathway.version, "declined", "afraid")
    session.remove()
    page: Any = signed_in("nurse").get(f"/pathways/{pathway_id}").text
    assert "afraid" in page
    assert "/completion" not in page
    assert str(today(clinic.site_id).year) in page


def test_every_form_of_a_step_takes_the_time_on_paper_and_says_at_the_field_what_cannot_be(
    clinic: Clinic, signed_in: SignIn
) -> None:
    with clock.at(clock.now() - timedelta(hours=2)):
        pathway_id = begun(clinic)
    browser = signed_in("nurse")
    for what, name in (("completion", "imaging"), ("omission", "aftercare"), ("day", "imaging")):
        refused = send(clinic, browser, pathway_id, name, what, late_time="half past", why_omitted="kept")
        assert (refused.status_code, refused.text.count("Enter the time as hours and minutes")) == (422, 1), what
        assert "half past" in refused.text
    then = (clock.now() - timedelta(hours=1)).astimezone(ZoneInfo(clinic.nurse.time_zone))
    typed = {"late_time": f"{then:%H:%M}", "late_day": f"{then:%Y-%m-%d}"}
    answer = send(clinic, browser, pathway_id, "imaging", "completion", **typed)
    assert answer.status_code == 303
    page = browser.get(f"/pathways/{pathway_id}").text
    assert "entered late" in page
    assert "data-undo" not in page.split('id="toast"')[1], "taking it back asks why"


@pytest.mark.parametrize("where", ["/pathways", "/pathways/due"])
def test_both_lists_follow_what_others_do_and_stay_silent_while_nothing_changes(
    clinic: Clinic, signed_in: SignIn, where: str
) -> None:
    with clock.at(clock.now() - timedelta(days=12)):  # the imaging is due by now
        pathway_id = begun(clinic)
    browser = signed_in("nurse")
    rev = browser.get(where).text.split('-rev" name="rev" value="')[1].split('"')[0]
    before = browser.get(where, query_string={"rev": "0"}).text
    assert "CT or X-ray" in before
    assert "<html" not in before
    done(clinic, pathway_id, "imaging")
    held = browser.get(where, query_string={"rev": rev, "hold": "1"}).text
    assert "The list has changed." in held
    assert pathway_id not in held, "nothing moves under a hand"
    after = browser.get(where, query_string={"rev": rev}).text
    assert pathway_id in after
    assert "CT or X-ray" not in after, "it is done, the next step is another"
    with clock.at(clock.now()):  # within one minute
        rev = browser.get(where, query_string={"rev": "0"}).text.split('-rev" name="rev" value="')[1].split('"')[0]
        assert browser.get(where, query_string={"rev": rev}).status_code == 204


def test_a_filtered_list_stays_filtered_when_it_is_drawn_anew(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("nurse")
    page = browser.get("/pathways?show=after&q=x").text
    assert 'hx-get="/pathways?show=after&amp;q=x"' in page
    assert pathway_id not in browser.get("/pathways?show=after&rev=0").text


def booked_imaging(clinic: Clinic, browser: FlaskClient, pathway_id: str, day: date | None = None) -> str:
    """Book the imaging from the pathway's page as the desk does, and return the appointment."""
    offered = re.search(r'href="(/appointments/new\?[^"]*step=[^"]*)"', browser.get(f"/pathways/{pathway_id}").text)
    assert offered
    form = browser.get(html.unescape(offered[1])).text
    assert "For the pathway" in form
    values = {name: hidden(form, name) for name in ("patient", "kind", "what", "step")}
    values["start"] = f"{day or due(clinic, pathway_id)['imaging']}T10:00"
    assert browser.post("/appointments", data=values).status_code == 303
    session.remove()
    return next(iter(look(clinic, pathway_id).times.values())).id


def hidden(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page.rsplit('method="post"', maxsplit=1)[-1])
    assert found, name
    return found[1]


def test_the_desk_books_a_step_from_the_pathway_and_everybody_sees_the_time(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("reception")
    made = booked_imaging(clinic, browser, pathway_id)
    patient = look(clinic, pathway_id).pathway.patient_id
    for where in (f"/pathways/{pathway_id}", "/pathways", f"/patients/{patient}", f"/pathways/{pathway_id}/print"):
        assert "10:00" in browser.get(where).text, where
    assert f"/pathways/{pathway_id}?step=" in browser.get(f"/appointments/{made}").text
    assert "CT" in browser.get(f"/pathways/{pathway_id}").text


def test_a_moved_plan_says_at_the_step_that_its_appointment_has_to_be_moved(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("reception")
    made = booked_imaging(clinic, browser, pathway_id)
    day = open_day(clinic, 15)
    send(clinic, browser, pathway_id, "imaging", "day", day=str(day), why_moved="asked for it")
    assert "CT/X-ray: move the appointment" in browser.get(f"/pathways/{pathway_id}").text
    page = browser.get(f"/pathways/{pathway_id}?step={step(clinic, pathway_id, 'imaging').id}").text
    assert "the pathway has another day now" in page
    assert f"/appointments/{made}?day={day}" in page
    assert "move the appointment" in browser.get("/pathways?show=alarm").text
    assert "the pathway has another day now" in browser.get("/appointments").text
    assert "10:00" not in browser.get(f"/pathways/{pathway_id}/print").text


def test_a_step_that_got_its_appointment_meanwhile_is_not_booked_twice(clinic: Clinic, signed_in: SignIn) -> None:
    pathway_id, browser = begun(clinic), signed_in("reception")
    url = f"/appointments/new?step={step(clinic, pathway_id, 'imaging').id}&kind=ct&patient="
    form = browser.get(url + look(clinic, pathway_id).pathway.patient_id).text
    booked_imaging(clinic, browser, pathway_id)
    values = {name: hidden(form, name) for name in ("patient", "kind", "what", "step")}
    answer = browser.post(
        "/appointments", data=values | {"start": f"{open_day(clinic, 9)}T11:00", "note": "wheelchair"}
    )
    assert answer.status_code == 409
    assert "This step has an appointment already." in answer.text
    assert 'value="wheelchair"' in answer.text
    assert browser.get("/appointments/new?step=nowhere").status_code == 404
    assert browser.get("/appointments/new?step=../x").status_code in (200, 404)
