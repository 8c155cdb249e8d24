"""Whatever people do in whatever order: the board with the changed rows put in their places is the board read whole."""

import random
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.builders import Clinic, add_patient, arrive, as_answers, leave_unseen, wait
from tests.services.test_claims import at_work
from tests.services.test_tasks import all_no
from triage import clock
from triage.db import aside, session
from triage.domain import limits as domain_limits
from triage.domain.access import Actor
from triage.domain.errors import DomainError
from triage.domain.leases import LAPSES_AFTER
from triage.models import Encounter, Patient
from triage.services import (
    calls,
    claims,
    emergencies,
    encounters,
    imaging,
    intakes,
    limits,
    patients,
    presence,
    questions,
    reassessments,
    rooms,
    snapshots,
    triage,
)  # fmt: skip
from triage.services.lines import Line
from triage.services.snapshots import Snapshot

STEPS = 70
PEOPLE = ("nurse", "nurse2", "surgeon", "surgeon2")


class Day:
    """A clinic's day, an act at a time; each act is of somebody upon one of those who are here."""

    def __init__(self, clinic: Clinic, chance: random.Random) -> None:
        self.clinic, self.chance, self.number = clinic, chance, 0
        self.room = rooms.add(clinic.admin, "Room 1")
        self.here = [wait(clinic.reception, all_no(), family_name=name).id for name in "森林原"]

    @property
    def one(self) -> str:
        return self.chance.choice(self.here)

    @property
    def known(self) -> list[str]:
        return list(session.scalars(select(Patient.id)))

    @property
    def who(self) -> Actor:
        return self.clinic.people[self.chance.choice(PEOPLE)]

    def row(self, encounter_id: str) -> Encounter:
        return encounters.get(self.clinic.nurse, encounter_id)

    def arrives(self) -> None:
        answers = all_no(pain_nrs=self.number % 10)
        self.here.append(wait(self.clinic.reception, answers, family_name=f"東{self.number}").id)

    def namesake_registers(self) -> None:
        person = self.row(self.one).patient
        names = ("family_name", "given_name", "family_kana", "given_kana", "birth_date", "sex")
        values = {name: getattr(person, name) for name in names}
        patients.create(self.clinic.reception, values, {}, "", self.known)

    def claims(self) -> None:
        claims.claim(self.who, self.one)

    def takes_over(self) -> None:
        claims.take_over(self.clinic.nurse2, self.one, "shift ended")

    def gives_back(self) -> None:
        one = self.one
        claims.take_over(self.clinic.nurse2, one, "shift ended")
        claims.release(self.clinic.nurse2, one)

    def hands_over(self) -> None:
        one = self.one
        at_work(self.clinic.surgeon, at=clock.now())
        claims.take_over(self.clinic.nurse2, one, "shift ended")
        claims.hand_over(self.clinic.nurse2, one, self.clinic.surgeon.staff_id, "please")

    def answers(self) -> None:
        intakes.record_answers(self.clinic.nurse, self.one, as_answers({"pain_nrs": self.number % 10}))

    def decides(self) -> None:
        self.arrives()
        choice = triage.Choice(
            4, self.chance.choice(["ct", "specialist_consult"]), reason="findings_differ", without="the rest follows"
        )
        triage.decide(self.clinic.nurse, self.here[-1], self.row(self.here[-1]).version, choice)

    def raises_an_alarm(self) -> None:
        emergencies.raise_(self.clinic.nurse, self.one, "pale")

    def acknowledges(self) -> None:
        self.arrives()
        emergencies.raise_(self.clinic.reception, self.here[-1])
        emergencies.acknowledge(self.who, self.here[-1])

    def calls(self) -> None:
        calls.call(self.who, self.one, self.room)

    def finds_nobody(self) -> None:
        one = next(one for one in self.here if self.row(one).stage == "waiting")
        claims.take_over(self.clinic.nurse2, one, "shift ended")
        calls.call(self.clinic.nurse2, one, self.room)
        calls.no_answer(self.clinic.nurse2, one)

    def places(self) -> None:
        calls.place(self.clinic.nurse, self.one, self.room)

    def renames_the_room(self) -> None:
        rooms.rename(self.clinic.admin, self.room, f"Room {self.number}")

    def looks_again(self) -> None:
        reassessments.note_result(self.clinic.nurse, self.one, self.chance.choice(["same", "worse"]), "seen")

    def asks_a_question(self) -> None:
        questions.ask(self.clinic.surgeon, self.one, "nurse", "Since when?")

    def orders_imaging(self) -> None:
        asked = [row for row in imaging.list_orders(self.clinic.surgeon) if row.status == "requested"]
        if asked:
            imaging.order(self.clinic.surgeon, asked[0].id, asked[0].version)

    def opens_the_page(self) -> None:
        with aside() as own:
            presence.enter(own, self.who, self.one)

    def leaves_the_page(self) -> None:
        presence.leave(self.who, self.one, clock.now())

    def new_limits(self) -> None:
        approval = limits.find_approval(self.clinic.nurse)
        minutes = domain_limits.as_values(limits.in_force(self.clinic.site_id))
        minutes |= {"review": minutes["review"] + 1}
        seen = approval.proposal_id if approval else ""
        limits.approve(self.clinic.surgeon2, limits.propose(self.clinic.admin, minutes, seen), seen)

    def leaves_unseen(self) -> None:
        one = next(one for one in self.here if self.row(one).stage == "waiting")
        leave_unseen(self.clinic.reception, one, self.row(one).version, "no time")
        self.here.remove(one)
        self.arrives()  # there is somebody who waits, always


