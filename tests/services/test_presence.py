"""Who has a patient's page open is seen by the others before anyone acts, and only while it is open."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.at_once import at_once
from tests.builders import Clinic, build_clinic, wait
from triage import clock
from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import NotFound
from triage.models import AuditEvent, Encounter, Presence
from triage.services import board, encounters, presence


def seen_by(actor: Actor, encounter: Encounter) -> list[str]:
    session.close()
    return [visitor.name for visitor in presence.others(actor, encounter.id)]


def revision(clinic: Clinic) -> int:
    session.close()
    return board.current_revision(clinic.nurse)


def test_opening_a_patients_page_tells_the_others_since_when_and_not_oneself(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    with clock.at(start):
        encounters.open_(clinic.nurse, encounter.id, "triage sheet")
    with clock.at(start + timedelta(seconds=40)):
        encounters.open_(clinic.reception, encounter.id, "intake")
        session.close()
        assert [(v.name, v.since) for v in presence.others(clinic.surgeon, encounter.id)] == [
            ("Nurse", start),
            ("Reception", start + timedelta(seconds=40)),
        ]
    assert seen_by(clinic.nurse, encounter) == ["Reception"]


def test_a_page_counts_as_left_some_time_after_its_last_heartbeat(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    with clock.at(start):
        encounters.open_(clinic.nurse, encounter.id, "triage sheet")
    for minute in (1, 2, 3):
        with clock.at(start + timedelta(minutes=minute)):
            presence.beat(clinic.nurse, encounter.id)
            assert seen_by(clinic.surgeon, encounter) == ["Nurse"]
            assert presence.others(clinic.surgeon, encounter.id)[0].since == start, "it is the same visit to the page"
    with clock.at(start + timedelta(minutes=5, seconds=31)):
        assert seen_by(clinic.surgeon, encounter) == []
        presence.beat(clinic.nurse, encounter.id)  # the machine had slept
        session.close()
        assert presence.others(clinic.surgeon, encounter.id)[0].since == clock.now()


def test_leaving_the_page_ends_it_at_once_but_not_for_a_page_opened_later(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    with clock.at(start):
        encounters.open_(clinic.nurse, encounter.id, "intake")
    with clock.at(start + timedelta(seconds=10)):
        encounters.open_(clinic.nurse, encounter.id, "triage sheet")
        presence.leave(clinic.nurse, encounter.id, start + timedelta(seconds=1))  # the intake says goodbye late
        assert seen_by(clinic.surgeon, encounter) == ["Nurse"]
        presence.leave(clinic.nurse, encounter.id, start + timedelta(seconds=11))
        assert seen_by(clinic.surgeon, encounter) == []


def test_boards_hear_of_coming_and_going_and_not_of_heartbeats(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    before = revision(clinic)
    encounters.open_(clinic.nurse, encounter.id, "triage sheet")
    assert revision(clinic) == before + 1
    encounters.open_(clinic.nurse, encounter.id, "triage sheet")
    for seconds in (5, 40, 80, 120):
        with clock.at(start + timedelta(seconds=seconds)):
            presence.beat(clinic.nurse, encounter.id)
    assert revision(clinic) == before + 1
    presence.leave(clinic.nurse, encounter.id, clock.now() + timedelta(minutes=5))
    presence.leave(clinic.nurse, encounter.id, clock.now() + timedelta(minutes=5))
    assert revision(clinic) == before + 2


def test_a_heartbeat_writes_no_audit_event_and_opening_writes_exactly_one(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    before = len(session.scalars(select(AuditEvent.id)).all())
    encounters.open_(clinic.nurse, encounter.id, "triage sheet")
    presence.beat(clinic.nurse, encounter.id)
    session.close()
    assert len(session.scalars(select(AuditEvent.id)).all()) == before + 1


def test_another_site_neither_sees_nor_is_seen(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    encounter = wait(clinic.reception)
    encounters.open_(clinic.nurse, encounter.id, "triage sheet")
    session.close()
    assert presence.others(other.nurse, encounter.id) == []
    for who in (other.nurse, clinic.admin, clinic.auditor):
        with pytest.raises(NotFound):
            presence.beat(who, encounter.id)
        with pytest.raises(NotFound):
            presence.leave(who, encounter.id, clock.now())


def test_ten_people_open_and_leave_at_once_and_every_one_is_counted_once(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    people = [clinic.reception, clinic.nurse, clinic.nurse2, clinic.surgeon, clinic.surgeon2]
    session.remove()
    opening = [lambda who=who: encounters.open_(who, encounter.id, "summary") for who in people * 2]
    assert at_once(*opening, *[lambda who=who: presence.beat(who, encounter.id) for who in people]) == []
    assert len(session.scalars(select(Presence.staff_id)).all()) == len(people)
    shown = clock.now()
    assert at_once(*[lambda who=who: presence.leave(who, encounter.id, shown) for who in people * 2]) == []
    assert seen_by(clinic.radiographer, encounter) == []


def test_what_was_left_behind_is_swept(clinic: Clinic) -> None:
    first, second = wait(clinic.reception), wait(clinic.reception)
    encounters.open_(clinic.nurse, first.id, "triage sheet")
    with clock.at(clock.now() + timedelta(minutes=11)):
        encounters.open_(clinic.surgeon, second.id, "review")
    session.close()
    assert session.scalars(select(Presence.encounter_id)).all() == [second.id]
