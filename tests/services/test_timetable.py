"""The page of the hours: public holidays are suggested and decided, the effect is counted, papers tell the hours."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.at_once import at_once
from tests.builders import Clinic, add_patient, arrive, wait
from triage import clock, knowledge
from triage.domain.comeback import Day
from triage.domain.errors import Conflict, Invalid, Refused
from triage.domain.hours import AS_USUAL, CLOSED, OTHER_HOURS, Opening, spans
from triage.services import appointments, displaced, encounters, hours, returns, timetable, triage
from triage.services.appointments import Wish

FRIDAY, HOLIDAY = date(2026, 11, 20), date(2026, 11, 23)
USUAL, SHORT = Opening(time(9, 30), time(18)), Opening(time(9, 30), time(12))


@pytest.fixture(autouse=True)
def _in_november() -> object:
    with clock.at(datetime(2026, 11, 20, 3, tzinfo=UTC)):
        yield


def test_every_public_holiday_of_the_coming_year_waits_to_be_confirmed_but_those_on_closed_days(clinic: Clinic) -> None:
    found = timetable.undecided_holidays(clinic.admin, FRIDAY)
    assert (found[0].day, found[0].en, found[0].ja) == (HOLIDAY, "Labor Thanksgiving Day", "勤労感謝の日")
    assert len(found) > 12
    assert not [one for one in found if one.day.weekday() == 6]  # the clinic is closed on Sundays anyway


def test_until_it_is_confirmed_the_clinic_counts_as_open_on_a_holiday(clinic: Clinic) -> None:
    assert hours.opening(clinic.site_id, HOLIDAY) == USUAL
    assert timetable.decide_holidays(clinic.admin, [HOLIDAY, date(2027, 1, 1)], CLOSED) == 2
    assert hours.opening(clinic.site_id, HOLIDAY) is None
    assert hours.next_open(clinic.site_id, HOLIDAY) == HOLIDAY + timedelta(days=1)
    assert HOLIDAY not in {one.day for one in timetable.undecided_holidays(clinic.admin, FRIDAY)}


def test_a_holiday_on_which_the_clinic_works_is_decided_too(clinic: Clinic) -> None:
    timetable.decide_holidays(clinic.admin, [HOLIDAY], AS_USUAL)
    assert hours.opening(clinic.site_id, HOLIDAY) == USUAL
    assert HOLIDAY not in {one.day for one in timetable.undecided_holidays(clinic.admin, FRIDAY)}


@pytest.mark.parametrize("days", [[], [FRIDAY], [HOLIDAY, FRIDAY], [date(2026, 11, 3)]])
def test_a_day_that_is_no_holiday_or_over_is_refused(clinic: Clinic, days: list[date]) -> None:
    with pytest.raises(Refused):
        timetable.decide_holidays(clinic.admin, days, CLOSED)
    with pytest.raises(Invalid):
        timetable.decide_holidays(clinic.admin, [HOLIDAY], OTHER_HOURS)
    assert timetable.list_other_days(clinic.admin, FRIDAY) == []


def test_of_two_who_decide_a_holiday_at_once_one_does_and_nothing_is_half_done(clinic: Clinic) -> None:
    later = date(2027, 1, 1)
    told = at_once(
        lambda: timetable.decide_holidays(clinic.admin, [HOLIDAY, later], CLOSED),
        lambda: timetable.decide_holidays(clinic.admin, [later, HOLIDAY], AS_USUAL),
    )
    assert [error.code for error in told] == ["day_differs_already"]
    assert len({row.kind for row in timetable.list_other_days(clinic.admin, FRIDAY)}) == 1
    with pytest.raises(Conflict):
        timetable.decide_holidays(clinic.admin, [later], CLOSED)


def test_the_effect_on_today_is_counted_before_anything_changes(clinic: Clinic) -> None:
    arrive(clinic.reception)
    week = (SHORT,) * 6 + (None,)
    assert timetable.effect_of_week(clinic.admin, week, FRIDAY) == timetable.Effect(1, USUAL, SHORT)
    assert timetable.effect_of_week(clinic.admin, week, HOLIDAY) == timetable.Effect(1, USUAL, USUAL)
    assert timetable.effect_of_days(clinic.admin, FRIDAY, HOLIDAY, None) == timetable.Effect(1, USUAL, None)
    assert timetable.effect_of_days(clinic.admin, HOLIDAY, HOLIDAY, None) == timetable.Effect(1, USUAL, USUAL)


def test_the_effect_names_how_many_appointments_would_have_to_move(clinic: Clinic) -> None:
    starts_at = datetime(2026, 11, 30, 7, tzinfo=UTC)  # four o'clock on the clinic's wall
    wish = Wish("first_visit", clinic.surgeon.staff_id, starts_at)
    appointments.book(clinic.reception, add_patient(clinic.reception).id, wish)
    monday, short = date(2026, 11, 30), (SHORT,) * 6 + (None,)
    assert timetable.effect_of_days(clinic.admin, monday, monday, None).appointments == 1
    assert timetable.effect_of_days(clinic.admin, monday, monday, Opening(time(9, 30), time(16, 30))).appointments == 0
    assert timetable.effect_of_week(clinic.admin, short, HOLIDAY).appointments == 1
    assert timetable.effect_of_week(clinic.admin, short, date(2026, 12, 1)).appointments == 0
    hours.add_days(clinic.admin, monday, monday, CLOSED, "Flood")
    assert displaced.list_to_move(clinic.reception)[1] == 1
    assert timetable.effect_of_week(clinic.admin, short, HOLIDAY).appointments == 0  # it lies outside already


def test_the_effect_names_how_many_were_asked_to_come_back_on_a_day_that_would_be_closed(clinic: Clinic) -> None:
    calm = {question.id: False for question in knowledge.load().urgent_questions}
    row = wait(clinic.reception, calm)
    reason, monday = knowledge.load().override_reasons[0].id, date(2026, 11, 30)
    triage.decide(clinic.nurse, row.id, row.version, triage.Choice(5, "conservative_first", "", reason))
    seen = encounters.get(clinic.reception, row.id).version
    returns.ask_back(clinic.reception, row.id, seen, Day(monday), "no_slot_today")
    assert timetable.effect_of_days(clinic.admin, monday, monday, None).returns == 1
    assert timetable.effect_of_days(clinic.admin, monday, monday, SHORT).returns == 0
    other = wait(clinic.reception, calm, family_name="森")
    returns.ask_back(clinic.reception, other.id, other.version, Day(monday, time(16)), "no_slot_today")
    assert timetable.effect_of_days(clinic.admin, monday, monday, SHORT).returns == 1  # the afternoon would be closed
    assert timetable.effect_of_week(clinic.admin, (None, *[USUAL] * 5, None), HOLIDAY).returns == 2


def test_a_paper_tells_the_hours_in_runs_of_days_and_which_days_close_soon(clinic: Clinic) -> None:
    timetable.decide_holidays(clinic.admin, [HOLIDAY, date(2027, 1, 1)], CLOSED)
    told = timetable.told_to_patients(clinic.site_id)
    assert told == {"hours_of_week": [(0, 5, USUAL), (6, 6, None)], "closed_soon": [HOLIDAY], "others_soon": []}
    hours.add_days(clinic.admin, FRIDAY, FRIDAY, OTHER_HOURS, "Staff meeting", SHORT)
    assert timetable.told_to_patients(clinic.site_id)["others_soon"] == [(FRIDAY, SHORT)]
    assert timetable.told_to_patients(clinic.site_id, date(2027, 1, 5))["closed_soon"] == [HOLIDAY, date(2027, 1, 1)]
    assert spans((USUAL, USUAL, SHORT, USUAL, None, None, None)) == [
        (0, 1, USUAL), (2, 2, SHORT), (3, 3, USUAL), (4, 6, None),
    ]  # fmt: skip
