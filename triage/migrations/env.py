"""How Alembic reaches the database: on the engine it is given, one transaction, batch mode for SQLite."""

from alembic import context

from triage.db import UTC
from triage.models import Base


def render_item(kind, item, autogen):  # type: ignore[no-untyped-def]
    """Write our own column types with the module they come from."""
    if kind == "type" and isinstance(item, UTC):
        autogen.imports.add("from triage.db import UTC")
        return "UTC()"
    return False


engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
