"""Appointments: nobody's time is given twice, requests are answered in their order, who arrives joins the queue."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.at_once import at_once
from tests.builders import Clinic, add_patient, arrive, build_clinic
from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound, Refused, Stale
from triage.domain.hours import CLOSED
from triage.models import Appointment, AuditEvent, BookedSlot, Encounter, Grant, Patient
from triage.services import appointments, callers, encounters, hours, slots
from triage.services.appointments import Wish
from triage.services.audit import record

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)  # a Friday, noon on the clinic's wall
MONDAY = date(2026, 11, 30)


@pytest.fixture(autouse=True)
def _in_november() -> object:
    with clock.at(NOW):
        yield


def at(text: str, day: date = MONDAY) -> datetime:
    """Return the moment at which the clinic's clock shows this time."""
    return datetime.fromisoformat(f"{day}T{text}+09:00")


def wish(clinic: Clinic, text: str = "10:00", kind: str = "first_visit", what: str = "", day: date = MONDAY) -> Wish:
    return Wish(kind, what or clinic.surgeon.staff_id, at(text, day))


def book(clinic: Clinic, text: str = "10:00", **more: str) -> Appointment:
    made = appointments.book(clinic.reception, add_patient(clinic.reception).id, wish(clinic, text, **more))
    return appointments.get(clinic.reception, made)


def taken() -> int:
    session.close()
    return session.scalar(select(func.count()).select_from(BookedSlot)) or 0


# --- no double booking ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", ["09:45", "10:00", "10:15"])
def test_a_surgeon_is_not_booked_twice_for_the_same_minute(clinic: Clinic, second: str) -> None:
    book(clinic, "10:00")
    with pytest.raises(Conflict) as refused:
        book(clinic, second)
    assert refused.value.code == "slot_taken"
    assert taken() == 4  # two quarters of the surgeon's, two of the patient's
    assert book(clinic, "10:30").status == "booked"
    assert book(clinic, "10:00", what=clinic.surgeon2.staff_id).status == "booked"


def test_a_machine_is_not_booked_twice(clinic: Clinic) -> None:
    book(clinic, "10:00", kind="ct", what="ct")
    with pytest.raises(Conflict):
        book(clinic, "10:15", kind="ct", what="ct")
    assert book(clinic, "10:15", kind="xray", what="xray").modality == "xray"


