"""Who is on duty where, with which load; it ends with the session, the day, or by the lead's hand."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.builders import Clinic, build_clinic, wait
from tests.services.test_encounters import last_event
from triage import clock
from triage.db import session
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused
from triage.models import SignOn
from triage.services import accounts, calls, claims, colleagues, duty, emergencies, encounters, rooms, team


@pytest.fixture
def room(clinic: Clinic) -> str:
    return rooms.add(clinic.admin, "Room 1", "診察室1")


def on_duty(clinic: Clinic) -> dict[str, team.Member]:
    session.close()
    return {member.name: member for member in team.on_duty(clinic.reception)}


def sign_in(name: str) -> str:
    return accounts._open_session(accounts.actor_of(name), name, "")


def test_at_a_glance_who_is_where_and_how_many_patients_each_has_with_the_most_urgent(
    clinic: Clinic, room: str
) -> None:
    calm, urgent = wait(clinic.reception, family_name="一"), wait(clinic.reception, family_name="二")
    team.sign_on(clinic.nurse, room)
    for here in (calm, urgent):
        claims.claim(clinic.nurse, here.id)
    emergencies.raise_(clinic.reception, urgent.id)
    claims.claim(clinic.nurse, urgent.id)
    claims.claim(clinic.surgeon, wait(clinic.reception, family_name="三").id)
    members = on_duty(clinic)
    nurse = members["Nurse"]
    assert (nurse.room, nurse.room_ja, len(nurse.patients)) == ("Room 1", "診察室1", 2)
    assert nurse.most_urgent
    assert nurse.most_urgent.ticket == urgent.ticket
    assert (members["Surgeon"].since, len(members["Surgeon"].patients)) == (None, 1)  # holds one, did not sign on


def test_an_emergency_that_somebody_answers_for_is_part_of_their_load(clinic: Clinic) -> None:
    calm, urgent = wait(clinic.reception, family_name="一"), wait(clinic.reception, family_name="二")
    claims.claim(clinic.nurse, calm.id)
    emergencies.raise_(clinic.reception, urgent.id)
    emergencies.acknowledge(clinic.nurse, urgent.id)
    nurse = on_duty(clinic)["Nurse"]
    assert [line.ticket for line in nurse.patients] == [urgent.ticket, calm.ticket]
    sign_in(clinic.nurse.staff_id)
    session.close()
    assert [(one.name, one.holds) for one in colleagues.list_active(clinic.surgeon, "waiting")] == [("Nurse", 2)]


def test_moving_to_another_room_ends_the_stay_in_the_first(clinic: Clinic, room: str) -> None:
    other = rooms.add(clinic.admin, "Room 2")
    team.sign_on(clinic.nurse, room)
    team.sign_on(clinic.nurse, other)
    team.sign_on(clinic.nurse, other)  # a second press
    assert last_event() == ("duty_began", {"room": other})
    assert on_duty(clinic)["Nurse"].room == "Room 2"
    assert len(session.scalars(select(SignOn)).all()) == 2
    assert duty.room_of(clinic.nurse) == other


def test_a_room_that_is_not_offered_is_no_place(clinic: Clinic, room: str) -> None:
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    there = rooms.add(other.admin, "Elsewhere")
    rooms.retire(clinic.admin, room)
    for wrong in (room, there, "nothing"):
        with pytest.raises(Refused, match="room_needed"):
            team.sign_on(clinic.nurse, wrong)


def test_off_duty_by_the_own_hand_or_the_leads_and_nobody_elses(clinic: Clinic, room: str) -> None:
    team.sign_on(clinic.nurse, room)
    with pytest.raises(NotAllowed):
        team.sign_off(clinic.surgeon, clinic.nurse.staff_id)
    team.sign_off(clinic.nurse2, clinic.nurse.staff_id)
    assert last_event() == ("duty_ended", {"whose": clinic.nurse.staff_id, "room": room})
    with pytest.raises(Conflict, match="not_on_duty"):
        team.sign_off(clinic.nurse)
    with pytest.raises(NotFound):
        team.sign_off(clinic.nurse2, "nobody")
    assert on_duty(clinic) == {}


def test_off_duty_the_patients_stay_in_hand_and_are_seen(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    team.sign_on(clinic.nurse, room)
    claims.claim(clinic.nurse, here.id)
    team.sign_off(clinic.nurse)
    left = on_duty(clinic)["Nurse"]
    assert (left.since, [line.ticket for line in left.patients]) == (None, [here.ticket])


def test_signing_out_ends_it_but_not_while_signed_in_elsewhere(clinic: Clinic) -> None:
    first, second = sign_in(clinic.nurse.staff_id), sign_in(clinic.nurse.staff_id)
    team.sign_on(clinic.nurse)
    accounts.sign_out(clinic.nurse, first)
    assert "Nurse" in on_duty(clinic)
    accounts.sign_out(clinic.nurse, second)
    assert on_duty(clinic) == {}


def test_who_has_done_nothing_for_long_is_shown_as_away_and_not_dropped(clinic: Clinic) -> None:
    sign_in(clinic.nurse.staff_id)
    team.sign_on(clinic.nurse)
    assert not on_duty(clinic)["Nurse"].is_away
    with clock.at(clock.now() + timedelta(minutes=61)):
        assert on_duty(clinic)["Nurse"].is_away


def test_nobody_is_on_duty_since_yesterday_by_oversight(clinic: Clinic) -> None:
    team.sign_on(clinic.nurse)
    with clock.at(clock.now() + timedelta(days=1)):
        sign_in(clinic.nurse.staff_id)
        assert on_duty(clinic) == {}


def test_a_patient_is_moved_to_a_room_without_a_call(clinic: Clinic, room: str) -> None:
    here = wait(clinic.reception)
    calls.place(clinic.nurse, here.id, room)
    session.close()
    row = encounters.get(clinic.nurse, here.id)
    assert (row.room_id, row.call_state, row.version) == (room, "", here.version)
    assert last_event() == ("room_assigned", {"room": room, "before": None})
    calls.place(clinic.nurse, here.id, "")
    session.close()
    assert encounters.get(clinic.nurse, here.id).room_id is None
    with pytest.raises(Refused):
        calls.place(clinic.nurse, here.id, "nothing")
