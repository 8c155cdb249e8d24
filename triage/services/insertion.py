"""A new row, written at once as one statement, and kept by the session as if it had been read where somebody needs it.

The session's own way, which first finds out what is new and in which order to write it, takes three times as long.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import insert

from triage.beside import connected
from triage.db import Base, note_write, session
from triage.prepared import Prepared
from triage.services import trail
from triage.services.keeping import columns, kept

Noun = TypeVar("Noun", bound=Base)


def insert_row(noun: type[Noun], **values: Any) -> Noun:
    """Insert a row now, inside a verb, and return it; what is changed of it later is written too.

    What it refers to has to be in the database already. Raises TypeError for what is no column of the table.
    """
    written = insert_values(noun, **values)
    return kept(noun, [written.get(column.key) for column in columns(noun)])


def insert_values(noun: type[Base], **values: Any) -> Mapping[str, Any]:
    """Insert a row that nobody asks for again, as ``insert_row`` does; return what was written, with the defaults."""
    _complete(noun, values)
    _insert(noun, tuple(values)).send(connected(session()), values)
    note_write(noun)
    return values


def insert_late(noun: type[Base], **values: Any) -> None:
    """Insert a row with the commit, beside the trail; of a table that nothing in a use case reads (``trail.LATE``)."""
    _complete(noun, values)
    trail.keep(session(), noun, {column.key: values.get(column.key) for column in columns(noun)})
    note_write(noun)


def _complete(noun: type[Base], values: dict[str, Any]) -> None:
    plan = _plan(noun)
    for name, default in plan.made:
        if name not in values:
            values[name] = default.arg(None) if default.is_callable else default.arg
    if not plan.names.issuperset(values):
        raise TypeError(f"no column of {noun.__name__}: {', '.join(sorted(set(values) - plan.names))}")


@dataclass(frozen=True)
class _Plan:
    """The columns of a table, and those that have a default."""

    names: frozenset[str]
    made: Sequence[tuple[str, Any]]


@functools.cache
def _plan(noun: type[Base]) -> _Plan:
    made = [(column.key, column.default) for column in columns(noun) if column.default is not None]
    return _Plan(frozenset(column.key for column in columns(noun)), made)


@functools.cache
def _insert(noun: type[Base], names: tuple[str, ...]) -> Prepared:
    return Prepared(insert(noun.__table__), names)  # type: ignore[arg-type]