def test_a_patient_is_not_booked_in_two_places_at_once(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    appointments.book(clinic.reception, patient.id, wish(clinic, "10:00"))
    with pytest.raises(Conflict) as refused:
        appointments.book(clinic.reception, patient.id, wish(clinic, "10:15", "ct", "ct"))
    assert refused.value.code == "patient_has_appointment"
    assert appointments.book(clinic.reception, patient.id, wish(clinic, "10:30", "ct", "ct"))


def test_of_twelve_desks_that_book_the_same_minute_at_once_one_does(clinic: Clinic) -> None:
    patients = [add_patient(clinic.reception).id for _ in range(12)]
    session.remove()
    told = at_once(*[lambda p=one: appointments.book(clinic.reception, p, wish(clinic, "10:00")) for one in patients])
    assert [error.code for error in told] == ["slot_taken"] * 11
    assert taken() == 4


def test_overlapping_appointments_at_once_leave_no_minute_given_twice(clinic: Clinic) -> None:
    times = ["10:00", "10:15", "10:30", "10:45", "11:00", "11:15"] * 2
    patients = [add_patient(clinic.reception).id for _ in times]
    session.remove()
    told = at_once(*[
        lambda p=one, t=text: appointments.book(clinic.reception, p, wish(clinic, t))
        for one, text in zip(patients, times, strict=True)
    ])  # fmt: skip
    booked = session.scalars(select(Appointment).order_by(Appointment.starts_at)).all()
    assert len(booked) + len(told) == 12
    assert all(b.starts_at - a.starts_at >= timedelta(minutes=30) for a, b in zip(booked, booked[1:], strict=False))
    assert taken() == 4 * len(booked)


def test_one_patient_booked_at_many_desks_at_once_is_in_one_place(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception).id
    session.remove()
    wishes = [wish(clinic), wish(clinic, what=clinic.surgeon2.staff_id), wish(clinic, "10:00", "ct", "ct")] * 2
    told = at_once(*[lambda w=one: appointments.book(clinic.reception, patient, w) for one in wishes])
    assert len(told) == 5
    assert {error.code for error in told} <= {"slot_taken", "patient_has_appointment"}
    assert session.scalar(select(func.count()).select_from(Appointment)) == 1


def test_the_database_itself_refuses_a_minute_given_twice(clinic: Clinic) -> None:
    made = book(clinic)
    session.add(BookedSlot(what=clinic.surgeon.staff_id, starts_at=at("10:15"), appointment_id=made.id))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_a_surgeon_of_two_sites_is_booked_at_one_of_them(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    _also_at(other.admin, clinic.surgeon)
    uses = [(desk.reception, add_patient(desk.reception).id) for _ in range(3) for desk in (clinic, other)]
    session.remove()
    told = at_once(*[lambda d=desk, p=one: appointments.book(d, p, wish(clinic)) for desk, one in uses])
    assert [error.code for error in told] == ["slot_taken"] * 5


@verb
def _also_at(actor: Actor, surgeon: Actor) -> None:
    """Let a surgeon work at the actor's site too."""
    day = date(2020, 1, 1)
    session.add(Grant(staff_id=surgeon.staff_id, site_id=actor.site_id, role="surgeon", valid_from=day))
    record(actor, "role_granted", whose=surgeon.staff_id, role="surgeon", valid_from=str(day), valid_until="")


def test_the_same_form_sent_twice_books_one(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception).id
    made = {appointments.book(clinic.reception, patient, wish(clinic), request_id="twice") for _ in range(2)}
    assert len(made) == 1


# --- within the hours ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day", "code"),
    [
        ("09:15", MONDAY, "outside_hours"),
        ("17:45", MONDAY, "outside_hours"),  # half an hour ends after six
        ("10:00", date(2026, 11, 29), "outside_hours"),  # a Sunday
        ("10:07", MONDAY, "no_such_slot"),
        ("11:30", date(2026, 11, 20), "time_is_over"),
        ("10:00", date(2026, 11, 19), "time_is_over"),
    ],
)
def test_a_time_that_cannot_be_is_refused(clinic: Clinic, text: str, day: date, code: str) -> None:
    with pytest.raises(Refused) as refused:
        appointments.book(clinic.reception, add_patient(clinic.reception).id, wish(clinic, text, day=day))
    assert refused.value.code == code
    assert taken() == 0


def test_the_last_appointment_ends_when_the_clinic_closes(clinic: Clinic) -> None:
    assert book(clinic, "17:30").minutes == 30
    assert slots.free_starts(clinic.reception, _surgeon(clinic), MONDAY, 30)[-1] == at("17:00")


def _surgeon(clinic: Clinic) -> slots.Resource:
    found = slots.resources(clinic.reception, MONDAY)
    return next(one for one in found if one.id == clinic.surgeon.staff_id)


def test_free_times_are_those_that_can_be_booked(clinic: Clinic) -> None:
    book(clinic, "10:00")
    free = slots.free_starts(clinic.reception, _surgeon(clinic), MONDAY, 30)
    assert [moment for moment in (at("09:30"), at("09:45"), at("10:15"), at("10:30")) if moment in free] == [
        at("09:30"), at("10:30"),
    ]  # fmt: skip
    hours.add_days(clinic.admin, MONDAY, MONDAY, CLOSED, "Holiday")
    assert slots.free_starts(clinic.reception, _surgeon(clinic), MONDAY, 30) == []


@pytest.mark.parametrize(("kind", "what"), [("ct", "surgeon"), ("first_visit", "ct"), ("mri", "mri"), ("tea", "ct")])
def test_who_does_not_fit_the_kind_is_refused(clinic: Clinic, kind: str, what: str) -> None:
    chosen = clinic.surgeon.staff_id if what == "surgeon" else what
    with pytest.raises(Refused) as refused:
        appointments.book(clinic.reception, add_patient(clinic.reception).id, wish(clinic, kind=kind, what=chosen))
    assert refused.value.code == "resource_needed"
    with pytest.raises(Refused):
        appointments.book(clinic.reception, add_patient(clinic.reception).id, wish(clinic, what=clinic.nurse.staff_id))


# --- moved, cancelled, missed --------------------------------------------------------------------------------------


def test_a_moved_appointment_frees_its_time_and_keeps_its_history(clinic: Clinic) -> None:
    made = book(clinic)
    with clock.at(NOW + timedelta(minutes=5)):
        appointments.move(clinic.reception, made.id, made.version, clinic.surgeon2.staff_id, at("10:15"), "clinic")
    moved = appointments.get(clinic.reception, made.id)
    assert (moved.starts_at, moved.staff_id) == (at("10:15"), clinic.surgeon2.staff_id)
    assert [(step.step, step.reason) for step in appointments.history(moved)] == [("book", ""), ("move", "clinic")]
    assert book(clinic, "10:00").status == "booked"
    assert taken() == 8


def test_a_move_into_taken_time_changes_nothing(clinic: Clinic) -> None:
    made, other = book(clinic, "10:00"), book(clinic, "11:00")
    with pytest.raises(Conflict):
        appointments.move(clinic.reception, made.id, made.version, clinic.surgeon.staff_id, at("10:45"), "patient")
    assert appointments.get(clinic.reception, made.id).starts_at == at("10:00")
    assert appointments.get(clinic.reception, other.id).starts_at == at("11:00")
    assert taken() == 8


def test_a_cancelled_appointment_frees_its_time_and_needs_a_reason(clinic: Clinic) -> None:
    made = book(clinic)
    with pytest.raises(Refused):
        appointments.cancel(clinic.reception, made.id, made.version, "because")
    appointments.cancel(clinic.reception, made.id, made.version, "patient", "has a cold")
    assert taken() == 0
    with pytest.raises(Conflict):
        appointments.move(clinic.reception, made.id, 2, clinic.surgeon.staff_id, at("11:00"), "patient")


def test_of_two_desks_that_move_and_cancel_at_once_one_does(clinic: Clinic) -> None:
    made = book(clinic)
    told = at_once(
        lambda: appointments.move(clinic.reception, made.id, 1, clinic.surgeon.staff_id, at("11:00"), "patient"),
        lambda: appointments.cancel(clinic.nurse, made.id, 1, "patient"),
    )
    assert [type(error) for error in told] == [Stale]
    left = appointments.get(clinic.reception, made.id)
    assert (left.status, taken()) in {("booked", 4), ("cancelled", 0)}


def test_the_steps_of_an_appointment_are_never_edited(clinic: Clinic) -> None:
    book(clinic)
    for statement in ("UPDATE appointment_step SET note = 'x'", "DELETE FROM appointment_step"):
        with pytest.raises(DBAPIError, match="append-only"):
            session.connection().exec_driver_sql(statement)
        session.rollback()


# --- arriving ------------------------------------------------------------------------------------------------------


def test_who_arrives_for_an_appointment_joins_the_queue_as_everybody_does(clinic: Clinic) -> None:
    made = book(clinic)
    with pytest.raises(Refused) as early:
        appointments.arrive(clinic.reception, made.id)
    assert early.value.code == "not_today"
    with clock.at(at("09:50")):
        encounter = encounters.get(clinic.reception, appointments.arrive(clinic.reception, made.id))
        assert (encounter.stage, encounter.ticket, encounter.acuity) == ("registered", "A001", None)
        assert appointments.arrive(clinic.reception, made.id) == encounter.id
        kept = appointments.get(clinic.reception, made.id)
        assert (kept.status, kept.encounter_id) == ("arrived", encounter.id)
        assert session.scalar(select(func.count()).select_from(Encounter)) == 1


def test_two_desks_that_check_one_patient_in_at_once_make_one_visit(clinic: Clinic) -> None:
    made = book(clinic)

    with clock.at(at("09:50")):
        assert at_once(*[lambda: appointments.arrive(clinic.reception, made.id)] * 4) == []
    assert session.scalar(select(func.count()).select_from(Encounter)) == 1


def test_whoever_is_checked_in_without_a_word_of_the_appointment_has_kept_it_all_the_same(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    first = appointments.book(clinic.reception, patient.id, wish(clinic, "10:00", "ct", "ct"))
    second = appointments.book(clinic.reception, patient.id, wish(clinic, "11:00"))
    later = appointments.book(clinic.reception, patient.id, wish(clinic, "11:00", day=date(2026, 12, 1)))
    with clock.at(at("09:40")):
        encounter_id = encounters.check_in(clinic.reception, patient.id, "")
    found = [appointments.get(clinic.reception, one) for one in (first, second, later)]
    assert [one.status for one in found] == ["arrived", "arrived", "booked"]
    assert found[1].encounter_id == encounter_id


def test_who_was_noted_absent_and_comes_late_has_come(clinic: Clinic) -> None:
    made = book(clinic)
    with pytest.raises(Refused):
        appointments.note_absent(clinic.reception, made.id, 1)
    with clock.at(at("11:00")):
        appointments.note_absent(clinic.reception, made.id, 1)
        assert taken() == 0
        appointments.arrive(clinic.reception, made.id)
        assert appointments.get(clinic.reception, made.id).status == "arrived"


def test_nobody_who_did_not_come_is_forgotten(clinic: Clinic) -> None:
    made = book(clinic)
    assert appointments.list_unsettled(clinic.reception) == []
    with clock.at(at("10:00", MONDAY + timedelta(days=1))):
        assert [one.id for one in appointments.list_unsettled(clinic.reception)] == [made.id]
        appointments.note_absent(clinic.reception, made.id, 1)
        assert appointments.list_unsettled(clinic.reception) == []


def test_another_site_sees_nothing_of_it(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    made = book(clinic)
    for use in (
        lambda: appointments.get(other.reception, made.id),
        lambda: appointments.cancel(other.reception, made.id, 1, "patient"),
        lambda: appointments.arrive(other.reception, made.id),
        lambda: appointments.get(clinic.admin, made.id),
    ):
        with pytest.raises(NotFound):
            use()


def test_a_booked_patient_who_is_here_already_is_not_checked_in_twice(clinic: Clinic) -> None:
    with clock.at(at("09:40")):
        encounter = arrive(clinic.reception)
        made = appointments.book(clinic.reception, encounter.patient_id, wish(clinic, "10:00"))
        assert appointments.arrive(clinic.reception, made) == encounter.id


# --- a new patient on the telephone --------------------------------------------------------------------------------

CALLER = {"family_name": "林", "given_name": "凛", "family_kana": "ハヤシ", "given_kana": "リン", "phone": "0742-11"}


def call(clinic: Clinic, text: str = "10:00", different: tuple[str, ...] = (), key: str = "", **changed: object) -> str:
    """Book for somebody new on the telephone."""
    person = {"birth_date": date(1980, 1, 1), **CALLER, **changed}
    return appointments.book_caller(clinic.reception, person, different, wish(clinic, text), ("", "", key, ""))


def test_a_new_patient_on_the_telephone_is_added_and_booked_in_one_step_not_verified(clinic: Clinic) -> None:
    made = appointments.get(clinic.reception, call(clinic, key="one"))
    assert (made.patient.name, made.patient.unverified, made.patient.phone) == ("林 凛", True, "0742-11")
    assert call(clinic, key="one") == made.id  # the same form a second time
    assert session.scalar(select(func.count()).select_from(Patient)) == 1
    callers.verify(clinic.reception, made.patient_id)
    callers.verify(clinic.reception, made.patient_id)
    assert not appointments.get(clinic.reception, made.id).patient.unverified
    assert session.scalar(select(func.count()).where(AuditEvent.name == "patient_verified")) == 1


def test_a_time_that_was_taken_adds_nobody(clinic: Clinic) -> None:
    book(clinic, "10:00")
    with pytest.raises(Conflict) as refused:
        call(clinic, "10:15")
    assert refused.value.code == "slot_taken"
    assert session.scalar(select(func.count()).select_from(Patient)) == 1


def test_who_may_be_on_file_is_asked_first(clinic: Clinic) -> None:
    known = appointments.get(clinic.reception, call(clinic)).patient_id
    with pytest.raises(Conflict) as refused:
        call(clinic, "11:00")
    assert refused.value.code == "maybe_on_file"
    other = appointments.get(clinic.reception, call(clinic, "11:00", (known,)))
    assert (other.patient_id != known, other.patient.same_name) == (True, True)
