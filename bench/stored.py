"""A database with many finished visits: those of the demonstration clinic, copied until there are enough."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from triage import db, migrate
from triage.db import new_id, session, verb
from triage.demo import loading
from triage.domain.access import Actor
from triage.models import Encounter, Finding, Staff
from triage.services import accounts, audit
from triage.services.audit import record

#: Copies lie this many days apart, so that they fill the years before.
PER_DAY = 20
#: Rows in one statement.
LOT = 20_000


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
        loading._fill("correct horse battery", loading.SEED)
        session.remove()
        copy(accounts.system_actor(), visits)
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


@verb
def copy(actor: Actor, visits: int) -> None:
    """Copy finished visits with their answers until there are ``visits`` of them beside the clinic's own."""
    originals = session.scalars(select(Encounter).where(Encounter.finished_at.is_not(None))).all()
    answers: dict[str, list[dict[str, Any]]] = {}
    for row in session.scalars(select(Finding)):
        answers.setdefault(row.encounter_id, []).append(columns(row))
    new = list(islice(_copies([columns(row) for row in originals]), visits))
    _insert(Encounter, [row for _old, row in new])
    _insert(Finding, [{**answer, "encounter_id": row["id"]} for old, row in new for answer in answers.get(old, ())])
    record(actor, "demonstration_loaded", encounters=visits)


def _copies(originals: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    first = min(row["ticket_date"] for row in originals)
    for number, row in enumerate(cycle(originals)):
        back = timedelta(days=1 + number // PER_DAY)
        moved = {"ticket_date": first - back, "ticket": f"B{number % PER_DAY:03d}"}
        yield row["id"], {**row, "id": new_id(), "arrived_at": row["arrived_at"] - back, **moved}


def columns(row: Any) -> dict[str, Any]:
    """Return a row's columns by name."""
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), LOT):
        session.execute(insert(model), rows[start : start + LOT])
