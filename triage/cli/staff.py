"""``flask staff``: add people, grant roles and duties, reset passwords, deactivate."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import click
from flask import current_app
from flask.cli import with_appcontext

from triage import migrate
from triage.domain.access import DUTIES, ROLES
from triage.domain.errors import DomainError
from triage.domain.messages import MESSAGES
from triage.services import accounts, staff

Result = TypeVar("Result")
ROLE = click.Choice([*ROLES, *DUTIES])
DAY = click.DateTime(["%Y-%m-%d"])


@click.group("staff", help="Add people, grant roles and duties, reset passwords, deactivate.")
def group() -> None:
    """Hold the staff commands."""


@group.command()
@click.argument("user_name")
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=ROLE, help="Role or duty; may be given several times.")
@click.option("--site", help="Code of the site (the first one by default; made when there is none yet).")
@with_appcontext
def add(user_name: str, name: str, roles: tuple[str, ...], site: str | None) -> None:
    """Add a person with USER_NAME and NAME; prints the first password once."""
    password = secrets.token_urlsafe(12)
    need_key()
    staff.ensure_site(site or "main")
    _run(staff.add, user_name, name, password, roles, site)
    click.echo(f"{user_name} added; first password: {password}")


@group.command("list")
@with_appcontext
def list_() -> None:
    """List everybody with roles and duties."""
    _need_tables()
    for person in _run(accounts.list_staff):
        roles = ", ".join(sorted({grant.role for grant in person.grants}))
        ended = " (deactivated)" if person.deactivated_at else ""
        click.echo(f"{person.user_name}\t{person.name}\t{roles}{ended}")


@group.command()
@click.argument("user_name")
@click.argument("role", type=ROLE)
@click.option("--site", help="Code of the site (the first one by default).")
@click.option("--from", "since", type=DAY, help="First day, YYYY-MM-DD (today by default).")
@click.option("--until", type=DAY, help="First day on which it no longer holds.")
@with_appcontext
def grant(user_name: str, role: str, site: str | None, since: datetime | None, until: datetime | None) -> None:
    """Grant ROLE, a role or a duty, to USER_NAME."""
    need_key()
    _run(staff.grant, user_name, role, site, since.date() if since else None, until.date() if until else None)
    click.echo(f"{user_name} holds {role}")


@group.command()
@click.argument("user_name")
@with_appcontext
def deactivate(user_name: str) -> None:
    """Deactivate USER_NAME and end every session at once."""
    need_key()
    _run(staff.deactivate, user_name)
    click.echo(f"{user_name} is deactivated")


@group.command("reset-password")
@click.argument("user_name")
@with_appcontext
def reset_password(user_name: str) -> None:
    """Give USER_NAME a new password, printed once, and end every session."""
    need_key()
    password = secrets.token_urlsafe(12)
    _run(staff.reset_password, user_name, password)
    click.echo(f"new password of {user_name}: {password}")


def _run(verb: Callable[..., Result], *arguments: object) -> Result:
    try:
        return verb(accounts.system_actor(), *arguments)
    except DomainError as error:
        raise click.ClickException(MESSAGES[error.code] % error.params) from error


def _need_tables() -> None:
    if not migrate.is_current(current_app.extensions["engine"]):
        raise click.ClickException("the database is not migrated. Run: flask db upgrade")


def need_key() -> None:
    """Refuse to go on without tables or without a key for the audit trail."""
    _need_tables()
    if not current_app.config["SECRET_KEY"]:
        raise click.ClickException("no secret key, so the audit trail cannot be signed. Set TRIAGE_SECRET_KEY.")
