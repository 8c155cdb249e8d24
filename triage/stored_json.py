"""What a column of JSON holds, as text and back: every decision keeps a suggestion of six thousand characters."""

from functools import lru_cache
from typing import Any

import orjson

#: So long at most are texts whose meaning is kept: "yes", "no", a number, a choice, which most answers are.
SHORT = 16
#: So lists and objects begin: whoever gets one may change it.
_CAN_CHANGE = frozenset({"[", "{", b"[", b"{"})
#: A moment or a record of ours is no JSON: the caller says how it is written.
_PLAIN = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def to_json(value: Any) -> str:
    """Return a value as a text of JSON; raises TypeError for what JSON has no words for."""
    return orjson.dumps(value, _as_list, _PLAIN).decode()


def in_order(value: Any) -> str:
    """Return the same text for the same value, in whatever order its keys came."""
    return orjson.dumps(value, _as_list, _PLAIN | orjson.OPT_SORT_KEYS).decode()


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, tuple):  # one with names
        return list(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def from_json(text: Any) -> Any:
    """Return what a text of JSON says; SQLite keeps a number as a number."""
    if not isinstance(text, str | bytes):
        return text
    return _short(text) if len(text) <= SHORT and text[:1] not in _CAN_CHANGE else orjson.loads(text)


@lru_cache(1024)
def _short(text: str | bytes) -> Any:
    return orjson.loads(text)
