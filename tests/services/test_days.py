"""The end of the day closes nothing by itself: everybody is named, each is noted alone, and it can be undone."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.builders import Clinic, wait
from tests.services.test_encounters import last_event
from tests.services.test_reassessments import QUIET, again, send
from triage import clock
from triage.db import session
from triage.domain.errors import Conflict, Refused
from triage.models import AuditEvent
from triage.services import board, days, departures, emergencies


def here(clinic: Clinic) -> list[str]:
    session.close()
    return [one.encounter.ticket for one in days.still_here(clinic.reception)]


def test_everybody_still_here_is_named_with_what_is_open(clinic: Clinic) -> None:
    first = send(clinic, 4, "xray")
    second = wait(clinic.reception, family_name="小林")
    emergencies.raise_(clinic.nurse, second.id)
    assert here(clinic) == [second.ticket, first.ticket]  # the emergency first
    listed = {one.encounter.id: one for one in days.still_here(clinic.reception)}
    assert [order.modality for order in listed[first.id].orders] == ["xray"]
    assert len(listed[second.id].open.unanswered) == len(QUIET)


def test_a_visit_that_stays_open_is_noted_by_itself_and_stays_on_the_board(clinic: Clinic) -> None:
    first, second = wait(clinic.reception), wait(clinic.reception, family_name="小林")
    days.carry_over(clinic.reception, first.id, "still_in_the_building", "in the corridor")
    assert last_event()[0] == "carried_over"
    noted = {one.encounter.id: one.carried is not None for one in days.still_here(clinic.reception)}
    assert noted == {first.id: True, second.id: False}
    assert set(board.look(clinic.nurse, board.Filters()).ids) == {first.id, second.id}
    days.undo_carry(clinic.reception, first.id)
    assert not any(one.carried for one in days.still_here(clinic.reception))
    with pytest.raises(Conflict, match="not_carried"):
        days.undo_carry(clinic.reception, first.id)


def test_said_anew_the_latest_word_counts(clinic: Clinic) -> None:
    first = wait(clinic.reception)
    days.carry_over(clinic.reception, first.id, "not_clear")
    days.carry_over(clinic.nurse2, first.id, "with_the_doctor")
    carried = days.still_here(clinic.reception)[0].carried
    assert carried
    assert carried.reason == "with_the_doctor"


def test_a_reason_is_needed(clinic: Clinic) -> None:
    first = wait(clinic.reception)
    with pytest.raises(Refused, match="reason_needed"):
        days.carry_over(clinic.reception, first.id, "waited_too_long")


def test_who_was_finished_and_had_left_is_ended_with_how_and_undone(clinic: Clinic) -> None:
    first = send(clinic, 4, "specialist_consult")
    open_now = departures.open_of(first).names
    made = departures.leave(
        clinic.reception, first.id, first.version, "doctor_sent_home", "", open_now, kind="finished"
    )
    ended = again(clinic, first.id)
    assert (ended.stage, ended.outcome) == ("finished", "finished")
    assert [row.id for row in days.ended_today(clinic.reception)] == [made]
    assert departures.list_unseen(clinic.reception) == []  # nobody has to call who was seen
    departures.undo(clinic.reception, made)
    assert again(clinic, first.id).stage == "review"


def test_who_is_not_noted_is_still_open_and_named_the_next_morning(clinic: Clinic) -> None:
    first = wait(clinic.reception)
    with clock.at(clock.now() + timedelta(days=1)):
        assert here(clinic) == [first.ticket]
        assert [line.id for line in board.look(clinic.nurse, board.Filters()).lines if line.is_carried] == [first.id]
        assert not any(one.carried for one in days.still_here(clinic.reception))


def test_looking_at_the_end_of_the_day_writes_nothing(clinic: Clinic) -> None:
    wait(clinic.reception)
    events = session.scalars(select(AuditEvent.id)).all()
    session.close()
    days.still_here(clinic.reception), days.ended_today(clinic.reception)
    session.close()
    assert session.scalars(select(AuditEvent.id)).all() == events
    assert len(here(clinic)) == 1
