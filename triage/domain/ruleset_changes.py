"""What differs between two versions of the rules: entry by entry, part by part."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ADDED, REMOVED, CHANGED, MOVED = KINDS = ("added", "removed", "changed", "moved")
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One part of an entry, before and after; None where it is not there."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One entry that is not the same: what kind of entry, its name, what happened, and the parts that differ."""

    key: str
    name: str
    kind: str
    parts: tuple[Part, ...]


def changes(before: Mapping[str, Any], after: Mapping[str, Any], first: Iterable[str] = ("rule",)) -> list[Change]:
    """Return what differs between the contents of two TOML documents, the kinds of entries in ``first`` first."""
    keys = dict.fromkeys([*first, *before, *after])
    return [change for key in keys for change in _of_key(key, before.get(key, []), after.get(key, []))]


def _of_key(key: str, before: Any, after: Any) -> Iterator[Change]:
    old, new = _named(before), _named(after)
    for name in dict.fromkeys([*new, *old]):
        parts = tuple(_parts(old.get(name, {}), new.get(name, {})))
        kind = ADDED if name not in old else REMOVED if name not in new else CHANGED
        if parts:
            yield Change(key, name, kind, parts)
    order = [name for name in old if name in new], [name for name in new if name in old]
    if order[0] != order[1]:
        yield Change(key, "", MOVED, (Part("order", *_moved(*order)),))


def _named(entries: Any) -> dict[str, Entry]:
    listed = entries if isinstance(entries, list) else [entries]
    return {str(entry.get("id") or entry.get("name") or number): entry for number, entry in enumerate(listed, 1)}


def _parts(old: Entry, new: Entry) -> Iterator[Part]:
    for name in dict.fromkeys([*new, *old]):
        before, after = old.get(name), new.get(name)
        if _plain(before) != _plain(after):
            yield Part(name, before, after)


def _plain(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


def _moved(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Return both orders without what stands at the same place at their beginnings and ends."""
    while old and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return old, new
