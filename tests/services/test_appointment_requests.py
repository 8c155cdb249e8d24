"""Requests for an appointment are answered in the order of application; who told of an urgent sign comes first."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.at_once import at_once
from tests.builders import Clinic, add_patient, build_clinic, wait
from triage import clock, knowledge
from triage.db import session
from triage.domain.errors import Conflict, Invalid, NotFound, Refused, Stale
from triage.models import AppointmentRequest
from triage.services import appointment_requests, appointments, encounters, triage
from triage.services.appointment_requests import Asked
from triage.services.appointments import Wish

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_november() -> object:
    with clock.at(NOW):
        yield


def ask(clinic: Clinic, ago: int, **more: object) -> str:
    """Enter a request that came so many minutes ago."""
    values = {"channel": "email", "name": "山本 和夫", "contact": "090", "kind": "first_visit", "urgent": "no"} | more
    return appointment_requests.enter(clinic.reception, Asked(received_at=NOW - timedelta(minutes=ago), **values))  # type: ignore[arg-type]


def order(clinic: Clinic) -> list[str]:
    session.close()
    return [row.id for row in appointment_requests.list_waiting(clinic.reception)]


def book(
    clinic: Clinic, asked: str, skip: str = "", text: str = "10:00", patient: str = "", day: str = "2026-11-30"
) -> str:
    starts_at = datetime.fromisoformat(f"{day}T{text}+09:00")
    wish = Wish("first_visit", clinic.surgeon.staff_id, starts_at)
    return appointments.book(clinic.reception, patient or add_patient(clinic.reception).id, wish, asked, skip)


def test_requests_stand_in_the_order_received_not_in_the_order_entered(clinic: Clinic) -> None:
    late, early, middle = ask(clinic, 5), ask(clinic, 500), ask(clinic, 60)
    assert order(clinic) == [early, middle, late]


def test_who_asked_first_is_answered_first_and_another_only_with_a_reason(clinic: Clinic) -> None:
    first, second = ask(clinic, 60), ask(clinic, 30)
    with pytest.raises(Refused) as refused:
        book(clinic, second)
    assert (refused.value.code, refused.value.params) == ("others_first", {"count": 1})
    with pytest.raises(Refused):
        book(clinic, second, "because")
    book(clinic, second, "not_reached")
    assert order(clinic) == [first]
    answered = appointment_requests.get(clinic.reception, second)
    assert (answered.status, answered.reason, answered.patient_id is not None) == ("booked", "not_reached", True)
    book(clinic, first, text="11:00")
    assert order(clinic) == []


def test_an_urgent_sign_goes_before_all_others_without_a_reason(clinic: Clinic) -> None:
    first, urgent = ask(clinic, 600), ask(clinic, 1, urgent="yes")
    assert order(clinic) == [urgent, first]
    with pytest.raises(Refused):
        book(clinic, first)
    book(clinic, urgent, text="14:00", day="2026-11-20")
    assert appointment_requests.get(clinic.reception, urgent).reason == ""


def test_nobody_asked_is_not_a_no(clinic: Clinic) -> None:
    asked = appointment_requests.get(clinic.reception, ask(clinic, 5, urgent="not_asked"))
    assert asked.urgent == "not_asked"
    with pytest.raises(Invalid):
        ask(clinic, 5, urgent="")


def test_those_for_today_stand_before_the_others_the_more_urgent_first(clinic: Clinic) -> None:
    calm = {question.id: False for question in knowledge.load().urgent_questions}
    reason, people = knowledge.load().override_reasons[0].id, {}
    for level in (4, 3):
        row = wait(clinic.reception, calm)
        version = encounters.get(clinic.nurse, row.id).version
        triage.decide(clinic.nurse, row.id, version, triage.Choice(level, "conservative_first", "", reason))
        people[level] = row.patient_id
    other_day = ask(clinic, 600)
    mild = ask(clinic, 60, same_day=True, patient_id=people[4])
    worse = ask(clinic, 10, same_day=True, patient_id=people[3])
    unknown = ask(clinic, 5, same_day=True)  # nobody has looked: before whoever was found able to wait
    assert order(clinic) == [unknown, worse, mild, other_day]
    book(clinic, other_day)  # its own line: those for today do not hold it up
    with pytest.raises(Refused):
        book(clinic, worse)


def test_of_two_desks_that_answer_one_request_at_once_one_does(clinic: Clinic) -> None:
    asked, patient = ask(clinic, 5), add_patient(clinic.reception).id
    told = at_once(*[lambda t=text: book(clinic, asked, "", t, patient) for text in ("10:00", "11:00", "12:00")])
    assert [error.code for error in told] == ["request_closed"] * 2


def test_a_request_is_closed_with_a_reason_and_stays_on_file(clinic: Clinic) -> None:
    asked = ask(clinic, 5)
    with pytest.raises(Refused):
        appointment_requests.close(clinic.reception, asked, 1, "")
    with pytest.raises(Stale):
        appointment_requests.close(clinic.reception, asked, 7, "withdrawn")
    appointment_requests.close(clinic.reception, asked, 1, "withdrawn", "goes elsewhere")
    with pytest.raises(Conflict):
        appointment_requests.close(clinic.reception, asked, 2, "withdrawn")
    with pytest.raises(Conflict):
        book(clinic, asked)
    assert (order(clinic), session.query(AppointmentRequest).count()) == ([], 1)


@pytest.mark.parametrize(
    ("wrong", "field"), [({"channel": "fax"}, "channel"), ({"name": " "}, "name"), ({"ago": -5}, "received")]
)
def test_what_cannot_be_is_refused_at_its_field(clinic: Clinic, wrong: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(clinic, **({"ago": 5} | wrong))  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]


def test_the_same_form_sent_twice_enters_one(clinic: Clinic) -> None:
    asked = Asked("telephone", NOW, "山本", "090", "follow_up", "no")
    assert len({appointment_requests.enter(clinic.reception, asked, "key") for _ in range(2)}) == 1


def test_another_site_sees_nothing_of_it(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    asked = ask(clinic, 5)
    assert appointment_requests.list_waiting(other.reception) == []
    for use in (
        lambda: appointment_requests.get(other.reception, asked),
        lambda: appointment_requests.close(other.reception, asked, 1, "withdrawn"),
        lambda: appointment_requests.get(clinic.admin, asked),
    ):
        with pytest.raises(NotFound):
            use()


def test_time_is_told_on_the_clinics_wall(clinic: Clinic) -> None:
    asked = ask(clinic, 5)
    made = appointments.get(clinic.reception, book(clinic, asked))
    assert (made.day, made.starts_at.astimezone(UTC).hour, made.request_id) == (date(2026, 11, 30), 1, asked)
