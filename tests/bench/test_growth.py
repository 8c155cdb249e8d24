"""Sizes of history are measured in turns, each on its own database, and compared round by round."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bench import growth, pairs, waiting
from bench.pairs import Clinic, Side
from bench.servers import Answer, Server
from triage.db import session
from triage.models import AuditEvent, Encounter


@pytest.fixture(scope="module")
def clinics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Clinic]]:
    """Serve a clinic with a few past visits and one with some more, both at once."""
    with growth.grown(tmp_path_factory.mktemp("grown"), "sqlite", (50, 300), people=20, routings=8) as clinics:
        yield clinics


def events(clinic: Clinic) -> int:
    return clinic.do(lambda _actor: session.scalar(select(func.count(AuditEvent.sequence))) or 0)


def someone_here(clinic: Clinic) -> str:
    here = select(Encounter.id).where(Encounter.finished_at.is_(None)).limit(1)
    return clinic.do(lambda _actor: session.scalars(here).one())


def test_the_same_people_wait_since_the_same_moment_before_more_and_more_past_visits(
    clinics: dict[int, Clinic],
) -> None:
    here = select(Encounter.arrived_at, Encounter.complaint).where(Encounter.finished_at.is_(None))
    here = here.order_by(Encounter.arrived_at, Encounter.ticket)
    few, many = (clinic.do(lambda _actor: session.execute(here).all()) for clinic in clinics.values())
    assert few == many
    assert len(few) == 20
    past = [clinic.do(lambda _a: session.scalar(select(func.count(Encounter.id)))) or 0 for clinic in clinics.values()]
    assert past[1] - past[0] == 250


def test_what_is_done_in_between_meets_the_database_of_the_clinic_that_is_asked(clinics: dict[int, Clinic]) -> None:
    few, many = clinics.values()
    before = events(few), events(many)
    few.do(pairs.change, someone_here(few))
    assert (events(few), events(many)) == (before[0] + 1, before[1])
    many.do(waiting.free)
    assert (events(few), events(many)) == (before[0] + 1, before[1] + 1)
    encounter_id = someone_here(few)
    many.do(waiting.free)
    with pytest.raises(IntegrityError):  # without ``do`` the session knows the clinic that it was used for last
        pairs.change(few.actor, encounter_id)


def test_every_screen_is_measured_for_every_size_and_the_smallest_is_the_measure(clinics: dict[int, Clinic]) -> None:
    found = growth.measured(clinics, rounds=1, calls=1)
    assert list(found) == ["50", "300"]
    assert list(found["50"]) == list(found["300"])
    assert {"board, changed", "claim", "routing", "registration"} <= set(found["50"])
    assert all(row["times"] == 1 for row in found["50"].values())
    assert all(row["ms"] > 0 < row["times"] for row in found["300"].values())


def test_each_round_asks_every_side_in_another_order_and_the_warming_does_not_count() -> None:
    asked: list[str] = []
    here = Server(0, os.getpid())

    def side(name: str) -> Side:
        def ask(_number: int) -> Answer:
            asked.append(name)
            return Answer(200, {}, b"")

        return Side(here, ask, lambda _number: None)

    sides = [side(name) for name in "abc"]
    pairs.in_turns(sides, "a page", rounds=5, calls=1)
    assert "".join(asked[:6]) == "aabbcc"
    assert ["".join(asked[at : at + 3]) for at in range(6, len(asked), 3)] == ["cba", "bca", "acb", "cab", "bac"]
    assert [len(one.found) for one in sides] == [5, 5, 5]


def test_a_machine_that_slows_down_meanwhile_does_not_make_history_dear() -> None:
    def side(*found: float) -> Side:
        return Side(Server(0, os.getpid()), lambda _number: Answer(200, {}, b""), lambda _number: None, found=[*found])

    smallest, largest = side(2.0, 4.0, 8.0), side(2.2, 4.4, 8.8)
    assert growth.times(largest, smallest) == pytest.approx(1.1)
    assert growth.times(side(8.0, 4.0, 2.0), smallest) == 1  # one round's outlier is not the verdict
