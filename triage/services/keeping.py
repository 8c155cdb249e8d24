"""Rows that a prepared statement has read, kept by the session as if it had loaded them itself.

The session's own way works out anew at each load which column fills what of whom; that takes three times as long.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import bindparam, update
from sqlalchemy.orm.attributes import instance_dict, instance_state
from sqlalchemy.orm.exc import StaleDataError

from triage.beside import connected
from triage.db import Base, note_write, session
from triage.models.versioned import Versioned
from triage.pipeline import expect_one
from triage.prepared import Prepared

Noun = TypeVar("Noun", bound=Base)


@cache
def columns(noun: type[Base]) -> tuple[Any, ...]:
    """Return what ``kept`` has to be given of a table, in this order."""
    return tuple(noun.__table__.columns)


@cache
def _names(noun: type[Base]) -> tuple[str, ...]:
    return tuple(column.key for column in columns(noun))


def kept(noun: type[Noun], values: Sequence[Any]) -> Noun:
    """Return the row with these values of all its columns: the session's own where it holds the row already."""
    mapper, db = noun.__mapper__, session()
    loaded: dict[str, Any] = dict(zip(_names(noun), values, strict=True))
    identity = tuple([loaded[str(column.key)] for column in mapper.primary_key])
    key = mapper.identity_key_from_primary_key(identity)
    row: Noun | None = db.identity_map.get(key)
    if row is not None:
        vars(row).update(loaded)  # what was changed of it has been written, so nothing is lost
        return row
    row = mapper.class_manager.new_instance()
    vars(row).update(loaded)
    state = instance_state(row)
    state.key, state.session_id = key, db.hash_key
    db.identity_map.add(state)  # as the session does with what it loads
    return row


def save(row: Versioned) -> None:
    """Write now, inside a verb, what has changed of a row, and raise its version; nothing where nothing has.

    Raises StaleDataError where somebody else has changed the row since it was read, with the commit at the latest.
    The session would do it with the commit; it first puts all that has changed in order, which takes longer than the
    rest of a routing's writing.
    """
    state, now = instance_state(row), instance_dict(row)
    changed = {name: now[name] for name, before in state.committed_state.items() if now[name] != before}
    if not changed:
        return
    changed["version"] = row.version + 1
    noun: Any = type(row)
    note_write(noun)
    asked = {"this_id": row.id, "this_version": row.version, **changed}
    connection = connected(session())
    cursor = _update(noun, tuple(changed)).send(connection, asked)
    expect_one(connection, cursor, StaleDataError(f"{type(row).__name__} was changed by somebody else"))
    now["version"] = changed["version"]
    state._commit_all(now, session.identity_map)


@cache
def _update(noun: Any, names: tuple[str, ...]) -> Prepared:
    this = (noun.id == bindparam("this_id"), noun.version == bindparam("this_version"))
    return Prepared(update(noun.__table__).where(*this), names)
