"""``flask audit``: prove that the audit trail is whole."""

import json

import click
from flask.cli import with_appcontext

from triage.services import audit


@click.group("audit", help="Prove that the audit trail is whole.")
def group() -> None:
    """Hold the audit commands."""


@group.command()
@click.option("--json", "as_json", is_flag=True, help="One line of JSON per site.")
@with_appcontext
def verify(as_json: bool) -> None:
    """Walk every site's chain; name the first damaged event and exit 1 if there is one."""
    results = audit.verify()
    for result in results:
        line = f"site {result.site_id}: {result.count} events, {result.damage or 'whole'}"
        click.echo(json.dumps(vars(result)) if as_json else line)
    if any(result.damage for result in results):
        raise SystemExit(1)
