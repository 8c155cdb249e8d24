"""The one place that tells the time. Services ask here; the domain is given the time as an argument."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_set: ContextVar[datetime | None] = ContextVar("set", default=None)
_entered: ContextVar[datetime | None] = ContextVar("entered", default=None)


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return _set.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the time be ``moment`` for what runs inside: the demonstration's earlier hours."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime: give every moment its zone")
    token = _set.set(moment)
    try:
        yield
    finally:
        _set.reset(token)


@contextmanager
def late(moment: datetime) -> Iterator[None]:
    """Let what runs inside have happened at ``moment`` although it is entered only now: both times are kept."""
    token = _entered.set(entered())
    try:
        with at(moment):
            yield
    finally:
        _entered.reset(token)


def entered() -> datetime:
    """Return when the running entry is made: now, unless what it says happened earlier."""
    return _entered.get() or now()


def entered_late() -> datetime | None:
    """Return when the running late entry is made, None while nothing is entered late."""
    return _entered.get()


def happened() -> datetime | None:
    """Return when what is entered late had happened, None while nothing is entered late."""
    return now() if _entered.get() else None
