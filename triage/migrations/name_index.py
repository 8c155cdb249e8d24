"""The trigram index of patients' names: FTS5 on SQLite, pg_trgm on PostgreSQL; made by 0009, kept by the database."""

from sqlalchemy import Connection, inspect, text

INDEX = "ix_patient_search_key_trigram"
#: Made here and kept by triggers; not in the models, which nothing but the search reads them through.
TABLES = ("patient_name", "patient_trigram")
TRIGGERS = ("patient_named", "patient_renamed", "patient_removed", "name_added", "name_changed", "name_removed")

#: The bars of a key are doubled, so that the beginning of a part is a trigram from its first character on ("||林").
#: FTS5 numbers its rows: patient_name gives each patient a number that VACUUM leaves alone.
SQLITE = (
    """
    CREATE TABLE patient_name (
        id INTEGER PRIMARY KEY, patient_id VARCHAR NOT NULL UNIQUE,
        organisation_id VARCHAR NOT NULL, key VARCHAR NOT NULL
    )
    """,
    """
    CREATE VIRTUAL TABLE patient_trigram USING fts5(
        key, content='patient_name', content_rowid='id', tokenize='trigram case_sensitive 1'
    )
    """,
    """
    CREATE TRIGGER name_added AFTER INSERT ON patient_name BEGIN
        INSERT INTO patient_trigram(rowid, key) VALUES (new.id, new.key);
    END
    """,
    """
    CREATE TRIGGER name_changed AFTER UPDATE ON patient_name BEGIN
        INSERT INTO patient_trigram(patient_trigram, rowid, key) VALUES ('delete', old.id, old.key);
        INSERT INTO patient_trigram(rowid, key) VALUES (new.id, new.key);
    END
    """,
    """
    CREATE TRIGGER name_removed AFTER DELETE ON patient_name BEGIN
        INSERT INTO patient_trigram(patient_trigram, rowid, key) VALUES ('delete', old.id, old.key);
    END
    """,
    """
    INSERT INTO patient_name(patient_id, organisation_id, key)
        SELECT id, organisation_id, replace(search_key, '|', '||') FROM patient
    """,
    """
    CREATE TRIGGER patient_named AFTER INSERT ON patient BEGIN
        INSERT INTO patient_name(patient_id, organisation_id, key)
            VALUES (new.id, new.organisation_id, replace(new.search_key, '|', '||'));
    END
    """,
    """
    CREATE TRIGGER patient_renamed AFTER UPDATE OF search_key, organisation_id ON patient
    WHEN old.search_key <> new.search_key OR old.organisation_id <> new.organisation_id BEGIN
        UPDATE patient_name SET organisation_id = new.organisation_id, key = replace(new.search_key, '|', '||')
            WHERE patient_id = new.id;
    END
    """,
    """
    CREATE TRIGGER patient_removed AFTER DELETE ON patient BEGIN
        DELETE FROM patient_name WHERE patient_id = old.id;
    END
    """,
)  # fmt: skip

#: No list of entries that wait: each search would read it from end to end.
POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    f"CREATE INDEX {INDEX} ON patient USING gin (search_key gin_trgm_ops) WITH (fastupdate = off)",
)

NO_EXTENSION = (
    "the PostgreSQL server has no pg_trgm, so a search by name reads every patient. Install the contrib package that "
    "belongs to the server (on Debian it comes with postgresql), then run: flask db upgrade"
)
C_LOCALE = (
    "the character type (LC_CTYPE) of the database is C, so its index knows no Japanese letters and a search by name "
    "reads every patient. Dump it and load it into a database made with: createdb --template=template0 --locale=C.UTF-8"
)
NO_INDEX = "the index of patients' names is missing or incomplete. Run: flask db upgrade"


def create(connection: Connection) -> None:
    """Make the index, of whoever is on file too; on a PostgreSQL server that cannot have it, nothing."""
    if connection.dialect.name == "sqlite" or _available(connection):
        for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
            connection.execute(text(statement))


def complete(connection: Connection) -> None:
    """Make the index anew where it is not whole: the server could not have it before, or a restored copy lost it."""
    if inspect(connection).has_table("patient") and problem(connection):
        drop(connection)
        create(connection)


def drop(connection: Connection) -> None:
    """Remove the index; the extension stays, for others may use it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"DROP INDEX IF EXISTS {INDEX}"))
        return
    for trigger in TRIGGERS:
        connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
    for table in reversed(TABLES):
        connection.execute(text(f"DROP TABLE IF EXISTS {table}"))


def problem(connection: Connection) -> str | None:
    """Return why a search by name is slow or incomplete on this database, with the remedy; None when it is neither."""
    if connection.dialect.name == "sqlite":
        return None if _is_whole(connection) else NO_INDEX
    if not _available(connection):
        return NO_EXTENSION
    if not connection.scalar(text("SELECT to_regclass(:name)"), {"name": INDEX}):
        return NO_INDEX
    return None if connection.scalar(text("SELECT cardinality(show_trgm('山本'))")) else C_LOCALE


def _is_whole(connection: Connection) -> bool:
    there = {row.name for row in connection.execute(text("SELECT name FROM sqlite_master"))}
    count = "SELECT (SELECT count(*) FROM patient) = (SELECT count(*) FROM patient_name)"
    return there >= {*TABLES, *TRIGGERS} and bool(connection.scalar(text(count)))


def _available(connection: Connection) -> bool:
    """Tell whether pg_trgm is there, or is on the server and this account may create it."""
    query = """
        SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') OR (
            has_database_privilege(current_database(), 'CREATE')
            AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')
        )
    """
    return bool(connection.scalar(text(query)))
