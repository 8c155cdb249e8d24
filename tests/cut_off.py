"""A connection to PostgreSQL that is lost, or made to do something, at any step of what the product does."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event

from triage import db, postgres


class Server:
    """PostgreSQL as its administrator reaches it, past the product's own connections."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        url = engine.url.set(drivername="postgresql").render_as_string()
        self.own = psycopg.connect(url, autocommit=True)

    def end(self, connection: Connection) -> None:
        """End one connection of the product; return once it has ended."""
        self.own.execute("SELECT pg_terminate_backend(%s, 5000)", (postgres.driver(connection).info.backend_pid,))

    def end_all(self, _connection: Connection) -> None:
        """End every connection of the product, as a server does that is started anew."""
        others = b"FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        self.own.execute(b"SELECT pg_terminate_backend(pid, 5000) " + others + b" AND pid <> pg_backend_pid()")

    def deafen(self, connection: Connection) -> None:
        """Let the product go on asking, and hear no answer any more."""
        with socket.fromfd(postgres.driver(connection).fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.shutdown(socket.SHUT_RD)

    def kept(self) -> Any:
        """Return a mark of all that stands in each table."""
        mark = "SELECT '{0}', md5(string_agg(md5(one::text), '' ORDER BY md5(one::text))) FROM \"{0}\" AS one"
        return self.own.execute(" UNION ALL ".join(map(mark.format, db.Base.metadata.tables)).encode()).fetchall()


@contextmanager
def cut(engine: Engine, at: int | str, end: Callable[[Connection], None]) -> Iterator[list[str]]:
    """Do something to the connection right before its step of this number or name; yields the steps that came by.

    A step is a statement, or an end of the transaction before and after what is outstanding has been waited for.
    """
    steps: list[str] = []

    def hear(connection: Connection, name: str) -> None:
        steps.append(name)
        if at in (name, len(steps) - 1):
            end(connection)

    listeners: dict[tuple[str, bool], Callable[..., None]] = {
        ("before_cursor_execute", False): lambda connection, _cursor, text, *_: hear(connection, text),
        ("commit", True): lambda connection: hear(connection, "commit, to be waited for"),
        ("commit", False): lambda connection: hear(connection, "commit"),
        ("rollback", True): lambda connection: hear(connection, "rollback, to be waited for"),
        ("rollback", False): lambda connection: hear(connection, "rollback"),
    }
    for (name, first), listener in listeners.items():
        event.listen(engine, name, listener, insert=first)
    try:
        yield steps
    finally:
        for (name, _), listener in listeners.items():
            event.remove(engine, name, listener)
