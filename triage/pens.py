"""Whose turn it is to write: SQLite lets one write at a time and lets the others try again and again, in no order.

Who tries after a pause that grows is overtaken by all who come later. So the writers of a process stand in line here,
and only the first of them stands against the other processes.
"""

import sqlite3
from collections import deque
from threading import Event, Lock

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

#: Where a connection notes that it holds the pen.
_HELD = "pen"


class Pen:
    """Held by one at a time; who gives it back hands it to whoever has waited longest."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held = False
        self._line: deque[Event] = deque()

    @property
    def waiting(self) -> int:
        """Return how many stand in line."""
        return len(self._line)

    def take(self, seconds: float) -> bool:
        """Wait for the pen, at most so long; tell whether it is ours."""
        with self._lock:
            if not self._held:
                self._held = True
                return True
            mine = Event()
            self._line.append(mine)
        if mine.wait(seconds):
            return True
        with self._lock:
            if not mine.is_set():  # else it was handed over at this very moment
                self._line.remove(mine)
            return mine.is_set()

    def give(self) -> None:
        """Hand it to the next, or lay it down."""
        with self._lock:
            if self._line:
                self._line.popleft().set()
            else:
                self._held = False


class Writers:
    """The pen of one engine: whoever writes takes it, and it is back when the connection is in the pool again."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self.pen, self._seconds = Pen(), seconds
        event.listen(engine, "checkin", self._back)

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that writes; raises what SQLite does where the others take too long."""
        held = connection.connection.record_info
        if held is None or not self.pen.take(self._seconds):
            raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
        held[_HELD] = True  # and given back even where the next line fails
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _back(self, _connection: object, record: ConnectionPoolEntry) -> None:
        if (record.record_info or {}).pop(_HELD, False):
            self.pen.give()
