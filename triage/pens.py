"""Whose turn it is to write: SQLite lets one write at a time and lets the others try again and again, in no order.

Who tries after a pause that grows is overtaken by all who come later. So the writers of a process stand in line here,
and only the first of them stands against the other processes: it tries at short, even intervals, and who comes straight
after a writer of its own process leaves the others one such interval.
"""

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from triage.places import Places

#: Where a connection notes that it holds the pen.
_HELD = "pen"
#: Seconds between two tries against the other processes.
PACE = 0.0005


class Writers:
    """The pen of one engine: whoever writes takes it, and it is back when the connection is in the pool again."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self.pen, self._seconds = Places(), seconds
        event.listen(engine, "checkin", self._back)

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that writes; raises what SQLite does where the others take too long."""
        held, after_another = connection.connection.record_info, self.pen.is_full
        if held is None or not self.pen.take(self._seconds):
            raise _locked(sqlite3.OperationalError("database is locked"))
        held[_HELD] = True  # and given back even where the next line fails
        if after_another:
            time.sleep(PACE)
        self._against_others(connection.connection.driver_connection)

    def _against_others(self, raw: Any) -> None:
        limit = time.monotonic() + self._seconds
        raw.execute("PRAGMA busy_timeout=0")
        try:
            while not _begun(raw, is_last=time.monotonic() >= limit):
                time.sleep(PACE)
        finally:
            raw.execute(f"PRAGMA busy_timeout={1000 * self._seconds:.0f}")

    def _back(self, _connection: object, record: ConnectionPoolEntry) -> None:
        if (record.record_info or {}).pop(_HELD, False):
            self.pen.give()


def _begun(raw: Any, is_last: bool) -> bool:
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if is_last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise _locked(error) from error
        return False
    return True


def _locked(error: sqlite3.OperationalError) -> OperationalError:
    return OperationalError("BEGIN IMMEDIATE", None, error)
