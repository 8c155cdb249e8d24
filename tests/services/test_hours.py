"""When the clinic is open: the week, the days that differ, the next open day; who changes it when, and what is kept."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from tests.at_once import at_once
from tests.builders import Clinic, build_clinic
from triage import clock
from triage.db import session
from triage.domain.errors import Conflict, Invalid, NotFound, Refused
from triage.domain.hours import AS_USUAL, CLOSED, OTHER_HOURS, WEEKDAYS, Opening, Week
from triage.models import OpeningException
from triage.services import hours

MONDAY = date(2026, 11, 23)
USUAL = Opening(time(9, 30), time(18))
SHORT = Opening(time(9, 30), time(12))
WEDNESDAYS_SHORT: Week = (USUAL, USUAL, SHORT, USUAL, USUAL, USUAL, None)


@pytest.fixture(autouse=True)
def _in_november() -> object:
    with clock.at(datetime(2026, 11, 20, 3, tzinfo=UTC)):
        yield


def test_until_the_administrator_says_otherwise_it_is_monday_to_saturday_half_past_nine_to_six(clinic: Clinic) -> None:
    found = hours.openings(clinic.site_id, MONDAY, MONDAY + timedelta(days=6))
    assert list(found.values()) == [USUAL] * 6 + [None]
    assert hours.opening(clinic.site_id, MONDAY) == USUAL
    assert USUAL.words == "9:30–18:00"


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2026-11-21T09:29:59", False),
        ("2026-11-21T09:30:00", True),
        ("2026-11-21T17:59:59", True),
        ("2026-11-21T18:00:00", False),
        ("2026-11-22T12:00:00", False),  # a Sunday
    ],
)
def test_it_is_open_on_the_clock_of_its_own_wall(clinic: Clinic, local: str, is_open: bool) -> None:
    moment = datetime.fromisoformat(f"{local}+09:00").astimezone(UTC)
    assert hours.is_open(clinic.site_id, moment) is is_open


def test_the_next_open_day_passes_over_sundays_and_closed_days(clinic: Clinic) -> None:
    sunday = MONDAY - timedelta(days=1)
    assert hours.next_open(clinic.site_id, MONDAY) == MONDAY
    assert hours.next_open(clinic.site_id, sunday) == MONDAY
    assert hours.next_open(clinic.site_id, MONDAY, after=6) == MONDAY + timedelta(days=7)
    hours.add_days(clinic.admin, MONDAY, MONDAY + timedelta(days=1), CLOSED, "Holiday")
    assert hours.next_open(clinic.site_id, sunday) == MONDAY + timedelta(days=2)


def test_a_clinic_that_is_closed_for_weeks_opens_afterwards_and_one_closed_for_good_says_so(clinic: Clinic) -> None:
    hours.add_days(clinic.admin, MONDAY, MONDAY + timedelta(days=40), CLOSED, "Rebuilding")
    assert hours.next_open(clinic.site_id, MONDAY) == MONDAY + timedelta(days=42)  # the day before is a Sunday
    hours.set_week(clinic.admin, (None,) * 7, MONDAY, 0)
    with pytest.raises(Conflict) as never:
        hours.next_open(clinic.site_id, MONDAY)
    assert never.value.code == "never_open"


def test_other_hours_and_a_holiday_on_which_the_clinic_works_as_usual(clinic: Clinic) -> None:
    hours.add_days(clinic.admin, MONDAY, MONDAY, AS_USUAL, "Labour Thanksgiving Day")
    hours.add_days(clinic.admin, MONDAY + timedelta(days=1), MONDAY + timedelta(days=1), OTHER_HOURS, "Staff", SHORT)
    found = hours.openings(clinic.site_id, MONDAY, MONDAY + timedelta(days=1))
    assert list(found.values()) == [USUAL, SHORT]


def test_a_new_week_is_in_force_from_its_day_on_and_not_before(clinic: Clinic) -> None:
    wednesday = MONDAY + timedelta(days=2)
    hours.set_week(clinic.admin, WEDNESDAYS_SHORT, wednesday + timedelta(days=1), 0, "From December")
    assert hours.opening(clinic.site_id, wednesday) == USUAL
    assert hours.opening(clinic.site_id, wednesday + timedelta(days=7)) == SHORT
    hours.set_week(clinic.admin, (USUAL,) * 6 + (None,), wednesday + timedelta(days=1), 1, "Not after all")
    assert hours.opening(clinic.site_id, wednesday + timedelta(days=7)) == USUAL


def test_a_day_taken_back_is_as_its_week_says_and_can_be_given_anew(clinic: Clinic) -> None:
    hours.add_days(clinic.admin, MONDAY, MONDAY, CLOSED, "Holiday")
    with pytest.raises(Conflict) as twice:
        hours.add_days(clinic.admin, MONDAY - timedelta(days=1), MONDAY, AS_USUAL, "Holiday")
    assert twice.value.params == {"day": "2026-11-23"}
    row = session.query(OpeningException).one()
    hours.withdraw_day(clinic.admin, row.id)
    assert hours.opening(clinic.site_id, MONDAY) == USUAL
    with pytest.raises(Conflict):
        hours.withdraw_day(clinic.admin, row.id)
    hours.add_days(clinic.admin, MONDAY, MONDAY, CLOSED, "Holiday after all")
    assert hours.opening(clinic.site_id, MONDAY) is None


def test_what_cannot_be_is_refused_at_its_field(clinic: Clinic) -> None:
    wrong = (Opening(time(18), time(9, 30)), *WEDNESDAYS_SHORT[1:])
    with pytest.raises(Invalid) as week:
        hours.set_week(clinic.admin, wrong, date(2026, 11, 19), 0)
    assert week.value.fields == {WEEKDAYS[0]: "closes_before", "valid_from": "day_is_over"}
    for first, last, kind, reason, field in (
        (date(2026, 11, 19), MONDAY, CLOSED, "x", "first"),
        (MONDAY, date(2026, 11, 22), CLOSED, "x", "last"),
        (MONDAY, MONDAY + timedelta(days=62), CLOSED, "x", "last"),
        (MONDAY, MONDAY, OTHER_HOURS, "x", "closes"),
        (MONDAY, MONDAY, "perhaps", "x", "kind"),
        (MONDAY, MONDAY, CLOSED, " ", "reason"),
    ):
        with pytest.raises(Invalid) as refused:
            hours.add_days(clinic.admin, first, last, kind, reason)
        assert list(refused.value.fields) == [field]
    with pytest.raises(Refused):
        hours.set_week(clinic.admin, (USUAL,) * 6 + (None,), MONDAY, 0)


def test_of_two_administrators_at_once_the_second_is_told(clinic: Clinic) -> None:
    told = at_once(
        lambda: hours.set_week(clinic.admin, WEDNESDAYS_SHORT, MONDAY, 0),
        lambda: hours.set_week(clinic.admin, (USUAL,) * 7, MONDAY, 0),
    )
    assert [error.code for error in told] == ["hours_changed_meanwhile"]
    told = at_once(*[lambda: hours.add_days(clinic.admin, MONDAY, MONDAY, CLOSED, "Holiday")] * 3)
    assert [error.code for error in told] == ["day_differs_already"] * 2


def test_another_site_has_its_own_hours(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    hours.add_days(clinic.admin, MONDAY, MONDAY, CLOSED, "Holiday")
    hours.set_week(clinic.admin, WEDNESDAYS_SHORT, MONDAY, 0)
    assert hours.opening(other.site_id, MONDAY) == USUAL
    assert hours.opening(other.site_id, MONDAY + timedelta(days=2)) == USUAL
    row = session.query(OpeningException).one()
    with pytest.raises(NotFound):
        hours.withdraw_day(other.admin, row.id)


def test_the_weeks_that_were_in_force_are_never_edited(clinic: Clinic) -> None:
    hours.set_week(clinic.admin, WEDNESDAYS_SHORT, MONDAY, 0)
    for statement in ("UPDATE opening_hours SET note = 'x'", "DELETE FROM opening_hours"):
        with pytest.raises(DBAPIError, match="append-only"):
            session.connection().exec_driver_sql(statement)
        session.rollback()
