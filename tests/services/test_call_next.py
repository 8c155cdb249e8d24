"""Call next: each press gives one person one patient, the most urgent who waits for that person's role."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.at_once import at_once
from tests.builders import Clinic, arrive, wait
from tests.services.test_claims import holder, twenty_nurses
from tests.services.test_triage import all_no, override
from triage import clock
from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed
from triage.models import Claim, Encounter
from triage.services import board, call_next, calls, claims, emergencies, encounters, imaging, rooms, team, triage


def press(actor: Actor, request_id: str = "") -> call_next.Next:
    session.close()
    return call_next.call_next(actor, request_id)


def sent(clinic: Clinic, route: str) -> Encounter:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.nurse, encounter.id, encounter.version, override(route))
    return encounters.get(clinic.nurse, encounter.id)


def test_of_twenty_nurses_who_press_at_once_each_gets_a_patient_of_her_own_in_the_boards_order(clinic: Clinic) -> None:
    rows = [wait(clinic.reception).id for _ in range(21)]
    order = board.look(clinic.nurse, board.Filters()).ids
    people = twenty_nurses(clinic)
    assert at_once(*(lambda who=who: call_next.call_next(who) for who in people)) == []
    held = {claim.encounter_id: claim.staff_id for claim in session.scalars(select(Claim))}
    assert set(rows) > held.keys() == set(order[:20])
    assert set(held.values()) == {who.staff_id for who in people}


def test_when_three_wait_and_twenty_press_seventeen_are_told_that_nobody_waits(clinic: Clinic) -> None:
    for _ in range(3):
        wait(clinic.reception)
    refused = at_once(*(lambda who=who: call_next.call_next(who) for who in twenty_nurses(clinic)))
    assert [told.code for told in refused] == ["nobody_next"] * 17
    assert len(session.scalars(select(Claim)).all()) == 3


def test_the_most_urgent_who_is_free_comes_first_as_on_the_board(clinic: Clinic) -> None:
    rows = [wait(clinic.reception, {"back_pain": True}) for _ in range(2)] + [wait(clinic.reception, {"fever_c": 39.0})]
    order = board.look(clinic.nurse, board.Filters()).ids
    claims.claim(clinic.surgeon, order[0])
    assert press(clinic.nurse).encounter_id == order[1]
    assert press(clinic.nurse).encounter_id == order[2]
    with pytest.raises(Conflict, match="nobody_next"):
        press(clinic.nurse)
    assert {row.id for row in rows} == set(order)


def test_each_role_is_given_those_who_wait_for_it(clinic: Clinic) -> None:
    arrive(clinic.reception)  # still at the desk
    ordered, asked = sent(clinic, "xray"), sent(clinic, "xray")
    (order,) = imaging.list_of(clinic.surgeon, ordered)
    imaging.order(clinic.surgeon, order.id, order.version)
    review, confirm, waiting = (
        sent(clinic, "specialist_consult"),
        sent(clinic, "conservative_first"),
        wait(clinic.reception),
    )
    assert press(clinic.nurse).encounter_id == waiting.id
    assert {press(clinic.surgeon).encounter_id for _ in range(2)} == {review.id, confirm.id}
    assert press(clinic.radiographer).encounter_id == ordered.id
    assert holder(ordered) == clinic.radiographer.staff_id
    for who in (clinic.nurse, clinic.surgeon, clinic.radiographer):
        with pytest.raises(Conflict, match="nobody_next"):
            press(who)
    assert holder(asked) is None, "no doctor has ordered it yet"


@pytest.mark.parametrize("who", ["reception", "admin", "auditor"])
def test_who_has_no_patients_calls_none(clinic: Clinic, who: str) -> None:
    wait(clinic.reception)
    with pytest.raises(NotAllowed):
        press(clinic.people[who])


def test_an_emergency_nobody_answers_for_goes_first_and_one_that_is_answered_for_is_never_taken(clinic: Clinic) -> None:
    calm, alarm = wait(clinic.reception), wait(clinic.reception)
    emergencies.raise_(clinic.reception, alarm.id)
    first = press(clinic.nurse)
    assert (first.encounter_id, first.is_emergency, first.step_id) == (alarm.id, True, "")
    session.close()
    open_ = emergencies.find_open(encounters.get(clinic.nurse, alarm.id))
    assert open_ is not None
    assert open_.acknowledged_by == clinic.nurse.staff_id
    assert press(clinic.nurse2).encounter_id == calm.id
    with pytest.raises(Conflict, match="nobody_next"):
        press(clinic.surgeon)


def test_the_radiographer_is_not_sent_to_an_emergency_by_it(clinic: Clinic) -> None:
    alarm = wait(clinic.reception)
    emergencies.raise_(clinic.reception, alarm.id)
    with pytest.raises(Conflict, match="nobody_next"):
        press(clinic.radiographer)


def test_the_same_press_sent_twice_takes_one_patient(clinic: Clinic) -> None:
    first, second = wait(clinic.reception), wait(clinic.reception)
    assert at_once(*[lambda: call_next.call_next(clinic.nurse, "one form")] * 4) == []
    assert [holder(row) for row in (first, second)] == [clinic.nurse.staff_id, None]
    again = press(clinic.nurse, "one form")
    assert again.encounter_id == first.id
    claims.undo(clinic.nurse, first.id, again.step_id)
    assert holder(first) is None


def test_a_claim_that_has_lapsed_holds_nobody_up(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    claims.claim(clinic.nurse, encounter.id)
    with clock.at(start + timedelta(minutes=31)):
        assert press(clinic.nurse2).encounter_id == encounter.id
    assert holder(encounter) == clinic.nurse2.staff_id


def test_who_was_called_in_vain_comes_after_those_who_are_there_and_is_not_forgotten(clinic: Clinic) -> None:
    room = rooms.add(clinic.admin, "Room 1")
    first, second = wait(clinic.reception), wait(clinic.reception)
    calls.call(clinic.nurse, first.id, room)
    calls.no_answer(clinic.nurse, first.id)
    assert press(clinic.nurse2).encounter_id == second.id
    assert press(clinic.nurse2).encounter_id == first.id


def test_with_a_room_the_ticket_is_called_there_at_once_and_undo_takes_both_back(
    clinic: Clinic,
) -> None:
    room = rooms.add(clinic.admin, "Room 1")
    encounter = wait(clinic.reception)
    with pytest.raises(Exception, match="room_needed"):
        call_next.call_next(clinic.nurse, room_id="no such room")
    assert holder(encounter) is None, "no room, no patient taken"
    taken = call_next.call_next(clinic.nurse, room_id=room)
    assert [shown.ticket for shown in calls.showing(clinic.site_id)] == [encounter.ticket]
    claims.undo(clinic.nurse, encounter.id, taken.step_id)
    session.close()
    assert calls.showing(clinic.site_id) == []
    assert encounters.get(clinic.nurse, encounter.id).call_state == ""


def test_who_has_two_roles_is_next_for_both(clinic: Clinic) -> None:
    review, waiting = sent(clinic, "specialist_consult"), wait(clinic.reception)
    both = replace(clinic.nurse, roles=frozenset({"nurse", "surgeon"}))
    assert {press(both).encounter_id for _ in range(2)} == {review.id, waiting.id}


def test_who_is_on_duty_in_a_room_calls_the_ticket_there(clinic: Clinic) -> None:
    room, encounter = rooms.add(clinic.admin, "Room 1"), wait(clinic.reception)
    team.sign_on(clinic.nurse, room)
    press(clinic.nurse)
    assert [(shown.ticket, shown.room) for shown in calls.showing(clinic.site_id)] == [(encounter.ticket, "Room 1")]
