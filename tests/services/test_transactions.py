"""A page that reads opens no transaction on PostgreSQL, what is written has one, and a dead connection is not used."""

import pytest
from psycopg import Connection as Driver
from psycopg.pq import TransactionStatus
from sqlalchemy import NullPool, create_engine, select, update
from sqlalchemy.exc import OperationalError

from tests.builders import Clinic
from triage import postgres
from triage.db import UnauditedWrite, session, together
from triage.models import Site


def is_open() -> bool:
    """Tell whether the session's connection to PostgreSQL is in a transaction; SQLite's always is."""
    driver = session.connection().connection.driver_connection
    return not isinstance(driver, Driver) or driver.info.transaction_status == TransactionStatus.INTRANS


def test_what_is_only_read_needs_no_transaction_and_what_is_written_has_one(clinic: Clinic, engine_name: str) -> None:
    assert session.scalar(select(Site.name))
    assert is_open() == (engine_name == "sqlite")
    session.get(Site, clinic.site_id).name = "Other"  # type: ignore[union-attr]
    session.flush()
    assert is_open()
    session.rollback()
    assert session.get(Site, clinic.site_id).name != "Other"  # type: ignore[union-attr]


def test_a_statement_that_writes_has_a_transaction_too_and_without_the_trail_leaves_nothing(clinic: Clinic) -> None:
    name = session.scalar(select(Site.name))
    session.execute(update(Site).values(name="Other"))
    assert is_open()
    with pytest.raises(UnauditedWrite):
        session.commit()
    session.rollback()
    assert session.scalar(select(Site.name)) == name


def test_what_is_read_piece_by_piece_is_of_one_transaction(clinic: Clinic) -> None:
    with session.execute(select(Site.name).execution_options(yield_per=1)) as rows:
        assert is_open()
        assert len(rows.all()) == 1
    session.rollback()
    together()
    session.scalar(select(Site.name))
    assert is_open()


def end_all_connections() -> None:
    """Let PostgreSQL end every connection to this database but the one that says so."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    with create_engine(session.get_bind().url, poolclass=NullPool).begin() as own:  # type: ignore[union-attr]
        own.exec_driver_sql(others + " AND pid <> pg_backend_pid()")


def test_a_connection_that_died_while_nobody_used_it_is_replaced_unseen(
    clinic: Clinic, engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "DOZED", -1)
    session.scalar(select(Site.name))
    session.remove()
    if engine_name == "postgresql":
        end_all_connections()
    assert session.scalar(select(Site.name))


def test_a_connection_that_died_in_use_is_an_error_once(clinic: Clinic, engine_name: str) -> None:
    session.scalar(select(Site.name))
    if engine_name == "postgresql":
        end_all_connections()
        with pytest.raises(OperationalError):
            session.scalar(select(Site.name))
        session.remove()
    assert session.scalar(select(Site.name))


def test_the_connection_given_back_last_is_taken_next_as_it_has_its_plans_at_hand(clinic: Clinic) -> None:
    session.remove()
    engine = session.get_bind()
    opened = [engine.connect() for _ in range(3)]  # type: ignore[union-attr]
    own = [one.connection.driver_connection for one in opened]
    for one in (*opened[1:], opened[0]):
        one.close()
    with engine.connect() as following:  # type: ignore[union-attr]
        assert following.connection.driver_connection is own[0]
