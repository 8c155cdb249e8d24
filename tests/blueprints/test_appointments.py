"""The pages of the appointments: the day, booking, moving, arriving; requests; what is refused, and where."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.builders import Clinic, add_patient
from triage import clock
from triage.db import session
from triage.domain.surgeon_days import Plan
from triage.models import Appointment, AuditEvent
from triage.services import appointment_days, appointment_requests, appointments, displaced, hours, surgeon_times
from triage.services.appointment_requests import Asked
from triage.services.appointments import Wish
from triage.services.organisations import today

SignIn = Callable[[str], FlaskClient]
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def day(clinic: Clinic) -> date:
    """Return an open day that is not over."""
    return hours.next_open(clinic.site_id, today(clinic.site_id), after=1)


def booked(clinic: Clinic, day: date, clock_time: time = time(10)) -> str:
    wish = Wish("first_visit", clinic.surgeon.staff_id, datetime.combine(day, clock_time, TOKYO))
    return appointments.book(clinic.reception, add_patient(clinic.reception).id, wish)


def typed(clinic: Clinic, day: date, at: str = "10:00", **changed: str) -> dict[str, str]:
    patient = changed.pop("patient", None) or add_patient(clinic.reception).id
    values = {"patient": patient, "kind": "first_visit", "what": clinic.surgeon.staff_id, "start": f"{day}T{at}"}
    return values | {"asked": "", "skip_reason": "", "note": "", "request_id": ""} | changed


def test_a_day_shows_who_is_booked_and_what_is_free(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    booked(clinic, day)
    text = signed_in("radiographer").get(f"/appointments?day={day}").text
    assert "山本" in text
    assert "9:30–10:00" in text
    assert "10:30–18:00" in text
    assert "Check in" not in text
    assert signed_in("surgeon").get("/appointments?day=garbage").status_code == 200
    assert signed_in("surgeon").get("/appointments?day=0001-01-01").status_code == 200
    assert signed_in("surgeon").get("/appointments?day=9999-12-31").status_code == 200


def test_a_closed_day_says_so_and_offers_nothing(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    hours.add_days(clinic.admin, day, day, "closed", "Holiday")
    assert "The clinic is closed on this day." in signed_in("reception").get(f"/appointments?day={day}").text
    assert "The clinic is closed on this day." in signed_in("reception").get(f"/appointments/new?day={day}").text


def test_the_desk_finds_the_patient_chooses_a_free_time_and_books_it(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    browser, patient = signed_in("reception"), add_patient(clinic.reception, search_key="|山本|和夫|ヤマモト|カズオ|")
    found = browser.get("/appointments/new?q=山本").text
    assert f"patient={patient.id}" in found
    url = f"/appointments/new?patient={patient.id}&kind=first_visit&what={clinic.surgeon.staff_id}&day={day}"
    assert f'value="{day}T10:00"' in browser.get(url).text
    assert browser.post("/appointments", data=typed(clinic, day, patient=patient.id)).status_code == 303
    text = browser.get(url).text
    assert f'value="{day}T10:00"' not in text
    assert f'value="{day}T10:30"' in text


@pytest.mark.parametrize(
    ("changed", "status", "told"),
    [
        ({"at": "10:15"}, 409, "This time was just taken."),
        ({"at": "08:00"}, 422, "not open for this whole time"),
        ({"at": "10:31"}, 422, "quarter hours"),
        ({"start": "garbage"}, 422, "Enter the time"),
        ({"start": ""}, 422, "Enter the time"),
        ({"patient": "aaaaaaaaaaaaaaaa"}, 404, ""),
        ({"patient": "../x"}, 422, ""),
        ({"kind": "tea"}, 422, "surgeon or machine"),
        ({"what": "x" * 61}, 422, ""),
        ({"note": "a\x00b"}, 422, "cannot be stored"),
        ({"asked": "nothing"}, 404, ""),
    ],
)
def test_a_booking_that_cannot_be_is_told_and_what_was_typed_stays(
    clinic: Clinic, signed_in: SignIn, day: date, changed: dict[str, str], status: int, told: str
) -> None:
    booked(clinic, day)
    answer = signed_in("reception").post("/appointments", data=typed(clinic, day, **({"note": "stays"} | changed)))
    assert answer.status_code == status
    assert told in answer.text
    assert status == 404 or "note" in changed or "stays" in answer.text


def test_booking_needs_a_patient(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    answer = signed_in("reception").post("/appointments", data=typed(clinic, day) | {"patient": ""})
    assert answer.status_code == 422
    assert "Choose the patient first." in answer.text


def version_on(browser: FlaskClient, made: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', browser.get(f"/appointments/{made}").text)
    assert found
    return found[1]


def test_an_appointment_is_moved_cancelled_and_both_stand_in_its_history(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    browser, made = signed_in("reception"), booked(clinic, day)
    move = {"version": "1", "what": clinic.surgeon.staff_id, "start": f"{day}T11:00", "reason": "patient", "kind": ""}
    assert browser.post(f"/appointments/{made}/move", data=move | {"reason": ""}).status_code == 422
    for wrong in ("x", "9999-12-31T23:59", "0001-01-01T00:00"):
        assert browser.post(f"/appointments/{made}/move", data=move | {"start": wrong}).status_code == 422
    assert browser.post(f"/appointments/{made}/move", data=move).status_code == 303
    stale = browser.post(f"/appointments/{made}/move", data=move | {"start": f"{day}T12:00"})
    assert stale.status_code == 409
    assert f'value="{version_on(browser, made)}"' in stale.text  # who has read what stands now may send it again
    cancel = {"version": version_on(browser, made), "reason": "better", "note": "called"}
    assert browser.post(f"/appointments/{made}/cancellation", data=cancel | {"reason": "x"}).status_code == 422
    assert browser.post(f"/appointments/{made}/cancellation", data=cancel).status_code == 303
    assert browser.post(f"/appointments/{made}/cancellation", data=cancel).status_code == 409
    text = browser.get(f"/appointments/{made}").text
    assert "Feels better" in text
    assert "called" in text
    assert signed_in("auditor").get(f"/appointments/{made}").status_code == 403
    assert browser.get("/appointments/nothing").status_code == 404


def test_who_arrives_is_checked_in_from_the_day_and_stands_on_the_board(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    made = booked(clinic, day)
    browser = signed_in("reception")
    early = browser.post(f"/appointments/{made}/arrival")
    assert early.status_code == 422
    assert "another day" in early.text
    with clock.at(datetime.combine(day, time(9, 50), TOKYO)):
        opened = appointments.arrive(clinic.reception, made)
    assert browser.get(f"/appointments/{made}").text.count(opened) == 1


def test_the_desk_sees_who_is_expected_today_and_checks_in_at_one_press(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    made = booked(clinic, day)
    with clock.at(datetime.combine(day, time(9, 40), TOKYO)):
        browser = signed_in("reception")
        assert f'action="/appointments/{made}/arrival"' in browser.get("/patients").text
        assert "0 / 1" in browser.get("/patients").text
        answer = browser.post(f"/appointments/{made}/arrival")
        assert answer.status_code == 303
        assert "All have come." in browser.get("/patients").text
        assert "/intake" in browser.get(answer.location).location  # the way of everybody who comes


def test_nobody_is_noted_absent_before_the_time(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    made, browser = booked(clinic, day), signed_in("reception")
    assert browser.post(f"/appointments/{made}/absence", data={"version": "1"}).status_code == 422
    assert browser.post(f"/appointments/{made}/absence", data={"version": "x"}).status_code == 409


def test_appointments_on_a_day_that_was_closed_are_named_until_they_are_moved(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    booked(clinic, day)
    hours.add_days(clinic.admin, day, day, "closed", "Flood")
    assert "the clinic is not open" in signed_in("reception").get("/appointments").text


# --- requests ------------------------------------------------------------------------------------------------------


def asked(**changed: str) -> dict[str, str]:
    values = {"name": "林 凛", "contact": "090", "channel": "telephone", "urgent": "no", "kind": "first_visit"}
    return values | {"received_time": "", "received_day": "", "wishes": "", "request_id": ""} | changed


def test_the_desk_takes_a_request_down_and_answers_in_the_order_of_application(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    browser = signed_in("reception")
    assert browser.post("/appointments/requests", data=asked()).status_code == 303
    earlier = {"received_time": "00:01", "received_day": "2020-02-03", "name": "森 葵", "channel": "email"}
    assert browser.post("/appointments/requests", data=asked(**earlier)).status_code == 303
    text = browser.get("/appointments/requests").text
    assert text.index("森 葵") < text.index("林 凛")
    first, second = appointment_requests.list_waiting(clinic.reception)
    page = browser.get(f"/appointments/new?asked={second.id}").text
    assert "One request came before this one." in page
    refused = browser.post("/appointments", data=typed(clinic, day, asked=second.id))
    assert refused.status_code == 422
    assert "1 requests came before this one." in refused.text
    skipped = typed(clinic, day, asked=second.id, skip_reason="no_fit")
    assert browser.post("/appointments", data=skipped).status_code == 303
    assert browser.post("/appointments", data=typed(clinic, day, "11:00", asked=second.id)).status_code == 409
    assert [row.id for row in appointment_requests.list_waiting(clinic.reception)] == [first.id]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"urgent": ""}, "urgent"),
        ({"urgent": "perhaps"}, "urgent"),
        ({"channel": "fax"}, "channel"),
        ({"received_time": "25:00"}, "received_time"),
        ({"received_day": "2020-01-01"}, "received_time"),
        ({"received_day": "soon", "received_time": "9:00"}, "received_day"),
        ({"received_day": "2199-01-01", "received_time": "9:00"}, "received_time"),
        ({"wishes": "a\x00b"}, "wishes"),
        ({"kind": "tea"}, "kind"),
    ],
)
def test_a_wrong_request_is_told_at_its_field_and_kept(
    clinic: Clinic, signed_in: SignIn, changed: dict[str, str], field: str
) -> None:
    answer = signed_in("reception").post("/appointments/requests", data=asked(**({"contact": "stays"} | changed)))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "stays" in answer.text


def test_an_urgent_sign_is_shown_with_what_to_do(clinic: Clinic, signed_in: SignIn) -> None:
    browser = signed_in("reception")
    browser.post("/appointments/requests", data=asked(urgent="yes"))
    (row,) = appointment_requests.list_waiting(clinic.reception)
    for url in ("/appointments/requests", f"/appointments/new?asked={row.id}"):
        assert "send them to emergency care" in browser.get(url).text
        assert "救急受診を案内" in browser.get(f"{url}{'&' if '?' in url else '?'}lang=ja").text
        browser.get("/appointments?lang=en")


def test_a_request_is_closed_with_its_reason(clinic: Clinic, signed_in: SignIn) -> None:
    one = Asked("email", clock.now() - timedelta(hours=1), "林 凛", "", "follow_up", "not_asked")
    made, browser = appointment_requests.enter(clinic.reception, one), signed_in("reception")
    url = f"/appointments/requests/{made}/closing"
    kept = browser.post(url, data={"version": "1", "reason": "", "note": "stays"})
    assert kept.status_code == 422
    assert "stays" in kept.text
    assert browser.post(url, data={"version": "9", "reason": "twice"}).status_code == 409
    assert browser.post(url, data={"version": "1", "reason": "twice"}).status_code == 303
    assert browser.post(url, data={"version": "2", "reason": "twice"}).status_code == 409
    assert "No request waits" in browser.get("/appointments/requests").text


def test_the_form_is_filled_from_a_patient_on_file(clinic: Clinic, signed_in: SignIn) -> None:
    patient = add_patient(clinic.reception, phone="0742-11-2222")
    text = signed_in("nurse").get(f"/appointments/requests?patient={patient.id}").text
    assert "0742-11-2222" in text
    assert signed_in("nurse").get("/appointments/requests?patient=nothing").status_code == 404
    assert signed_in("radiographer").get("/appointments/requests").status_code == 403


def test_todays_list_shows_the_urgent_first_and_sends_an_emergency_to_the_queue(
    clinic: Clinic, signed_in: SignIn
) -> None:
    browser, patient = signed_in("reception"), add_patient(clinic.reception)
    for_today = {"same_day": "y", "kind": "follow_up"}
    assert browser.post("/appointments/requests", data=asked(**for_today, name="林 凛")).status_code == 303
    urgent = asked(**for_today, name="森 葵", urgent="yes") | {"patient": patient.id}
    assert browser.post("/appointments/requests", data=urgent).status_code == 303
    text = browser.get("/appointments/today").text
    assert text.index("森 葵") < text.index("林 凛")
    first = next(row for row in appointment_requests.list_waiting(clinic.reception) if row.urgent == "yes")
    url = f"/appointments/requests/{first.id}/queue"
    assert browser.post(url, data={"version": "9", "emergency": "1"}).status_code == 409
    sent = browser.post(url, data={"version": "1", "emergency": "1"})
    assert (sent.status_code, sent.location.endswith("/emergency")) == (303, True)
    assert "森 葵" not in browser.get("/appointments/today").text
    (other,) = appointment_requests.list_waiting(clinic.reception)
    nobody = browser.post(f"/appointments/requests/{other.id}/queue", data={"version": "1"})
    assert (nobody.status_code, "Choose the patient first." in nobody.text) == (422, True)
    assert signed_in("radiographer").get("/appointments/today").status_code == 200
    assert signed_in("radiographer").post(url, data={"version": "1"}).status_code == 403


def test_going_before_an_urgent_patient_is_refused_until_words_say_why(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    browser = signed_in("reception")
    browser.post("/appointments/requests", data=asked(urgent="yes", name="森 葵"))
    browser.post("/appointments/requests", data=asked())
    second = next(row for row in appointment_requests.list_waiting(clinic.reception) if row.urgent == "no")
    form = typed(clinic, day, asked=second.id, skip_reason="not_reached")
    refused = browser.post("/appointments", data=form)
    assert refused.status_code == 422
    assert "Somebody urgent waits before: 1." in refused.text
    assert 'name="why"' in refused.text
    assert browser.post("/appointments", data=form | {"why": "in the ambulance"}).status_code == 303


def test_a_same_day_procedure_is_chosen_from_those_that_need_no_admission(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    browser, patient = signed_in("surgeon"), add_patient(clinic.reception, anticoagulant="Warfarin")
    url = f"/appointments/new?kind=same_day_procedure&patient={patient.id}&day={day}"
    text = browser.get(url).text
    assert "Warfarin" in text
    assert 'value="PLDD"' in text
    assert 'value="PLIF"' not in text
    form = typed(clinic, day, kind="same_day_procedure", patient=patient.id)
    refused = browser.post("/appointments", data=form)
    assert refused.status_code == 422
    assert "Choose a procedure that is possible without admission." in refused.text
    assert browser.post("/appointments", data=form | {"procedure": "PLDD"}).status_code == 303
    assert "Percutaneous laser disc decompression" in browser.get(f"/appointments?day={day}").text


def test_the_page_of_a_day_reads_no_appointment_of_another_day(clinic: Clinic, day: date) -> None:
    day_after = hours.next_open(clinic.site_id, day, after=1)
    shown, later = booked(clinic, day), [booked(clinic, day_after, time(hour)) for hour in (10, 11, 12)]
    moved = booked(clinic, day_after, time(14))
    surgeon_times.add_absence(clinic.reception, clinic.surgeon.staff_id, day_after, day_after, "leave")
    absence = surgeon_times.find(clinic.reception, clinic.surgeon.staff_id).absences[0]
    surgeon_times.withdraw_absence(clinic.reception, absence.id)
    session.close()
    kept = (  # else the session forgets what it has read
        appointment_days.look(clinic.reception, day), appointments.list_unsettled(clinic.reception),
        displaced.list_to_move(clinic.reception),
    )  # fmt: skip
    read = {row.id for row in session.identity_map.values() if isinstance(row, Appointment)}
    assert (read, len(kept)) == ({shown}, 3)
    assert read.isdisjoint({*later, moved})


def test_the_day_is_printed_for_when_the_computer_fails(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    patient = add_patient(clinic.reception, phone="0742-11-2222")
    wish = Wish("first_visit", clinic.surgeon.staff_id, datetime.combine(day, time(10), TOKYO), "brings images")
    appointments.book(clinic.reception, patient.id, wish)
    browser = signed_in("reception")
    text = browser.get(f"/appointments/print?day={day}").text
    for said in ("10:00", "0742-11-2222", "brings images", "ヤマモト カズオ", clinic.surgeon2.name):
        assert said in text
    alone = browser.get(f"/appointments/print?day={day}&what={clinic.surgeon.staff_id}").text
    assert clinic.surgeon2.name not in alone[alone.index("<article") :]
    assert session.scalar(select(func.count()).where(AuditEvent.name == "printed")) == 2


def test_who_arrives_for_an_appointment_is_shown_with_time_and_surgeon(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    made = booked(clinic, day)
    patient = appointments.get(clinic.reception, made).patient_id
    later = hours.next_open(clinic.site_id, day, after=1)
    wish = Wish("follow_up", clinic.surgeon2.staff_id, datetime.combine(later, time(11), TOKYO))
    appointments.book(clinic.reception, patient, wish)
    with clock.at(datetime.combine(day, time(9, 50), TOKYO)):
        opened = appointments.arrive(clinic.reception, made)
        said, browser = f"booked 10:00 with {clinic.surgeon.name}", signed_in("nurse")
        for url in (f"/patients/{patient}", f"/encounters/{opened}/summary", f"/encounters/{opened}/triage"):
            assert said in browser.get(url).text, url
        assert clinic.surgeon2.name in browser.get(f"/patients/{patient}").text  # the next one


def telephoned(clinic: Clinic, day: date, at: str = "10:00", **changed: str) -> dict[str, str]:
    person = {"family_name": "林", "given_name": "凛", "family_kana": "はやし", "given_kana": "りん"}
    person |= {"birth_date": "S550101", "phone": "0742-11-2222"}
    return typed(clinic, day, at, patient="x") | {"patient": "", "different": ""} | person | changed


def test_somebody_new_on_the_telephone_is_booked_on_one_form(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    browser = signed_in("reception")
    text = browser.get(f"/appointments/new?q=林 凛&day={day}").text
    assert 'value="林"' in text  # what was searched for stands in the fields
    assert browser.post("/appointments", data=telephoned(clinic, day)).status_code == 303
    made = session.scalars(select(Appointment)).one()
    page = browser.get(f"/patients/{made.patient_id}").text
    assert "Not verified" in page
    assert "ハヤシ" in page
    assert browser.post(f"/patients/{made.patient_id}/verification").status_code == 303
    assert "Not verified" not in browser.get(f"/patients/{made.patient_id}").text
    assert signed_in("surgeon").post(f"/patients/{made.patient_id}/verification").status_code == 403


@pytest.mark.parametrize(
    ("changed", "status", "told"),
    [
        ({"family_name": ""}, 422, "Enter the name."),
        ({"birth_date": "31.2.1980"}, 422, "not a date"),
        ({"start": ""}, 422, "Enter the time"),
        ({"at": "09:45"}, 409, "just taken"),
    ],
)
def test_a_wrong_caller_is_told_at_the_field_kept_and_not_added(
    clinic: Clinic, signed_in: SignIn, day: date, changed: dict[str, str], status: int, told: str
) -> None:
    booked(clinic, day)
    answer = signed_in("reception").post("/appointments", data=telephoned(clinic, day, **changed))
    assert (answer.status_code, told in answer.text, "0742-11-2222" in answer.text) == (status, True, True)
    assert session.scalar(select(func.count()).where(Appointment.status == "booked")) == 1


def test_another_day_is_looked_at_with_everything_typed_of_the_caller_kept(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    browser, later = signed_in("reception"), hours.next_open(clinic.site_id, day, after=1)
    seen = telephoned(clinic, day, note="Comes with a daughter", request_id="call-1")
    seen |= {"to_day": str(later), "to_kind": "first_visit", "to_what": clinic.surgeon2.staff_id}
    answer = browser.post("/appointments/new", data=seen)
    assert answer.status_code == 200
    for kept in ("林", "凛", "はやし", "S550101", "0742-11-2222", "Comes with a daughter", "call-1", str(later)):
        assert f'value="{kept}"' in answer.text, kept
    assert f'value="{later}T10:00"' in answer.text
    assert f'value="{day}T10:00"' not in answer.text
    assert f'name="what" type="hidden" value="{clinic.surgeon2.staff_id}"' in answer.text
    assert not re.search(r'href="[^"]*(林|%E6%9E%97)', answer.text)  # no name in an address
    assert session.scalars(select(Appointment)).all() == []
    other = browser.post("/appointments/new", data=seen | {"other": f"{clinic.surgeon.staff_id} {later}T11:00"})
    assert f'value="{later}T11:00" checked' in other.text
    assert 'value="0742-11-2222"' in other.text


@pytest.mark.parametrize("typed_day", ["31.2.", "", "\x00", "９" * 40])
def test_a_day_that_is_none_is_told_and_the_caller_kept(
    clinic: Clinic, signed_in: SignIn, day: date, typed_day: str
) -> None:
    seen = telephoned(clinic, day, asked="../x") | {"to_day": typed_day, "to_kind": "?", "to_what": "nobody"}
    answer = signed_in("reception").post("/appointments/new", data=seen)
    assert (answer.status_code, "not a date" in answer.text, "0742-11-2222" in answer.text) == (422, True, True)
    assert "31.2." in answer.text or typed_day != "31.2."


def test_a_caller_who_may_be_on_file_is_shown_side_by_side(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    browser = signed_in("reception")
    browser.post("/appointments", data=telephoned(clinic, day))
    asked_first = browser.post("/appointments", data=telephoned(clinic, day, "11:00"))
    assert asked_first.status_code == 409
    assert "Same person: use this record" in asked_first.text
    found = re.search(r'name="different" value="(\w+)"', asked_first.text)
    assert found
    assert browser.post("/appointments", data=telephoned(clinic, day, "11:00", different=found[1])).status_code == 303


def test_who_may_add_nobody_is_offered_no_fields(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    browser = signed_in("surgeon")
    assert 'name="family_name"' not in browser.get("/appointments/new").text
    assert browser.post("/appointments", data=telephoned(clinic, day)).status_code == 422


# --- the unhappy ways ----------------------------------------------------------------------------------------------


def test_a_race_that_was_lost_shows_what_is_free_now_and_later_and_with_whom(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    booked(clinic, day)
    answer = signed_in("reception").post("/appointments", data=typed(clinic, day, note="stays"))
    assert answer.status_code == 409
    text = answer.text
    assert f'value="{day}T10:00"' not in text
    assert f'value="{day}T10:30"' in text
    assert "The next free times" in text
    assert f'value="{hours.next_open(clinic.site_id, day, after=1)}T09:30"' in text
    assert f"{clinic.surgeon2.name} 9:30" in text
    assert "stays" in text


def closed(clinic: Clinic, day: date) -> None:
    hours.add_days(clinic.admin, day, day, "closed", "勤労感謝の日")


def away(clinic: Clinic, day: date) -> None:
    surgeon_times.add_absence(clinic.reception, clinic.surgeon.staff_id, day, day, "ill")


def operates(clinic: Clinic, day: date) -> None:
    plans = (Plan("none", operates=True),) * 7
    surgeon_times.set_week(clinic.reception, clinic.surgeon.staff_id, plans, day, 0)


def fill(clinic: Clinic, day: date) -> None:
    surgeon_times.set_share(clinic.admin, 0)
    opens, closes = (getattr(hours.opening(clinic.site_id, day), name) for name in ("opens", "closes"))
    at, last = datetime.combine(day, opens, TOKYO), datetime.combine(day, closes, TOKYO)
    while at < last:
        booked(clinic, day, at.time())
        at += timedelta(minutes=30)


@pytest.mark.parametrize(
    ("happens", "told", "refused"),
    [
        (closed, "The clinic is closed on this day. (勤労感謝の日)", "not open for this whole time"),
        (away, "The surgeon is away on this day.", "The surgeon is away on this day."),
        (operates, "The surgeon operates on this day.", "The surgeon operates at this time."),
        (fill, "Nothing is free on this day.", "This time was just taken."),
    ],
)
def test_why_nothing_is_free_is_said_with_the_next_times(
    clinic: Clinic, signed_in: SignIn, day: date, happens: Callable[[Clinic, date], None], told: str, refused: str
) -> None:
    happens(clinic, day)
    browser = signed_in("reception")
    text = browser.get(f"/appointments/new?kind=first_visit&what={clinic.surgeon.staff_id}&day={day}").text
    assert told in text
    answer = browser.post("/appointments", data=typed(clinic, day, note="stays"))
    assert (answer.status_code, refused in answer.text, "stays" in answer.text) == (
        409 if happens is fill else 422, True, True,
    )  # fmt: skip
    assert ("The next free times" in text) is (happens is not operates)


def test_a_day_that_is_over_says_so(clinic: Clinic, signed_in: SignIn) -> None:
    past = today(clinic.site_id) - timedelta(days=3)
    browser = signed_in("reception")
    assert "This day is over." in browser.get(f"/appointments/new?day={past}&kind=first_visit").text
    answer = browser.post("/appointments", data=typed(clinic, past))
    assert (answer.status_code, "This time is over." in answer.text) == (422, True)


def test_a_request_answered_twice_shows_the_appointment_that_answered_it(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    browser = signed_in("reception")
    browser.post("/appointments/requests", data=asked())
    (row,) = appointment_requests.list_waiting(clinic.reception)
    assert browser.post("/appointments", data=typed(clinic, day, asked=row.id)).status_code == 303
    again = browser.post("/appointments", data=typed(clinic, day, "11:00", asked=row.id))
    assert again.status_code == 409
    made = session.scalars(select(Appointment)).one()
    assert f"/appointments/{made.id}" in again.text


def test_a_move_into_a_time_just_taken_shows_the_others(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    made, _other = booked(clinic, day), booked(clinic, day, time(11))
    move = {"version": "1", "what": clinic.surgeon.staff_id, "start": f"{day}T11:00", "reason": "patient", "kind": ""}
    answer = signed_in("reception").post(f"/appointments/{made}/move", data=move)
    assert (answer.status_code, "The next free times" in answer.text) == (409, True)
