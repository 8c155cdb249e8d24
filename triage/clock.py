"""The one place that tells the time. Services ask here; the domain is given the time as an argument."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_set: ContextVar[datetime | None] = ContextVar("set", default=None)


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return _set.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the time be ``moment`` for what runs inside: late entries and the demonstration's earlier hours."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime: give every moment its zone")
    token = _set.set(moment)
    try:
        yield
    finally:
        _set.reset(token)
