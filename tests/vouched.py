"""Whoever asks ahead (triage/ahead.py) vouches that nothing written before the reading changes the answer. It is heard.

On SQLite, where nothing is asked ahead, the same order of asking, writing and reading is looked at.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from sqlalchemy import Connection, Engine, Table
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors

from tests.plans import hearing
from triage import ahead, beside
from triage.db import session
from triage.prepared import Prepared
from triage.services import trail

_ASKED = re.compile(r'\b(?:FROM|JOIN) "?(\w+)')
_WRITTEN = re.compile(r'\b(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')


@dataclass
class _Asked:
    """What a transaction has asked ahead and not read yet, and the tables that it has written since."""

    questions: set[Any] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)


@contextmanager
def vouched(engine: Engine) -> Iterator[None]:
    """Raise AssertionError where an answer is read after one of its tables was written."""
    open_: WeakKeyDictionary[Connection, _Asked] = WeakKeyDictionary()
    ask, take = ahead.ask, ahead.take

    def note(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        late = {table.name for table in _late(session())} & set(_ASKED.findall(statement))
        assert not late, f"read in the use case that is going to write it with its commit: {', '.join(sorted(late))}"
        if (asked := open_.get(connection)) is not None:
            asked.tables.update(_WRITTEN.findall(statement))

    def asking(db: Session, *questions: ahead.Question, values: Any = ()) -> None:
        ask(db, *questions, values=values)
        open_[db.connection()] = _Asked({_key(*one) for one in (*questions, *values)})

    def taking(db: Session, query: Prepared, values: Mapping[str, Any]) -> list[Any] | None:
        connection = db.info.get(beside.OWN)
        asked = None if connection is None else open_.get(connection)
        if asked is not None and (key := _key(query, values)) in asked.questions:
            asked.questions.remove(key)
            changed = (asked.tables | _unwritten(db)) & _read(query)
            assert not changed, f"written between asking ahead and reading: {', '.join(sorted(changed))}"
        return take(db, query, values)

    with hearing(engine, note), pytest.MonkeyPatch.context() as patch:
        patch.setattr(ahead, "ask", asking)
        patch.setattr(ahead, "take", taking)
        yield


def _key(query: Prepared, values: Mapping[str, Any]) -> tuple[Prepared, str]:
    return query, repr(sorted(values.items()))


def _late(db: Session) -> Iterator[Table]:
    """Yield the tables of rows that this transaction writes with its commit, beside the trail."""
    held = db.info.get("trail")
    if held is not None:
        yield from (noun.__table__ for noun in trail.LATE if held.rows[noun.__table__])


def _unwritten(db: Session) -> set[str]:
    """Return the tables that the session is going to write: to read anew would write them first."""
    rows = (*db.new, *db.deleted, *(row for row in db.dirty if db.is_modified(row)))
    return {row.__tablename__ for row in rows}


def _read(query: Prepared) -> set[str]:
    return {str(part.name) for part in visitors.iterate(query.statement) if isinstance(part, Table)}  # type: ignore[arg-type]
