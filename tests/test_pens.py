"""Writers of a SQLite file go one after the other in the order in which they came, and nobody keeps the pen."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from triage import db
from triage.db import aside
from triage.pens import Writers
from triage.places import Places


def until(reached: Callable[[], bool]) -> None:
    """Wait for another thread, a minute at most."""
    limit = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < limit
        time.sleep(0.001)


def stand_in_line(pen: Places, pool: ThreadPoolExecutor, count: int, act: Callable[[int], None]) -> list[Future[None]]:
    """Let so many come one after the other; each does something with the pen and gives it back."""

    def come(number: int) -> None:
        assert pen.take(60)
        act(number)
        pen.give()

    found = []
    for number in range(count):
        found.append(pool.submit(come, number))
        until(lambda n=number: pen.waiting == n + 1)  # type: ignore[misc]
    return found


def test_who_came_first_writes_first() -> None:
    pen, order = Places(), list[int]()
    assert pen.take(0)
    with ThreadPoolExecutor(8) as pool:
        line = stand_in_line(pen, pool, 8, order.append)
        pen.give()
        for one in line:
            one.result()
    assert order == list(range(8))
    assert pen.take(0), "and it lies there again"


def test_who_has_waited_long_enough_leaves_the_line_and_holds_nobody_up() -> None:
    pen = Places()
    assert pen.take(0)
    assert not pen.take(0.001)
    assert pen.waiting == 0
    pen.give()
    assert pen.take(0)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Return the engine of a new file with one number in it."""
    made = db.connect(f"sqlite:///{tmp_path / 'pen.db'}", durable=False)
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE number (at INTEGER)")
        connection.exec_driver_sql("INSERT INTO number VALUES (0)")
    return made


def read(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT at FROM number").scalar_one())


def write(seconds: float = 0) -> None:
    with aside() as own:
        connection = own.connection()
        seen = connection.exec_driver_sql("SELECT at FROM number").scalar_one()
        time.sleep(seconds)
        connection.exec_driver_sql("UPDATE number SET at = ?", (seen + 1,))


def test_many_who_read_and_then_write_lose_nothing(engine: Engine) -> None:
    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(write, 0.001) for _ in range(60)]:
            done.result()
    assert read(engine) == 60
    engine.dispose()


def refuse(*_args: object, **_values: object) -> None:
    raise ZeroDivisionError


def fails(how: str) -> None:
    """Write in vain."""
    with aside() as own:
        own.connection().exec_driver_sql("UPDATE number SET at = 7")
        FAILURES[how](own)
        if how != "at the commit":
            refuse()


FAILURES: dict[str, Callable[[Session], object]] = {
    "at the beginning": refuse,
    "in the middle": refuse,
    "at the commit": lambda own: event.listen(own, "before_commit", refuse),
    "connection lost": lambda own: own.connection().invalidate(),
}


@pytest.mark.parametrize("how", FAILURES)
def test_a_writer_who_fails_gives_the_pen_back(engine: Engine, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "at the beginning":
        monkeypatch.setattr("triage.pens._begun", refuse)
    with pytest.raises(ZeroDivisionError):
        fails(how)
    monkeypatch.undo()
    write()
    assert read(engine) == 1
    engine.dispose()


def test_who_waits_too_long_is_told_that_the_database_is_locked(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.dispose()
    monkeypatch.setattr(db, "BUSY", 0)
    hasty = db.connect(str(engine.url), durable=False)
    with aside() as first:
        first.connection()
        with pytest.raises(OperationalError, match="locked"), aside() as own:
            own.connection()
    write()
    assert read(hasty) == 1
    hasty.dispose()


def test_a_process_that_writes_all_the_time_leaves_the_others_their_chance(engine: Engine) -> None:
    other = create_engine(engine.url, connect_args={"isolation_level": None})
    event.listen(other, "begin", partial(_begin_to_write, Writers(other, 10)))
    done = Event()

    def write_on() -> None:
        while not done.is_set():
            write(0.002)

    with ThreadPoolExecutor(4) as pool:
        line = [pool.submit(write_on) for _ in range(4)]
        try:
            for _ in range(3):
                with other.begin() as connection:
                    connection.exec_driver_sql("UPDATE number SET at = 0")
        finally:
            done.set()
        for one in line:
            one.result()
    for one in (engine, other):
        one.dispose()


def _begin_to_write(writers: Writers, connection: Connection) -> None:
    writers.begin(connection)
