"""How a moment is kept: aware on both sides, UTC in storage."""

from collections.abc import Callable
from datetime import UTC as utc
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import DateTime, Dialect, TypeDecorator


class UTC(TypeDecorator[datetime]):
    """A moment: aware on both sides, UTC in storage (SQLite forgets zones, so the type puts it back)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return what makes a moment ready for the driver; SQLite has it written at once, not part by part."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Return what makes a moment of what the driver gives; of SQLite's text at once, zone and all."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive datetime and store UTC."""
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return in UTC the moment that PostgreSQL gives, which is in the zone of its session."""
        return None if value is None else value.astimezone(utc)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("naive datetime: give every moment its zone")
    return value.astimezone(utc)


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    moment = _in_utc(value)
    if not moment.microsecond:
        return moment.isoformat(" ", "microseconds").removesuffix("+00:00")
    text = orjson.dumps(moment).decode()  # four times as fast as the standard library, and a routing writes eleven
    return f"{text[1:11]} {text[12:27]}"


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")
