"""Hears that somebody committed a change: SQLite is asked again and again, PostgreSQL says so by itself."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, String, bindparam, create_engine, event, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from triage.prepared import Prepared

#: Where PostgreSQL passes the word on.
CHANNEL = "triage_change"
#: Seconds between two looks at SQLite's own counter of commits; one look takes some microseconds.
PACE = 0.05
#: Says it on PostgreSQL, in whatever statement it stands.
SAYING = func.pg_notify(CHANNEL, bindparam("news", type_=String()))
_SAY = Prepared(select(SAYING))


class Ear(Protocol):
    """Listens at one database, on a connection of its own that no request waits for."""

    connection: Connection

    def wait(self, seconds: float) -> Mapping[str, int] | None:
        """Wait at most so long; return the sites' new revisions as far as heard, or None: something changed, look."""


class SqliteEar:
    """Asks SQLite whether any other connection, of any process, has committed since the last time."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._seen: int | None = None

    def wait(self, seconds: float) -> Mapping[str, int] | None:
        """Wait for the next look, then tell whether there was any commit."""
        time.sleep(min(seconds, PACE))
        now = self.connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        before, self._seen = self._seen, now
        return {} if now == before else None


class PostgresEar:
    """Listens to what committed transactions announced."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        self._raw: Any = connection.connection.driver_connection

    def wait(self, seconds: float) -> Mapping[str, int] | None:
        """Wait for the next announcement."""
        heard: dict[str, int] = {}
        for note in self._raw.notifies(timeout=seconds, stop_after=1):
            site_id, _, revision = note.payload.rpartition(" ")
            heard[site_id] = max(heard.get(site_id, 0), int(revision))
        return heard


@contextmanager
def listening(engine: Engine) -> Iterator[Ear]:
    """Yield an ear at the engine's database; raises what the driver raises when the database is away."""
    own = create_engine(engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with own.connect() as connection:
        yield SqliteEar(connection) if own.dialect.name == "sqlite" else PostgresEar(connection)


def announce(db: Session, site_id: str, revision: int) -> None:
    """Let everybody who listens hear of the site's new revision when this transaction commits, and only then."""
    db.info.setdefault("news", {})[site_id] = revision


def take_news(db: Session) -> list[str]:
    """Return what the transaction has to announce, for who says it in a statement of its own."""
    return [f"{site_id} {revision}" for site_id, revision in db.info.pop("news", {}).items()]


@event.listens_for(Session, "before_commit")
def _notify(db: Session) -> None:
    news = take_news(db)
    if news and db.get_bind().dialect.name == "postgresql":  # part of the transaction: rolled back with it
        for one in news:
            _SAY.send(db.connection(), {"news": one})


@event.listens_for(Session, "after_transaction_end")
def _forget(db: Session, transaction: Any) -> None:
    if transaction.parent is None:
        db.info.pop("news", None)
