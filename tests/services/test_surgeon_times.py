"""A surgeon's week, operating days and absences: the free times follow, what is booked is moved, never forgotten."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from tests.at_once import at_once
from tests.builders import Clinic, add_patient, build_clinic
from triage import clock
from triage.db import session
from triage.domain.errors import Conflict, Invalid, NotFound, Refused
from triage.domain.hours import CLOSED, Opening
from triage.domain.surgeon_days import ALWAYS, NONE, OWN_HOURS, Plan, Plans
from triage.services import appointment_days, appointments, displaced, hours, slots, surgeon_days, surgeon_times
from triage.services.appointments import Wish

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)  # a Friday, noon on the clinic's wall
TODAY, MONDAY = date(2026, 11, 20), date(2026, 11, 30)
MORNINGS = Plan(OWN_HOURS, Opening(time(9, 30), time(12)), operates=True)


@pytest.fixture(autouse=True)
def _in_november() -> Iterator[None]:
    with clock.at(NOW):
        yield


def at(text: str, day: date = MONDAY) -> datetime:
    return datetime.fromisoformat(f"{day}T{text}+09:00")


def book(clinic: Clinic, text: str = "10:00", day: date = MONDAY, kind: str = "first_visit", what: str = "") -> str:
    wish = Wish(kind, what or clinic.surgeon.staff_id, at(text, day))
    return appointments.book(clinic.reception, add_patient(clinic.reception).id, wish)


def refused(code: str, clinic: Clinic, *given: object, **more: object) -> None:
    with pytest.raises(Refused) as told:
        book(clinic, *given, **more)  # type: ignore[arg-type]
    assert told.value.code == code


def week(monday: Plan) -> Plans:
    return (monday, *ALWAYS[1:])


def give_week(clinic: Clinic, monday: Plan, seen: int = 0, day: date = TODAY) -> int:
    return surgeon_times.set_week(clinic.reception, clinic.surgeon.staff_id, week(monday), day, seen)


def away(clinic: Clinic, first: date = MONDAY, last: date = MONDAY, reason: str = "congress") -> int:
    return surgeon_times.add_absence(clinic.reception, clinic.surgeon.staff_id, first, last, reason)


def free(clinic: Clinic, day: date = MONDAY, minutes: int = 30) -> list[datetime]:
    resource = next(one for one in slots.resources(clinic.reception, day) if one.id == clinic.surgeon.staff_id)
    return slots.free_starts(clinic.reception, resource, day, minutes)


def to_move(clinic: Clinic) -> list[tuple[str, str]]:
    session.close()
    return [(row.id, row.to_move) for row in displaced.list_to_move(clinic.reception)[0]]


def test_on_an_operating_day_only_the_hours_of_consultation_can_be_booked(clinic: Clinic) -> None:
    assert give_week(clinic, MORNINGS) == 0
    assert (free(clinic)[0], free(clinic)[-1]) == (at("09:30"), at("11:30"))
    refused("surgeon_operates", clinic, "14:00")
    assert book(clinic, "11:00")
    assert free(clinic, MONDAY + timedelta(days=1))[-1] == at("17:30", MONDAY + timedelta(days=1))


def test_a_weekday_without_consultations_offers_nothing(clinic: Clinic) -> None:
    give_week(clinic, Plan(NONE))
    assert free(clinic) == []
    refused("surgeon_off", clinic)
    assert book(clinic, what=clinic.surgeon2.staff_id)
    assert book(clinic, kind="ct", what="ct")


def test_a_surgeon_who_is_away_is_booked_by_nobody(clinic: Clinic) -> None:
    away(clinic, MONDAY, MONDAY + timedelta(days=2))
    refused("surgeon_absent", clinic)
    assert free(clinic, MONDAY + timedelta(days=2)) == []
    assert book(clinic, day=MONDAY + timedelta(days=3))
    column = next(c for c in appointment_days.look(clinic.reception, MONDAY).columns if c.day.absence)
    assert (column.resource.id, column.gaps) == (clinic.surgeon.staff_id, [])


def test_bookings_in_a_new_absence_stand_to_be_moved_until_dealt_with(clinic: Clinic) -> None:
    first, second, third = book(clinic, "10:00"), book(clinic, "11:00"), book(clinic, "13:00")
    other = book(clinic, "10:00", what=clinic.surgeon2.staff_id)
    assert away(clinic) == 3
    assert to_move(clinic) == [(first, "absent"), (second, "absent"), (third, "absent")]
    appointments.move(clinic.reception, first, 2, clinic.surgeon2.staff_id, at("10:30"), "clinic")
    appointments.cancel(clinic.reception, second, 2, "patient")
    assert to_move(clinic) == [(third, "absent")]
    assert appointments.get(clinic.reception, other).to_move == ""


def test_an_absence_taken_back_lets_what_is_booked_stand_again(clinic: Clinic) -> None:
    made = book(clinic)
    away(clinic)
    (absence,) = surgeon_times.find(clinic.reception, clinic.surgeon.staff_id).absences
    assert surgeon_times.withdraw_absence(clinic.reception, absence.id) == clinic.surgeon.staff_id
    assert (to_move(clinic), appointments.get(clinic.reception, made).status) == ([], "booked")
    with pytest.raises(Conflict):
        surgeon_times.withdraw_absence(clinic.reception, absence.id)


def test_a_closed_day_and_a_new_week_put_their_bookings_on_the_same_list(clinic: Clinic) -> None:
    made = book(clinic, "14:00")
    assert give_week(clinic, MORNINGS) == 1
    assert to_move(clinic) == [(made, "operates")]
    hours.add_days(clinic.admin, MONDAY, MONDAY, CLOSED, "Flood")
    assert to_move(clinic) == [(made, "closed")]


def test_of_a_booking_and_an_absence_at_once_none_is_lost(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception).id
    session.remove()
    wish = Wish("first_visit", clinic.surgeon.staff_id, at("10:00"))
    told = at_once(lambda: appointments.book(clinic.reception, patient, wish), lambda: away(clinic))
    booked_first = not told
    assert [error.code for error in told] == ([] if booked_first else ["surgeon_absent"])
    assert len(to_move(clinic)) == int(booked_first)  # booked, and then on the list; or refused


def test_what_cannot_be_is_refused_at_its_field(clinic: Clinic) -> None:
    for first, last, reason, field in (
        (TODAY - timedelta(days=1), MONDAY, "leave", "first"), (MONDAY, TODAY, "leave", "last"),
        (MONDAY, date(2028, 1, 1), "leave", "last"), (MONDAY, MONDAY, "tired", "reason"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as wrong:
            away(clinic, first, last, reason)
        assert list(wrong.value.fields) == [field]
    with pytest.raises(Invalid) as wrong:
        give_week(clinic, Plan(OWN_HOURS, Opening(time(12), time(9))))
    assert list(wrong.value.fields) == ["day0"]
    away(clinic)
    with pytest.raises(Conflict):
        away(clinic, MONDAY - timedelta(days=2), MONDAY + timedelta(days=2))


def test_a_week_given_on_an_old_page_changes_nothing(clinic: Clinic) -> None:
    give_week(clinic, MORNINGS)
    with pytest.raises(Conflict):
        give_week(clinic, Plan(NONE))
    with pytest.raises(Refused):
        give_week(clinic, MORNINGS, 1)
    assert give_week(clinic, Plan(NONE), 1) == 0
    assert len(surgeon_times.list_weeks(clinic.reception, clinic.surgeon.staff_id)) == 2


def test_another_sites_surgeons_are_not_found(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    away(clinic)
    (absence,) = surgeon_times.find(clinic.reception, clinic.surgeon.staff_id).absences
    with pytest.raises(NotFound):
        surgeon_times.add_absence(other.reception, clinic.surgeon.staff_id, MONDAY, MONDAY, "leave")
    with pytest.raises(NotFound):
        surgeon_times.withdraw_absence(other.reception, absence.id)
    with pytest.raises(NotFound):
        surgeon_times.add_absence(clinic.reception, clinic.nurse.staff_id, MONDAY, MONDAY, "leave")


@pytest.mark.parametrize("table", ["surgeon_week", "kept_share"])
def test_what_was_given_is_never_edited(clinic: Clinic, table: str) -> None:
    give_week(clinic, MORNINGS)
    surgeon_times.set_share(clinic.admin, 2)
    for statement in (f"UPDATE {table} SET at = at", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="append-only"):
            session.connection().exec_driver_sql(statement)
        session.rollback()


def test_a_share_of_each_day_stays_free_until_the_day_itself(clinic: Clinic) -> None:
    assert surgeon_days.kept_per_hour(clinic.site_id) == 1
    for text in ("09:30", "10:00", "10:30"):  # of the first two hours an hour and a half
        book(clinic, text)
    refused("kept_for_today", clinic, "11:00")
    assert [moment for moment in free(clinic) if moment < at("11:15")] == []
    with clock.at(at("08:00")):  # the day has come
        assert free(clinic)[0] == at("11:00")
        assert book(clinic, "11:00")


def test_the_share_is_the_sites_own_and_can_be_none(clinic: Clinic) -> None:
    surgeon_times.set_share(clinic.admin, 0)
    for text in ("09:30", "10:00", "10:30", "11:00"):
        assert book(clinic, text)
    with pytest.raises(Refused):
        surgeon_times.set_share(clinic.admin, 0)
    with pytest.raises(Invalid):
        surgeon_times.set_share(clinic.admin, 4)


def test_an_hours_procedure_fits_beside_the_share(clinic: Clinic) -> None:
    wish = Wish("same_day_procedure", clinic.surgeon.staff_id, at("09:30"), procedure="PLDD")
    assert appointments.book(clinic.reception, add_patient(clinic.reception).id, wish)
