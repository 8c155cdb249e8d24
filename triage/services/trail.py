"""The end of a site's trail while a transaction is open: locked once, made longer in memory, written as it commits.

So are a few rows beside it that nothing in a use case asks for. PostgreSQL takes all of them as one statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, event, insert, select, update
from sqlalchemy.orm import Session

from triage import ahead
from triage.beside import connected
from triage.db import Base
from triage.models import AuditEvent, AuditPayload, Change, SiteHead, StageChange, Submission
from triage.prepared import Prepared
from triage.wake import SAYING, announce, take_news

_HEAD: Table = SiteHead.__table__  # type: ignore[assignment]
# Built once: to build a statement takes longer than to run it.
_THIS_SITE = _HEAD.c.site_id == bindparam("this_site")
_LOCK = Prepared(select(_HEAD.c.audit_count, _HEAD.c.audit_hash, _HEAD.c.revision).where(_THIS_SITE).with_for_update())
_MOVED = ("audit_count", "audit_hash", "revision")
_MOVE = Prepared(update(_HEAD).where(_THIS_SITE), _MOVED)
#: So many rows at most go in one statement with the head's; each number of them is a statement of its own.
_FEW = 9
#: What nothing in a use case asks for once it has written it.
LATE = (Submission, StageChange)
#: Where the rows go, in the order in which they refer to each other.
_TABLES: tuple[Table, ...] = tuple(noun.__table__ for noun in (AuditEvent, AuditPayload, Change, *LATE))  # type: ignore[misc]
_ADD = {table: Prepared(insert(table), [column.key for column in table.columns]) for table in _TABLES}


@dataclass
class Head:
    """How far a site's audit chain and its changes go, this transaction's own among them."""

    site_id: str
    audit_count: int
    audit_hash: str
    revision: int


@dataclass
class _Open:
    """What a transaction holds locked, and what it will write."""

    heads: dict[str, Head] = field(default_factory=dict)
    rows: dict[Table, list[dict[str, Any]]] = field(default_factory=lambda: {table: [] for table in _TABLES})


def _open(db: Session) -> _Open:
    held: _Open = db.info.setdefault("trail", _Open())
    return held


def lock_site(db: Session, site_id: str) -> Head:
    """Return the site's head, locked until the commit: writers of one site go one after the other."""
    heads = _open(db).heads
    if site_id not in heads:
        query, asked = lock_of(site_id)
        rows = ahead.take(db, query, asked)
        row = next(iter(query.rows(connected(db), asked) if rows is None else rows), None)
        if row is None:
            db.connection().execute(
                insert(_HEAD), {"site_id": site_id, "audit_count": 0, "audit_hash": "", "revision": 0}
            )
        heads[site_id] = Head(site_id, *(row or (0, "", 0)))
    return heads[site_id]


def lock_of(site_id: str) -> ahead.Question:
    """Return the question that locks a site's head, for who asks it together with others; it comes first."""
    return _LOCK, {"this_site": site_id}


def append(db: Session, event_: dict[str, Any], body: dict[str, Any]) -> None:
    """Add a signed event with its payload to the trail of its site, whose head is locked."""
    held = _open(db)
    head = held.heads[event_["site_id"]]
    head.audit_count, head.audit_hash = event_["sequence"], event_["hash"]
    held.rows[_TABLES[0]].append(event_)
    held.rows[_TABLES[1]].append({"event_id": event_["id"], "body": body})
    db.info["recorded"] = True  # the guard against unaudited writes: it is written with the same commit


def note_change(db: Session, site_id: str, encounter_id: str, topic: str, at: datetime) -> None:
    """Tell the open boards, with the commit of the open transaction, that this encounter's row looks different."""
    head = note_news(db, site_id)
    row = {"site_id": site_id, "revision": head.revision, "topic": topic, "encounter_id": encounter_id, "at": at}
    _open(db).rows[_TABLES[2]].append(row)


def note_news(db: Session, site_id: str) -> Head:
    """Raise the site's revision with the commit, so that open lists are fetched anew; no row of the board changes."""
    head = lock_site(db, site_id)
    head.revision += 1
    announce(db, site_id, head.revision)
    return head


def keep(db: Session, noun: type[Base], row: dict[str, Any]) -> None:
    """Write a row of one of the late tables, with all its columns, when the open transaction commits."""
    _open(db).rows[noun.__table__].append(row)  # type: ignore[index]


@event.listens_for(Session, "before_commit", insert=True)  # before the news is told by itself
def _write(db: Session) -> None:
    held: _Open | None = db.info.pop("trail", None)
    if held is None or not any(held.rows.values()):
        return
    db.flush()
    connection = connected(db)
    heads = [
        {"this_site": head.site_id, **{name: getattr(head, name) for name in _MOVED}} for head in held.heads.values()
    ]
    counts = tuple(len(rows) for rows in held.rows.values())
    if connection.dialect.name == "postgresql" and len(heads) == 1 and sum(counts) <= _FEW:
        rows = {
            given: row[name]
            for table, some in held.rows.items()
            for n, row in enumerate(some)
            for name, given in _given(table, n)
        }
        news = take_news(db)
        _together(counts, bool(news)).send(connection, {**heads[0], **rows, **({"news": news[0]} if news else {})})
        return
    for table, some in held.rows.items():
        if some:
            _ADD[table].send(connection, *some)
    for head in heads:
        _MOVE.send(connection, head)


@cache
def _given(table: Table, n: int) -> Sequence[tuple[str, str]]:
    """Return the columns of a table, each with the name that the n-th row's value has in the statement of them all."""
    return [(column.key, f"{table.name}_{n}_{column.key}") for column in table.columns]


@cache
def _together(counts: tuple[int, ...], has_news: bool) -> Prepared:
    """Return the statement that adds so many rows to each table, moves the head and says so: PostgreSQL's only."""
    added = [
        insert(table).values({name: bindparam(given, type_=table.c[name].type) for name, given in _given(table, n)})
        for table, count in zip(_TABLES, counts, strict=True)
        for n in range(count)
    ]
    moved = update(_HEAD).where(_THIS_SITE).values({name: bindparam(name, type_=_HEAD.c[name].type) for name in _MOVED})
    whole = moved.add_cte(*(one.cte(f"added_{n}") for n, one in enumerate(added)))
    return Prepared(whole.returning(SAYING) if has_news else whole)


@event.listens_for(Session, "after_transaction_end")
def _forget(db: Session, transaction: Any) -> None:
    if transaction.parent is None:
        db.info.pop("trail", None)
