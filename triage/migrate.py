"""Alembic, called from our own commands: upgrade, downgrade, and whether models and database agree."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from triage.migrations import estimates, name_index
from triage.models import Base

FOLDER = Path(__file__).parent / "migrations"


def config(engine: Engine) -> Config:
    """Return Alembic's configuration for this engine."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    settings.set_main_option("path_separator", "os")
    settings.attributes["engine"] = engine
    return settings


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to a revision."""
    command.upgrade(config(engine), revision)
    if revision == "head":
        with engine.begin() as connection:
            name_index.complete(connection)
            estimates.keep(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Bring the database down to a revision; ``base`` removes every table."""
    command.downgrade(config(engine), revision)


def is_current(engine: Engine) -> bool:
    """Tell whether the database stands at the newest revision."""
    heads = set(ScriptDirectory.from_config(config(engine)).get_heads())
    with engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == heads


def differences(engine: Engine) -> list[object]:
    """Return what the models have and the migrated database has not, or the other way round."""
    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": _is_in_the_models}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def _is_in_the_models(_item: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Leave out the index of names, which is the database's own; FTS5 keeps it in tables named after it."""
    return not str(name).startswith((*name_index.TABLES, name_index.INDEX))


def find_name_problem(engine: Engine) -> str | None:
    """Return why a search by name is slow (PostgreSQL) or finds not everybody (SQLite), with the remedy, or None."""
    with engine.connect() as connection:
        return name_index.problem(connection)
