"""What hangs on the wall: the newest calls of today by ticket, and waits that were measured."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import Clinic, build_clinic, wait
from triage import clock, knowledge
from triage.db import session
from triage.domain.access import Screen
from triage.domain.waits import Range
from triage.models import Encounter
from triage.services import calls, emergencies, encounters, rooms, triage, wall

#: Ten in the morning in Nara.
MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def begin(clinic: Clinic) -> Iterator[None]:
    with clock.at(MORNING):
        yield


@contextmanager
def later(minutes: float) -> Iterator[None]:
    with clock.at(MORNING + timedelta(minutes=minutes)):
        yield


REASON = knowledge.load().override_reasons[0].id


def calm(clinic: Clinic) -> Encounter:
    """Let a patient wait who said no to every urgent question."""
    return wait(clinic.reception, {question.id: False for question in knowledge.load().urgent_questions})


def screen(clinic: Clinic, room_id: str | None = None) -> Screen:
    return Screen("w", clinic.site_id, "wall", "Waiting room", "Asia/Tokyo", room_id)


def looks(clinic: Clinic, room_id: str | None = None) -> wall.Wall:
    session.close()
    return wall.look(screen(clinic, room_id))


def tickets(clinic: Clinic, room_id: str | None = None) -> list[str]:
    return [call.ticket for call in looks(clinic, room_id).calls]


def waits(clinic: Clinic) -> dict[str, Range | None]:
    return {wait.station: wait.range for wait in looks(clinic).waits}


def triaged(clinic: Clinic, encounter: Encounter, route: str = "specialist_consult", modality: str = "") -> None:
    session.close()
    row = encounters.get(clinic.nurse, encounter.id)
    triage.decide(
        clinic.nurse, row.id, row.version, triage.Choice(4, route, modality, REASON, without="the rest follows")
    )


def test_the_newest_six_calls_are_shown_newest_first(clinic: Clinic) -> None:
    room = rooms.add(clinic.admin, "Room 1", "診察室1")
    called = [wait(clinic.reception, given_name=str(n)) for n in range(8)]
    for minute, visit in enumerate(called):
        with later(minute):
            calls.call(clinic.nurse, visit.id, room)
    with later(8):
        assert tickets(clinic) == [visit.ticket for visit in reversed(called[2:])]
        shown = looks(clinic).calls[0]
        assert (shown.room, shown.room_ja) == ("Room 1", "診察室1")


def test_yesterdays_calls_are_gone_with_the_day(clinic: Clinic) -> None:
    room = rooms.add(clinic.admin, "Room 1")
    visit = wait(clinic.reception)
    midnight = 14 * 60
    with later(midnight - 2):
        calls.call(clinic.nurse, visit.id, room)
        assert tickets(clinic) == [visit.ticket]
    with later(midnight + 1):
        assert tickets(clinic) == []


def test_the_wall_of_one_room_shows_its_calls_alone(clinic: Clinic) -> None:
    one, two = rooms.add(clinic.admin, "Room 1"), rooms.add(clinic.admin, "Room 2")
    here, there = wait(clinic.reception), wait(clinic.reception)
    calls.call(clinic.nurse, here.id, one)
    calls.call(clinic.nurse, there.id, two)
    assert tickets(clinic, one) == [here.ticket]
    assert sorted(tickets(clinic)) == sorted([here.ticket, there.ticket])


def test_another_site_calls_on_its_own_walls(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.admin.organisation_id, "_osaka")
    room = rooms.add(other.admin, "Room 1")
    visit = wait(other.reception)
    calls.call(other.nurse, visit.id, room)
    assert tickets(clinic) == []
    assert tickets(other) == [visit.ticket]


def test_a_wait_is_shown_only_where_enough_people_were_seen(clinic: Clinic) -> None:
    visits = [calm(clinic) for _ in range(5)]
    for n, visit in enumerate(visits[:4]):
        with later(20 + n):
            triaged(clinic, visit)
    with later(30):
        assert waits(clinic) == {"nurse": None, "specialist": None, "xray": None, "ct": None}
    with later(31):
        triaged(clinic, visits[4])
    with later(32):
        assert waits(clinic)["nurse"] == Range(20, 25)
    with later(20 + 190):
        assert waits(clinic)["nurse"] is None, "what was three hours ago says nothing"


def test_those_who_still_wait_stretch_the_range(clinic: Clinic) -> None:
    for visit in [calm(clinic) for _ in range(5)]:
        with later(10):
            triaged(clinic, visit)
    wait(clinic.reception)
    with later(58):
        assert waits(clinic)["nurse"] == Range(10, 60)


def test_an_emergency_is_nobodys_usual_wait(clinic: Clinic) -> None:
    for visit in [wait(clinic.reception) for _ in range(6)]:
        with later(1):
            emergencies.raise_(clinic.nurse, visit.id)
    with later(2):
        assert waits(clinic)["nurse"] is None


def test_yesterday_is_no_wait_of_today(clinic: Clinic) -> None:
    for visit in [calm(clinic) for _ in range(5)]:
        with later(14 * 60 - 10):
            triaged(clinic, visit)
    with later(14 * 60 - 5):
        assert waits(clinic)["nurse"]
    with later(14 * 60 + 5):
        assert waits(clinic)["nurse"] is None