ACTS = sorted(
    name for name, value in vars(Day).items() if not name.startswith("_") and callable(value) and name != "row"
)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Yield for each reading of rows whether it was of all rows."""
    snapshots._shelves.clear()
    found: list[bool] = []
    load: Callable[..., Any] = snapshots.load

    def noted(actor: Actor, lapses_after: timedelta, only: Any = None, at: Any = None) -> Any:
        found.append(only is None)
        return load(actor, lapses_after, only, at)

    monkeypatch.setattr(snapshots, "load", noted)
    yield found
    snapshots._shelves.clear()


def looks(snapshot: Snapshot) -> list[Any]:
    shown = [part.name for part in fields(Line) if part.name != "turns_at"]  # a heartbeat moves it, and is not noted
    rows = [tuple(getattr(line, name) for name in shown) for line in snapshot.lines]
    return [rows, snapshot.awaited, snapshot.news, snapshot.revision, dict(snapshot.recent), snapshot.tally]


@pytest.mark.parametrize("seed", [5, 7])
def test_the_board_brought_on_is_the_board_read_whole(clinic: Clinic, read: list[bool], seed: int) -> None:
    chance, done, start = random.Random(seed), set(), clock.now().replace(second=0, microsecond=0)
    with clock.at(start):
        day = Day(clinic, chance)
    for day.number in range(STEPS):
        name = ACTS[day.number % len(ACTS)] if day.number < len(ACTS) else chance.choice(ACTS)
        with clock.at(start + timedelta(seconds=11 * day.number)):
            session.close()
            try:
                getattr(day, name)()
                done.add(name)
            except DomainError:
                session.rollback()  # refused: nothing has changed
            session.close()
            board, revision = snapshots.of(clinic.nurse)
            whole = snapshots._anew(None, clinic.nurse, LAPSES_AFTER, revision, board.at)
            assert looks(board) == looks(whole), f"after {name}, act {day.number}"
            assert board.until <= whole.until, "at the latest then all rows are read anew"
    assert done == set(ACTS), "each act was done at least once"
    assert read.count(False) > STEPS / 2, "mostly a few rows alone were read"


def test_a_change_that_nobody_noted_would_be_found_by_this(clinic: Clinic) -> None:
    snapshots._shelves.clear()
    first, second = wait(clinic.reception), wait(clinic.reception)
    with clock.at(clock.now().replace(second=1)):
        snapshots.of(clinic.nurse)
        session.close()
        with session.get_bind().begin() as connection:  # type: ignore[union-attr]
            connection.execute(update(Encounter).where(Encounter.id == first.id).values(complaint="unsaid"))
        claims.claim(clinic.nurse, second.id)
        session.close()
        board, revision = snapshots.of(clinic.nurse)
        assert looks(board) != looks(snapshots._anew(None, clinic.nurse, LAPSES_AFTER, revision, board.at))
    with clock.at(board.until):
        session.close()
        assert {line.complaint for line in snapshots.of(clinic.nurse)[0].lines} == {"unsaid", ""}, "a minute at most"


def test_when_many_change_at_once_all_rows_are_read(clinic: Clinic, read: list[bool]) -> None:
    with clock.at(clock.now().replace(second=1)):
        snapshots.of(clinic.nurse)
        seen = {add_patient(clinic.reception).id for _ in range(3)}
        session.close()
        before = snapshots.of(clinic.nurse)[0].revision
        here = {arrive(clinic.reception).id for _ in range(snapshots.FEW + 1)}
        session.close()
        board, _revision = snapshots.of(clinic.nurse)
    assert read == [True, True]
    assert len(seen) == 3
    assert {line.id for line in board.lines} == here
    assert board.changed_since(before) == here, "and who looked before is told of all of them"
