"""The time of an examination on its machine: booked at one press, in step with the order, never given twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

import pytest
from sqlalchemy import func, select

from tests.at_once import at_once
from tests.builders import Clinic, build_clinic, wait
from triage import clock, knowledge
from triage.db import session
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.hours import OTHER_HOURS, Opening
from triage.models import Appointment, AuditEvent, BookedSlot, ImagingOrder
from triage.services import (
    appointments,
    emergencies,
    encounters,
    hours,
    imaging,
    imaging_times,
    live,
    order_times,
    slots,
    triage,
)
from triage.services.appointments import Wish
from triage.services.organisations import today

#: Over by now, and on every other day too short for an examination.
TOO_SHORT = Opening(time(9, 30), time(9, 45))
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)  # a Friday, noon on the clinic's wall


@pytest.fixture(autouse=True)
def _in_november() -> Iterator[None]:
    with clock.at(NOW):
        yield


def ordered(clinic: Clinic, route: str = "ct") -> ImagingOrder:
    """Return a doctor's order for a new patient."""
    row = wait(clinic.reception, {question.id: False for question in knowledge.load().urgent_questions})
    reason = knowledge.load().override_reasons[0].id
    triage.decide(clinic.nurse, row.id, row.version, triage.Choice(4, route, route, reason, without="soon"))
    session.close()
    encounter = encounters.get(clinic.nurse, row.id)
    (order,) = imaging.list_of(clinic.nurse, encounter)
    imaging.order(clinic.surgeon, order.id, order.version)
    return imaging.get(clinic.nurse, order.id)


def booked(clinic: Clinic, order: ImagingOrder) -> Appointment:
    made = imaging_times.book_next(clinic.radiographer, order.id)
    return appointments.get(clinic.reception, made)


def slots_taken() -> int:
    session.close()
    return session.scalar(select(func.count()).select_from(BookedSlot)) or 0


def test_one_press_books_the_next_free_time_of_the_orders_machine(clinic: Clinic) -> None:
    order = ordered(clinic)
    made = booked(clinic, order)
    assert (made.modality, made.order_id, made.encounter_id) == ("ct", order.id, order.encounter_id)
    assert (made.starts_at, made.patient_id) == (NOW, order.encounter.patient_id)
    assert order_times.of_orders([order.id]) == {order.id: made}
    assert imaging_times.book_next(clinic.nurse, order.id) == made.id  # pressed twice
    assert slots_taken() == 4


def test_a_machine_is_given_to_two_orders_one_after_the_other(clinic: Clinic) -> None:
    first, second = ordered(clinic), ordered(clinic)
    session.remove()
    told = at_once(*[lambda o=one: imaging_times.book_next(clinic.nurse, o.id) for one in (first, second)] * 2)
    times = sorted(session.scalars(select(Appointment.starts_at)))
    assert (told, len(times), (times[1] - times[0]).seconds) == ([], 2, 30 * 60)


def test_the_time_avoids_the_patients_other_appointments(clinic: Clinic) -> None:
    order = ordered(clinic)
    wish = Wish("first_visit", clinic.surgeon.staff_id, NOW)
    appointments.book(clinic.reception, order.encounter.patient_id, wish)
    assert (booked(clinic, order).starts_at - NOW).seconds == 30 * 60


def test_the_time_is_kept_when_the_examination_begins(clinic: Clinic) -> None:
    order = ordered(clinic, "xray")
    made = booked(clinic, order)
    imaging.start(clinic.radiographer, order.id, order.version, ["name", "birth_date"])
    assert appointments.get(clinic.reception, made.id).status == "arrived"


def test_the_time_is_free_again_when_the_order_is_called_off_or_cannot_be_done(clinic: Clinic) -> None:
    order, other = ordered(clinic), ordered(clinic)
    first, second = booked(clinic, order), booked(clinic, other)
    reason = knowledge.load().not_imaged_reasons[0].id
    imaging.cannot_image(clinic.radiographer, order.id, order.version, reason)
    emergencies.raise_(clinic.nurse, other.encounter_id, "cannot feel the legs")
    assert [appointments.get(clinic.reception, one.id).status for one in (first, second)] == ["cancelled"] * 2
    assert slots_taken() == 0
    with pytest.raises(Conflict):
        imaging_times.book_next(clinic.nurse, order.id)


def test_a_time_that_is_moved_or_cancelled_is_so_for_the_order_too(clinic: Clinic) -> None:
    order = ordered(clinic)
    made, before = booked(clinic, order), live.current_revision(clinic.nurse)
    later = datetime(2026, 11, 20, 6, tzinfo=UTC)
    appointments.move(clinic.nurse, made.id, made.version, "ct", later, "machine")
    assert order_times.of_orders([order.id])[order.id].starts_at == later
    assert live.current_revision(clinic.nurse) > before  # the radiographer's open list refreshes
    moved = appointments.get(clinic.nurse, made.id)
    appointments.cancel(clinic.nurse, moved.id, moved.version, "machine")
    assert order_times.of_orders([order.id]) == {}
    assert imaging_times.book_next(clinic.nurse, order.id) != made.id


def test_where_nothing_is_free_soon_somebody_chooses_a_day(clinic: Clinic) -> None:
    order, day = ordered(clinic), today(clinic.site_id)
    for _number in range(imaging_times.DAYS):
        day = hours.next_open(clinic.site_id, day)
        hours.add_days(clinic.admin, day, day, OTHER_HOURS, "short", TOO_SHORT)
        day = hours.next_open(clinic.site_id, day, after=1)
    with pytest.raises(Refused) as refused:
        imaging_times.book_next(clinic.nurse, order.id)
    assert refused.value.code == "nothing_free_soon"


def test_another_site_books_nothing_here(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    order = ordered(clinic)
    with pytest.raises(NotFound):
        imaging_times.book_next(other.nurse, order.id)
    assert slots.day_times(clinic.nurse, today(clinic.site_id)).kept == 0
    assert session.scalar(select(func.count()).where(AuditEvent.name == "appointment_booked")) == 0
