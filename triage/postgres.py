"""What a connection to PostgreSQL is spared: a question whether it still lives, and a transaction around a read.

Each is a round trip that costs both sides as much as a small query. A page that only reads sees what is committed with
or without a transaction (READ COMMITTED looks anew for every statement).
"""

import time
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

#: A connection that lay unused for so many seconds is asked whether it still lives.
DOZED = 1.0
_BACK = "back"


def listen(engine: Engine) -> None:
    """Ask a connection of this engine whether it lives only where it was unused, and let it write as usual again."""

    def take(raw: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get(_BACK, time.monotonic()) > DOZED and not _lives(engine, raw):
            raise DisconnectionError

    event.listen(engine, "checkout", take)
    event.listen(engine, "checkin", _back)


def _lives(engine: Engine, raw: Any) -> bool:
    try:
        return bool(engine.dialect.do_ping(raw))
    except engine.dialect.loaded_dbapi.Error:
        return False


def _back(raw: Any, record: ConnectionPoolEntry) -> None:
    record.info[_BACK] = time.monotonic()
    if raw is not None and raw.autocommit and not raw.closed:
        raw.autocommit = False


def read_apart(connection: Connection) -> None:
    """Let each statement of a connection that has just been taken stand for itself."""
    if connection.dialect.name == "postgresql":
        driver(connection).autocommit = True


def read_together(connection: Connection) -> None:
    """Let what follows on a connection be one transaction."""
    if connection.dialect.name == "postgresql" and driver(connection).autocommit:
        driver(connection).autocommit = False


def driver(connection: Connection) -> Any:
    """Return the driver's own connection."""
    return connection.connection.driver_connection
