"""The calendar feed as a calendar program reads it: RFC 5545, no patient, what was cancelled marked so."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
from flask import Flask
from flask.testing import FlaskClient

from tests.builders import Clinic, add_patient
from triage.services import appointments, calendars, hours
from triage.services.appointments import Wish
from triage.services.organisations import today

SignIn = Callable[[str], FlaskClient]


def book(clinic: Clinic, at: time) -> str:
    day = hours.next_open(clinic.site_id, today(clinic.site_id), after=1)
    starts_at = datetime.combine(day, at, ZoneInfo("Asia/Tokyo"))
    patient = add_patient(clinic.reception, family_name="Nakamura", given_name="Misaki")
    wish = Wish("first_visit", clinic.surgeon.staff_id, starts_at, "Nakamura brings images")
    return appointments.book(clinic.reception, patient.id, wish)


def test_the_surgeon_makes_an_address_that_a_calendar_program_reads(
    app: Flask, clinic: Clinic, signed_in: SignIn
) -> None:
    kept, gone = book(clinic, time(10)), book(clinic, time(11))
    appointments.cancel(clinic.reception, gone, appointments.get(clinic.reception, gone).version, "patient")
    surgeon = signed_in("surgeon")
    found = re.search(r'value="http://[^/]+(/calendars/[^"]+)"', surgeon.post("/appointments/calendar").text)
    assert found
    assert found[1] not in surgeon.get("/appointments/calendar").text  # shown this once
    answer = app.test_client().get(found[1])
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = icalendar.Calendar.from_ical(answer.data)
    events = {str(event["uid"]).partition("@")[0]: event for event in calendar.walk("VEVENT")}
    assert (events[kept]["status"], events[gone]["status"]) == ("CONFIRMED", "CANCELLED")
    assert events[kept].decoded("dtend") - events[kept].decoded("dtstart") == timedelta(minutes=30)
    assert events[kept].decoded("dtstart").astimezone(ZoneInfo("Asia/Tokyo")).hour == 10
    assert str(events[kept]["summary"]) == "First visit"
    assert events[gone]["sequence"] > events[kept]["sequence"]
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
    assert b"Nakamura" not in answer.data
    assert b"Misaki" not in answer.data


def test_it_speaks_japanese_and_a_shut_address_is_not_found(app: Flask, clinic: Clinic, signed_in: SignIn) -> None:
    book(clinic, time(10))
    token = calendars.give(clinic.surgeon)
    assert "初診" in app.test_client().get(f"/calendars/{token}.ics?lang=ja").text
    surgeon = signed_in("surgeon")
    assert surgeon.post("/appointments/calendar/revocation").status_code == 303
    assert app.test_client().get(f"/calendars/{token}.ics").status_code == 404
    assert surgeon.post("/appointments/calendar/revocation").status_code == 404


def test_nobody_but_a_surgeon_has_a_calendar(clinic: Clinic, signed_in: SignIn) -> None:
    assert signed_in("nurse").get("/appointments/calendar").status_code == 403
