"""Several statements in one go: PostgreSQL answers each, but nobody waits for each of the answers.

To wait takes more of the processor than to ask: the answer wakes a thread whose memory has gone cold meanwhile. SQLite
answers within the call, so there is nothing to spare.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event

from triage.postgres import driver

#: The connections of which answers are outstanding.
_open: WeakKeyDictionary[Connection, Any] = WeakKeyDictionary()
#: Their statements that have to meet one row, with what is raised where one does not.
_expected: WeakKeyDictionary[Connection, list[tuple[Any, Exception]]] = WeakKeyDictionary()


def listen(engine: Engine) -> None:
    """Wait for what is outstanding before SQLAlchemy itself asks something, and before a transaction ends."""
    event.listen(engine, "before_execute", lambda connection, *_: settle(connection))
    event.listen(engine, "commit", settle)
    event.listen(engine, "rollback", _abandon)


def go_on(connection: Connection) -> None:
    """Let what is written from here on in a transaction be sent without waiting for its answer."""
    if connection.dialect.name != "postgresql" or connection in _open:
        return
    raw = driver(connection)
    if not raw.autocommit:
        _open[connection] = going = raw.pipeline()
        going.__enter__()


def settle(connection: Connection) -> None:
    """Wait for every outstanding answer; raises, as SQLAlchemy does, what one of the statements was refused for."""
    going = _open.pop(connection, None)
    if going is None:
        return
    asked = _expected.pop(connection, ())
    try:
        going.__exit__(None, None, None)
    except connection.dialect.loaded_dbapi.Error as error:
        refuse(connection, None, "", (), error)
    for cursor, otherwise in asked:
        if cursor.rowcount != 1:
            raise otherwise


def expect_one(connection: Connection, cursor: Any, otherwise: Exception) -> None:
    """Raise the error unless the statement met one row: now where its answer is there, else when it is waited for."""
    if connection in _open:
        _expected.setdefault(connection, []).append((cursor, otherwise))
    elif cursor.rowcount != 1:
        raise otherwise


@contextmanager
def at_once(connection: Connection) -> Iterator[None]:
    """Send what is asked inside in one go; the answers are there when it ends."""
    settle(connection)
    go_on(connection)
    try:
        yield
    except BaseException:
        _abandon(connection)
        raise
    settle(connection)


def refuse(connection: Connection, cursor: Any, text: str, what: Any, error: Exception) -> NoReturn:
    """Raise the driver's error as SQLAlchemy does; of a server that went away it takes no connection out again."""
    connection._handle_dbapi_exception(error, text, what, cursor, None)


def _abandon(connection: Connection) -> None:
    _expected.pop(connection, None)
    going = _open.pop(connection, None)
    if going is not None and not connection.invalidated and not connection.closed:
        with suppress(connection.dialect.loaded_dbapi.Error):  # it is rolled back: why is known already
            going.__exit__(None, None, None)
