"""How each connection to SQLite is set, and how its transactions begin."""

import functools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Engine, event

from triage.pens import Writers


def listen(engine: Engine, is_writing: Callable[[], bool], seconds: float, durable: bool) -> None:
    """Set every connection of this engine; a writer waits so many ``seconds`` for the others.

    Not ``durable``: SQLite does not wait for the disk; for data that can be made again.
    """
    writers = Writers(engine, seconds)

    def begin(connection: Connection) -> None:
        # A deferred transaction that reads first and then writes dies with "database is locked" whatever the time-out.
        if is_writing():
            writers.begin(connection)
        else:
            connection.connection.driver_connection.execute("BEGIN")  # type: ignore[union-attr]  # the driver's own

    event.listen(engine, "connect", functools.partial(_set, seconds=seconds, durable=durable))
    event.listen(engine, "begin", begin)


def _set(connection: Any, _record: object, seconds: float, durable: bool) -> None:
    connection.isolation_level = None  # what happens at "begin" decides how a transaction starts
    for pragma in (
        "journal_mode=WAL",
        f"synchronous={'FULL' if durable else 'OFF'}",
        f"busy_timeout={1000 * seconds:.0f}",
        "foreign_keys=ON",
        f"trusted_schema={'ON' if _triggers_need_trust() else 'OFF'}",
    ):
        connection.execute(f"PRAGMA {pragma}")


@functools.cache
def _triggers_need_trust() -> bool:
    """Tell whether this SQLite refuses triggers on FTS5, which keep the index of names, in an untrusted schema."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as probe:
        probe.execute("PRAGMA trusted_schema=OFF")
        probe.execute("CREATE TABLE name (key)")
        probe.execute("CREATE VIRTUAL TABLE word USING fts5(key)")
        probe.execute("CREATE TRIGGER named AFTER INSERT ON name BEGIN INSERT INTO word VALUES (new.key); END")
        try:
            probe.execute("INSERT INTO name VALUES ('')")
        except sqlite3.OperationalError:
            return True
    return False
