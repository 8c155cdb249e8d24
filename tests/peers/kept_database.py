"""One PostgreSQL database for many tests, emptied after each: to make one anew took longer than most of the tests.

A test that changed more than rows, or left more of them than are quickly deleted, takes the database with it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.engine import make_url

from tests.peers import postgres

#: What is deleted leaves gaps in the files: after so many tests, or with so many bytes, a new database is quicker.
TIMES, ROOM = 50, 2**22
#: What a connection is called that lies in the shared application's pool between two tests; every other is ended.
RESTING = "resting"
#: Seconds for a connection to end, and for a lock to be given up.
PATIENCE = 5.0
_WATCH = f"""
SET lock_timeout = '{PATIENCE}s';
SET session_replication_role = replica;  -- no trigger keeps the rows, no foreign key asks in which order they go
CREATE SCHEMA watch;
CREATE TABLE watch.change (what text);
CREATE FUNCTION watch.note() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO watch.change VALUES (tg_tag); END $$;
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch.note();
ALTER EVENT TRIGGER watch ENABLE ALWAYS
"""
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> %s
"""
# What must stay as it was: the tables and their indexes, what the planner was told of them, the release.
_SAME = """
SELECT (SELECT count(*) FROM watch.change), sum(reltuples), (SELECT string_agg(version_num, ' ') FROM alembic_version)
FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
_WRITTEN = """
SELECT quote_ident(relname), pg_relation_size(oid) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND pg_relation_size(oid) > 0
"""
_CLEAN = f"""
CLOSE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); RESET ALL; SET application_name = '{RESTING}'
"""


class KeptDatabase:
    """A database that is lent to one test after another, each time as the migrations left it."""

    def __init__(self, template: str, url: str) -> None:
        self.url, self._template = url, template
        self._watch: psycopg.Connection[Any] | None = None
        self._same: Any = None
        self._lent = 0

    def drop(self) -> None:
        """Let go of it; whoever asks next gets a new one."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
            postgres.drop_database(self.url)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Lend it to one test, whose address for it this is."""
        watch = self._watch or self._make()
        try:
            yield self.url
        finally:
            if not self._emptied(watch):
                self.drop()

    def _make(self) -> psycopg.Connection[Any]:
        postgres.create_database(self._template, self.url)
        address = make_url(self.url).set(drivername="postgresql").render_as_string()
        watch = psycopg.connect(address, autocommit=True)
        watch.execute(_WATCH)
        self._watch, self._lent, self._same = watch, 0, watch.execute(_SAME).fetchone()
        filled = [name for name, _size in watch.execute(_WRITTEN)]
        if filled != ["alembic_version"]:
            raise RuntimeError(f"migrations fill {filled}: say here how they become again what they were")
        return watch

    def _emptied(self, watch: psycopg.Connection[Any]) -> bool:
        """Empty it; tell whether it is as it was made."""
        self._lent += 1
        try:
            limit = time.monotonic() + PATIENCE
            while watch.execute(_END_OTHERS, (RESTING,)).fetchall():  # until the last of them has gone
                if time.monotonic() > limit:
                    return False
            written = dict(watch.execute(_WRITTEN).fetchall())
            del written["alembic_version"]
            if self._lent >= TIMES or sum(written.values()) > ROOM or watch.execute(_SAME).fetchone() != self._same:
                return False
            watch.execute("; ".join(f"DELETE FROM {name}" for name in written).encode())
        except (psycopg.Error, KeyError):  # ended by the test, held back by a lock, no table there any more
            return False
        return True


def rest(engine: Engine) -> None:
    """Let the one connection of the pool lie there, without anything a test did to it; close it where there are more.

    A new connection knows nothing of the tables, and learns of each at its first use; that is most of what it does.
    """
    if engine.pool.checkedin() != 1 or not _cleaned(engine.raw_connection()):
        engine.dispose()


def _cleaned(connection: PoolProxiedConnection) -> bool:
    driver: Any = connection.driver_connection
    try:
        driver.autocommit = True
        driver.execute(_CLEAN)
    except psycopg.Error:  # ended by the test
        connection.invalidate()
        return False
    connection.close()
    return True
