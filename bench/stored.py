"""A database with many finished visits: the demonstration clinic with years behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from triage import db, migrate
from triage.db import session
from triage.demo import loading
from triage.demo.years import Size
from triage.domain.access import Actor
from triage.models import Staff
from triage.services import accounts, audit

#: So many a day, over the years before.
PER_DAY = 20


def sqlite(folder: Path) -> str:
    """Return the address of an empty SQLite database."""
    return f"sqlite:///{folder / 'bench.db'}"


def postgres() -> str | None:
    """Return the address of an empty PostgreSQL database of a throw-away server, None where there is no PostgreSQL."""
    from tests.peers import find
    from tests.peers.postgres import create_database

    try:
        return create_database()
    except find.PeerMissing:
        return None


@contextmanager
def clinic(url: str, visits: int) -> Iterator[Actor]:
    """Fill the database at ``url`` with this many finished visits and yield a surgeon of its clinic."""
    engine = db.connect(url)
    try:
        migrate.upgrade(engine)
        audit.use_key("bench")
        size = Size(patients=max(1, visits // 10), days=max(1, visits // PER_DAY), visits=visits, whole=visits)
        loading.fill("correct horse battery", size=size)
        session.remove()
        if engine.dialect.name == "postgresql":  # what its autovacuum does by itself within a minute
            with engine.begin() as connection:
                connection.exec_driver_sql("ANALYZE")
        yield surgeon()
    finally:
        session.remove()
        engine.dispose()


def surgeon() -> Actor:
    """Return somebody who may draft rules."""
    at = accounts.system_actor()
    staff = session.scalars(select(Staff).where(Staff.user_name == "surgeon")).one()
    return Actor(
        staff.id, staff.name, at.organisation_id, at.site_id, at.site_name, at.time_zone, frozenset({"surgeon"})
    )
