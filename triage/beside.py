"""A connection for reading beside the session: to begin and end a session's transaction takes as long as a query."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session, scoped_session

from triage import postgres

#: Where a session notes the connection of its transaction, for as long as that lasts.
OWN = "connection"
_held: ContextVar[Connection | None] = ContextVar("beside", default=None)


def connection() -> Connection | None:
    """Return the connection that is read through instead of the session's, None where it is the session's."""
    return _held.get()


def connected(own: Session) -> Connection:
    """Return the connection of the session's transaction; looked up by the session it costs as much as a statement."""
    known: Connection | None = own.info.get(OWN)
    return known or own.connection()


@contextmanager
def reading(own: Session) -> Iterator[None]:
    """Let what is read inside go past the session where it has begun nothing.

    Each prepared query then sees what is committed at its own moment, as on PostgreSQL all reading does.
    """
    if own.in_transaction() or _held.get():
        yield
        return
    with own.get_bind().connect() as one:  # type: ignore[union-attr]  # an engine: db.connect has bound it
        postgres.read_apart(one)
        before = _held.set(one)
        try:
            yield
        finally:
            _held.reset(before)


def release(sessions: scoped_session[Session]) -> None:
    """Give back what this thread's session holds; one that nothing was asked of stays for the next request."""
    if not sessions.registry.has():
        return
    own = sessions()
    if own.in_transaction() or own.identity_map or own.new:
        sessions.remove()
    else:
        own.info.clear()
