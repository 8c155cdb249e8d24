"""The PostgreSQL database that tests share: whatever one of them does to it, the next one finds it as it was made."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.engine import make_url

from tests.builders import build_clinic
from tests.peers import postgres
from tests.peers.kept_database import TIMES, KeptDatabase, rest
from triage import db
from triage.models import AuditEvent, Site, Staff
from triage.services import audit

pytestmark = pytest.mark.postgres


@pytest.fixture
def kept(templates: Callable[[str], str]) -> Iterator[KeptDatabase]:
    """Keep a database for tests that are played here."""
    database = KeptDatabase(templates("postgresql"), postgres.address())
    yield database
    database.drop()


@pytest.fixture
def engine(kept: KeptDatabase) -> Iterator[Engine]:
    """Return an engine for it, whose connection rests between the tests."""
    audit.use_key("test")
    engine = db.connect(kept.url)
    yield engine
    db.session.remove()
    engine.dispose()


def ask(url: str, question: str) -> list[Any]:
    """Return the first column of the answer, asked over a connection of its own."""
    address = make_url(url).set(drivername="postgresql").render_as_string()
    with psycopg.connect(address, autocommit=True) as connection:
        answer = connection.execute(question.encode())
        return [row[0] for row in answer.fetchall()] if answer.description else []


def number(kept: KeptDatabase) -> int:
    """Return what tells this database from one made anew."""
    return ask(kept.url, "SELECT oid FROM pg_database WHERE datname = current_database()")[0]


def test_what_was_committed_is_gone_also_what_no_one_may_delete(kept: KeptDatabase, engine: Engine) -> None:
    with kept.lent():
        build_clinic()
        first = number(kept)
        assert db.session.scalar(select(func.count(AuditEvent.id))) > 0
        db.session.remove()
        rest(engine)
    with kept.lent():
        counts = [
            db.session.scalar(select(func.count()).select_from(table)) for table in db.Base.metadata.sorted_tables
        ]
        assert set(counts) == {0}
        assert number(kept) == first, "it was made anew, which takes longer than most tests"
        build_clinic()
        assert db.session.scalars(select(Site.code)).all() == ["nara"]


@pytest.mark.parametrize("change", [
    "ALTER TABLE room DROP COLUMN modality", "CREATE TABLE planted (id int)", "CREATE TEMP TABLE planted (id int)",
    "DROP INDEX ix_audit_event_site_id_at",
    "ALTER TABLE site ALTER COLUMN code DROP NOT NULL",
    "CREATE FUNCTION planted() RETURNS int LANGUAGE SQL AS 'SELECT 1'",
    "ANALYZE staff", "UPDATE alembic_version SET version_num = '0001'", "DROP TABLE alembic_version",
    "DROP TRIGGER audit_payload_no_truncate ON audit_payload",
    "INSERT INTO organisation (id, name) SELECT n::text, repeat('x', 1000) FROM generate_series(1, 5000) AS n",
])  # fmt: skip
def test_who_changes_more_than_rows_takes_the_database_with_it(kept: KeptDatabase, change: str) -> None:
    with kept.lent():
        first = number(kept)
        ask(kept.url, change)
    with kept.lent():
        assert number(kept) != first


def test_after_many_tests_it_is_made_anew(kept: KeptDatabase) -> None:
    seen = []
    for _test in range(TIMES + 1):
        with kept.lent():
            seen.append(number(kept))
    assert len(set(seen[:TIMES])) == 1
    assert seen[-1] != seen[0]


def test_whoever_is_still_connected_is_ended_and_what_he_had_not_committed_is_gone(kept: KeptDatabase) -> None:
    with kept.lent():
        left = psycopg.connect(make_url(kept.url).set(drivername="postgresql").render_as_string())
        left.execute("INSERT INTO organisation (id, name) VALUES ('planted', 'Planted')")
    with kept.lent():
        assert ask(kept.url, "SELECT id FROM organisation") == []
        with pytest.raises(psycopg.OperationalError):
            left.commit()
    left.close()


def test_a_connection_that_rests_forgets_what_a_test_did_to_it(kept: KeptDatabase, engine: Engine) -> None:
    with kept.lent():
        with engine.connect() as connection:
            first = connection.scalar(select(func.pg_backend_pid()))
            connection.exec_driver_sql("SET statement_timeout = 100000; LISTEN planted")
            connection.exec_driver_sql("SELECT pg_advisory_lock(1)")
            connection.commit()
        rest(engine)
    with kept.lent(), engine.connect() as connection:
        assert connection.scalar(select(func.pg_backend_pid())) == first
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"
        assert connection.exec_driver_sql("SELECT pg_listening_channels()").all() == []
        assert connection.exec_driver_sql("SELECT FROM pg_locks WHERE locktype = 'advisory'").all() == []


def test_a_connection_to_a_database_that_is_gone_is_not_used_again(kept: KeptDatabase, engine: Engine) -> None:
    for _test in range(2):
        rest(engine)
        with kept.lent():
            ask(kept.url, "CREATE TABLE planted (id int)")
            with engine.connect() as connection:
                assert connection.scalar(select(func.count(Staff.id))) == 0
            rest(engine)


def test_of_several_connections_none_stays(kept: KeptDatabase, engine: Engine) -> None:
    with kept.lent():
        with engine.connect(), engine.connect():
            assert engine.pool.checkedout() == 2
        rest(engine)
        assert engine.pool.checkedin() == 0


def test_rows_that_the_migrations_leave_are_asked_about(templates: Callable[[str], str]) -> None:
    template = postgres.create_database(templates("postgresql"))
    ask(template, "INSERT INTO organisation (id, name) VALUES ('planted', 'Planted')")
    database = KeptDatabase(template, postgres.address())
    with pytest.raises(RuntimeError, match="organisation"), database.lent():
        pass
    database.drop()
    postgres.drop_database(template)
