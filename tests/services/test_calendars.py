"""A surgeon's calendar address: given once, revoked at once, and never a patient's name behind it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.at_once import at_once
from tests.builders import Clinic, add_patient, build_clinic
from triage import clock
from triage.db import session
from triage.domain.errors import NotFound
from triage.models import CalendarFeed
from triage.services import appointments, audit, calendars, staff
from triage.services.appointments import Wish

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_november() -> object:
    with clock.at(NOW):
        yield


def book(clinic: Clinic, text: str, what: str = "") -> str:
    wish = Wish("first_visit", what or clinic.surgeon.staff_id, datetime.fromisoformat(f"{text}+09:00"))
    return appointments.book(clinic.reception, add_patient(clinic.reception).id, wish)


def test_the_address_shows_the_surgeons_own_appointments_and_nobody_elses(clinic: Clinic) -> None:
    mine = book(clinic, "2026-11-30T10:00")
    book(clinic, "2026-11-30T10:00", clinic.surgeon2.staff_id)
    far = book(clinic, "2027-08-30T10:00")
    shown = calendars.read(calendars.give(clinic.surgeon))
    assert [row.id for row in shown.appointments] == [mine]
    assert far
    assert shown.staff.id == clinic.surgeon.staff_id


def test_a_new_address_shuts_the_one_before_and_a_revoked_one_shows_nothing(clinic: Clinic) -> None:
    first, second = calendars.give(clinic.surgeon), calendars.give(clinic.surgeon)
    with pytest.raises(NotFound):
        calendars.read(first)
    assert calendars.read(second).appointments == []
    calendars.revoke(clinic.surgeon)
    for token in (second, "", "x", "\ud800", first[:-1]):
        with pytest.raises(NotFound):
            calendars.read(token)
    with pytest.raises(NotFound):
        calendars.revoke(clinic.surgeon)


def test_of_many_asked_for_at_once_one_address_is_left(clinic: Clinic) -> None:
    assert at_once(*[lambda: calendars.give(clinic.surgeon)] * 4) == []
    assert session.query(CalendarFeed).filter(CalendarFeed.revoked_at.is_(None)).count() == 1


def test_only_the_hash_is_kept(clinic: Clinic) -> None:
    token = calendars.give(clinic.surgeon)
    assert token not in str([vars(row) for row in session.query(CalendarFeed)])


def test_who_has_left_shows_nothing_any_more(clinic: Clinic) -> None:
    token = calendars.give(clinic.surgeon)
    staff.deactivate(clinic.admin, "surgeon")
    with pytest.raises(NotFound):
        calendars.read(token)


def test_fetching_is_noted_and_giving_and_revoking_stand_in_the_trail(clinic: Clinic) -> None:
    token = calendars.give(clinic.surgeon)
    calendars.read(token)
    session.close()
    feed = calendars.find(clinic.surgeon)
    assert feed is not None
    assert feed.read_at == NOW
    with clock.at(NOW + timedelta(minutes=10)):
        calendars.read(token)
    calendars.revoke(clinic.surgeon)
    names = [event.name for event in audit.list_events(clinic.auditor, audit.Filters())]
    assert names[:2] == ["calendar_revoked", "calendar_given"]


def test_another_site_has_its_own_address(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    book(clinic, "2026-11-30T10:00")
    assert calendars.read(calendars.give(other.surgeon)).appointments == []
    assert date(2026, 11, 30) == appointments.get(clinic.surgeon, book(clinic, "2026-11-30T11:00")).day
