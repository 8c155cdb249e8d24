"""``flask db``: bring the database up or down, and check it against the models."""

import click
from flask import current_app
from flask.cli import with_appcontext

from triage import migrate


@click.group("db", help="Migrate the database, and check it.")
def group() -> None:
    """Hold the database commands."""


@group.command()
@click.argument("revision", default="head")
@with_appcontext
def upgrade(revision: str) -> None:
    """Bring the database up to REVISION (the newest by default)."""
    migrate.upgrade(current_app.extensions["engine"], revision)
    click.echo(f"database is at {revision}")


@group.command()
@click.argument("revision")
@with_appcontext
def downgrade(revision: str) -> None:
    """Bring the database down to REVISION; "base" removes every table."""
    migrate.downgrade(current_app.extensions["engine"], revision)
    click.echo(f"database is at {revision}")


@group.command()
@with_appcontext
def check() -> None:
    """Say whether the database is migrated and agrees with the models; exit 1 if not."""
    engine = current_app.extensions["engine"]
    if not migrate.is_current(engine):
        raise click.ClickException("the database is not at the newest revision. Run: flask db upgrade")
    different = migrate.differences(engine)
    for difference in different:
        click.echo(repr(difference))
    if different:
        raise click.ClickException("models and database differ")
    unsearched = migrate.find_name_problem(engine)
    if unsearched:
        raise click.ClickException(unsearched)
    click.echo("database is at the newest revision and agrees with the models")
