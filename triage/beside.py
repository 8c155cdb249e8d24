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
#: What was read through in a request that keeps it to its end; None where nobody would give it back.
_kept: ContextVar[list[Connection] | None] = ContextVar("kept beside", default=None)


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
    kept = _kept.get()
    one = kept[0] if kept else _opened(own)
    before = _held.set(one)
    try:
        yield
    except BaseException:
        _give_back()
        one.close()
        raise
    finally:
        _held.reset(before)
    if kept is None:
        one.close()
    elif not kept:
        kept.append(one)


def _opened(own: Session) -> Connection:
    one: Connection = own.get_bind().connect()  # type: ignore[union-attr]  # an engine: db.connect has bound it
    postgres.read_apart(one)
    return one


def keep(wanted: bool) -> None:
    """Let what is read through stay open for this request's next reading, or not; to take it anew costs a query."""
    _kept.set([] if wanted else None)


def _give_back() -> None:
    for one in _kept.get() or ():
        one.close()
    _kept.set(None)


def release(sessions: scoped_session[Session]) -> None:
    """Give back what this thread's session holds; one that nothing was asked of stays for the next request."""
    _give_back()
    if not sessions.registry.has():
        return
    own = sessions()
    if own.in_transaction() or own.identity_map or own.new:
        sessions.remove()
    else:
        own.info.clear()
