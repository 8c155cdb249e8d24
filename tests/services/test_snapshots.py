"""Everybody who looks shares one board in each process, and nobody ever sees one that is no longer so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from tests.builders import Clinic, arrive, build_clinic, leave_unseen, wait
from tests.plans import sent
from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.models import Encounter
from triage.services import alerts, board, claims, emergencies, encounters, intakes, snapshots
from triage.services.audit import record

#: What the statements hold that read the rows of a board.
ROWS_READ = ("family_kana", "FROM encounter")


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    snapshots._shelves.clear()


def tickets(actor: Actor) -> list[str]:
    session.close()
    return [line.ticket for line in board.look(actor, board.Filters()).lines]


def test_all_who_look_share_what_one_has_loaded(clinic: Clinic, app: Flask) -> None:
    wait(clinic.reception)
    with clock.at(clock.now().replace(second=1)), sent(app.extensions["engine"], *ROWS_READ) as read:
        for who in ("nurse", "surgeon", "reception", "nurse"):
            assert len(tickets(clinic.people[who])) == 1
            alerts.look(clinic.people[who])
    assert len(read) == 1


def test_twenty_who_ask_at_once_after_a_change_make_one_load(clinic: Clinic, app: Flask) -> None:
    for _ in range(3):
        wait(clinic.reception)

    def ask(_number: int) -> int:
        try:
            with clock.at(clock_then):
                return len(tickets(clinic.nurse))
        finally:
            session.remove()

    clock_then = clock.now().replace(second=1)
    session.remove()
    with sent(app.extensions["engine"], *ROWS_READ) as read, ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(20))) == {3}
    assert len(read) == 1


def test_what_was_committed_before_somebody_looks_is_there(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    for number in range(5):
        current = encounters.get(clinic.reception, encounter.id)
        intakes.change_details(clinic.reception, encounter.id, current.version, {"complaint": f"word {number}"})
        session.close()
        (line,) = board.look(clinic.nurse, board.Filters()).lines
        assert line.complaint == f"word {number}"
    leave_unseen(clinic.reception, encounter.id, line_version(clinic.nurse, encounter.id), "no time")
    assert tickets(clinic.nurse) == []


def line_version(actor: Actor, encounter_id: str) -> int:
    version: int = encounters.get(actor, encounter_id).version
    return version


def test_time_alone_makes_the_kept_board_too_old_at_the_second_it_does(clinic: Clinic) -> None:
    wait(clinic.reception)
    start, at = clock.now(), {}
    with clock.at(start):
        (line,) = board.look(clinic.nurse, board.Filters()).lines
    assert line.turns_at is not None
    for seconds in (-1, 0):
        session.close()
        with clock.at(line.turns_at + timedelta(seconds=seconds)):
            (at[seconds],) = board.look(clinic.nurse, board.Filters()).lines
    assert not at[-1].is_over
    assert at[0].is_over


def test_a_clock_that_was_set_back_shows_the_board_of_that_hour(clinic: Clinic) -> None:
    wait(clinic.reception)
    with clock.at(clock.now() + timedelta(hours=1)):
        session.close()
        (late,) = board.look(clinic.nurse, board.Filters()).lines
    session.close()
    (now,) = board.look(clinic.nurse, board.Filters()).lines
    assert late.is_over
    assert not now.is_over


def test_no_site_and_nobody_without_a_role_in_care_is_given_another_ones_board(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    wait(clinic.reception, family_name="北村")
    assert len(tickets(clinic.nurse)) == 1
    assert tickets(other.nurse) == []
    assert tickets(clinic.admin) == []
    assert alerts.look(clinic.admin).alarms == []


def test_what_was_never_committed_is_never_kept(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)

    @verb
    def half(actor: Actor) -> None:
        row = session.get_one(Encounter, encounter.id)
        row.complaint = "never said"
        record(actor, "encounter_changed", patient_id=row.patient_id, encounter_id=row.id, before={}, after={})
        session.flush()
        assert [line.complaint for line in board.look(actor, board.Filters()).lines] == ["never said"]
        raise RuntimeError("the power fails")

    with pytest.raises(RuntimeError, match="power"):
        half(clinic.nurse)
    emergencies.raise_(clinic.nurse, encounter.id)  # the next change bears the number that was given back
    session.close()
    (line,) = board.look(clinic.nurse, board.Filters()).lines
    assert line.complaint == ""
    assert line.is_emergency


def test_a_screen_that_is_far_behind_is_told_all_that_changed_since(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "CHANGES", 2)
    first = wait(clinic.reception)
    session.close()
    seen = board.Seen(board.current_revision(clinic.nurse), clock.now())
    assert board.look(clinic.nurse, board.Filters(), seen).changed == set()
    claims.claim(clinic.nurse, first.id)
    others = {arrive(clinic.reception).id for _ in range(4)}
    session.close()
    assert board.look(clinic.nurse, board.Filters(), seen).changed == {first.id, *others}


def test_no_more_boards_are_kept_than_there_is_room_for(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "SITES", 2)
    for minutes in range(5):
        board.look(clinic.nurse, board.Filters(), lapses_after=timedelta(minutes=minutes))
    assert len(snapshots._shelves) == 2
