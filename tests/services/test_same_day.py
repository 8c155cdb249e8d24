"""Same-day appointments and procedures: urgent cases first, and an emergency needs no time at all."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.at_once import at_once
from tests.builders import Clinic, add_patient, arrive, build_clinic, wait
from tests.decisions import operation
from triage import clock, knowledge
from triage.db import session
from triage.domain.errors import Conflict, NotFound, Refused, Stale
from triage.models import AuditEvent, Encounter
from triage.services import appointment_requests, appointments, consults, emergencies, encounters, same_day, triage
from triage.services.appointment_requests import Asked
from triage.services.appointments import Wish
from triage.services.same_day import TO_QUEUE

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)  # a Friday, noon on the clinic's wall
TODAY, MONDAY = date(2026, 11, 20), date(2026, 11, 30)
PLDD = "PLDD"


@pytest.fixture(autouse=True)
def _in_november() -> Iterator[None]:
    with clock.at(NOW):
        yield


def ask(clinic: Clinic, ago: int = 10, **more: object) -> str:
    """Enter a request for today that came so many minutes ago."""
    values = {"channel": "telephone", "name": "山本 和夫", "contact": "090", "kind": "first_visit", "urgent": "no"}
    asked = {**values, "same_day": True, **more}
    return appointment_requests.enter(clinic.reception, Asked(received_at=NOW - timedelta(minutes=ago), **asked))  # type: ignore[arg-type]


def wish(clinic: Clinic, text: str = "14:00", day: date = TODAY, kind: str = "first_visit", **more: str) -> Wish:
    return Wish(kind, clinic.surgeon.staff_id, datetime.fromisoformat(f"{day}T{text}+09:00"), **more)


def book(clinic: Clinic, asked: str = "", skip: str = "", why: str = "", **more: object) -> str:
    patient = str(more.pop("patient", "")) or add_patient(clinic.reception).id
    return appointments.book(clinic.reception, patient, wish(clinic, **more), asked, skip, why=why)  # type: ignore[arg-type]


def line(clinic: Clinic) -> list[str]:
    session.close()
    return [one.request.id for one in same_day.list_waiting(clinic.reception)]


def emergency(clinic: Clinic) -> str:
    """Return a patient who is here and was found to be an emergency."""
    row = wait(clinic.reception)
    emergencies.raise_(clinic.nurse, row.id, "numb legs")
    return row.patient_id


def refused(code: str, clinic: Clinic, *given: str, **more: object) -> None:
    with pytest.raises(Refused) as told:
        book(clinic, *given, **more)  # type: ignore[arg-type]
    assert told.value.code == code


def test_an_emergency_stands_first_then_a_told_sign_then_the_order_of_application(clinic: Clinic) -> None:
    routine, later = ask(clinic, 500), ask(clinic, 300)
    told = ask(clinic, 5, urgent="yes")
    pinned = ask(clinic, 1, patient_id=emergency(clinic))
    other_day = ask(clinic, 900, same_day=False)
    assert line(clinic) == [pinned, told, routine, later]
    assert other_day not in line(clinic)


def test_who_is_urgent_stands_on_todays_list_whatever_day_was_asked_for(clinic: Clinic) -> None:
    told = ask(clinic, 5, urgent="yes", same_day=False)
    pinned = ask(clinic, 1, same_day=False, patient_id=emergency(clinic))
    routine = ask(clinic, 500)
    assert line(clinic) == [pinned, told, routine]


def test_answering_another_before_an_urgent_one_is_refused_without_written_words(clinic: Clinic) -> None:
    routine, told = ask(clinic, 500), ask(clinic, 5, urgent="yes")
    refused("others_first", clinic, routine)
    refused("urgent_first", clinic, routine, "not_reached")  # a coded reason alone does not do
    refused("urgent_first", clinic, routine, "not_reached", "   ")
    made = book(clinic, routine, "not_reached", "called three times, the ambulance has her")
    assert appointments.get(clinic.reception, made).request_id == routine
    assert appointment_requests.get(clinic.reception, routine).note.startswith("called three times")
    event = session.scalars(select(AuditEvent).where(AuditEvent.name == "appointment_booked")).one()
    assert event.patient_id
    assert line(clinic) == [told]


def test_a_time_today_is_given_to_nobody_else_while_an_urgent_patient_waits(clinic: Clinic) -> None:
    told = ask(clinic, 5, urgent="yes")
    refused("urgent_first", clinic)  # without a request too: from the day's page
    assert book(clinic, day=MONDAY)  # another day takes nothing away from today
    assert book(clinic, text="15:00", patient=emergency(clinic))  # who is worse does not wait for it
    assert book(clinic, told)
    assert book(clinic, text="16:00")


def test_an_urgent_request_is_not_put_off_to_another_day_without_words(clinic: Clinic) -> None:
    told = ask(clinic, 5, urgent="yes")
    refused("urgent_today", clinic, told, day=MONDAY)
    assert book(clinic, told, why="seen by the family doctor today", day=MONDAY)


def test_an_emergency_needs_no_time_and_goes_to_the_queue_at_once(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    asked = ask(clinic, 5, urgent="yes", patient_id=patient.id)
    opened = same_day.send_to_queue(clinic.reception, asked, 1, is_emergency=True)
    encounter = encounters.get(clinic.reception, opened)
    assert (encounter.stage, encounter.acuity, encounter.patient_id) == ("emergency", 2, patient.id)
    request = appointment_requests.get(clinic.reception, asked)
    assert (request.status, request.reason) == ("closed", TO_QUEUE)
    assert line(clinic) == []
    assert same_day.send_to_queue(clinic.reception, asked, 1, is_emergency=True) == opened  # pressed twice


def test_who_is_here_already_keeps_the_visit_and_the_place(clinic: Clinic) -> None:
    row = arrive(clinic.reception)
    asked = ask(clinic, patient_id=row.patient_id)
    assert same_day.send_to_queue(clinic.reception, asked, 1) == row.id
    assert session.scalar(select(func.count()).select_from(Encounter)) == 1


def test_two_desks_that_send_one_patient_to_the_queue_make_one_visit(clinic: Clinic) -> None:
    asked = ask(clinic, patient_id=add_patient(clinic.reception).id)
    session.remove()
    assert at_once(*[lambda: same_day.send_to_queue(clinic.reception, asked, 1)] * 4) == []
    assert session.scalar(select(func.count()).select_from(Encounter)) == 1


def test_what_was_answered_meanwhile_is_not_sent_to_the_queue(clinic: Clinic) -> None:
    asked = ask(clinic)
    with pytest.raises(Refused):
        same_day.send_to_queue(clinic.reception, asked, 1)  # nobody has said who it is
    with pytest.raises(Stale):
        same_day.send_to_queue(clinic.reception, asked, 7, add_patient(clinic.reception).id)
    book(clinic, asked)
    with pytest.raises(Conflict):
        same_day.send_to_queue(clinic.reception, asked, 1, add_patient(clinic.reception).id)
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    with pytest.raises(NotFound):
        same_day.send_to_queue(other.reception, asked, 1)


def decided(clinic: Clinic, procedure: str = PLDD) -> tuple[str, str]:
    """Return a signed decision for a procedure, and its patient."""
    row = wait(clinic.reception, {question.id: False for question in knowledge.load().urgent_questions})
    reason = knowledge.load().override_reasons[0].id
    triage.decide(clinic.nurse, row.id, row.version, triage.Choice(4, "specialist_consult", "", reason, without="soon"))
    version = encounters.get(clinic.surgeon, row.id).version
    return consults.decide(clinic.surgeon, row.id, version, operation(procedure)), row.patient_id


def test_a_procedure_without_admission_is_booked_today_from_the_surgeons_decision(clinic: Clinic) -> None:
    decision, patient = decided(clinic)
    procedure = wish(clinic, kind="same_day_procedure", procedure=PLDD, decision_id=decision)
    made = appointments.get(clinic.surgeon, appointments.book(clinic.surgeon, patient, procedure))
    assert (made.procedure, made.decision_id, made.day, made.minutes) == (PLDD, decision, TODAY, 60)
    assert [one.id for one in same_day.list_booked(clinic.reception)] == [made.id]


@pytest.mark.parametrize("procedure", ["", "PLIF", "MED", "tea"])
def test_what_needs_an_admission_is_no_same_day_procedure(clinic: Clinic, procedure: str) -> None:
    refused("same_day_procedure_needed", clinic, kind="same_day_procedure", procedure=procedure)


def test_a_decision_about_somebody_or_something_else_is_refused(clinic: Clinic) -> None:
    decision, patient = decided(clinic)
    asked = {"kind": "same_day_procedure", "decision_id": decision}
    refused("other_decision", clinic, procedure=PLDD, **asked)
    refused("other_decision", clinic, procedure="PODD", patient=patient, **asked)
    refused("other_decision", clinic, kind="same_day_procedure", procedure=PLDD, decision_id="nothing")


def test_a_same_day_procedure_goes_before_no_urgent_patient(clinic: Clinic) -> None:
    ask(clinic, urgent="yes")
    refused("urgent_first", clinic, kind="same_day_procedure", procedure=PLDD)
