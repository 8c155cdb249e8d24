"""``flask demo``: the demonstration clinic, in a database file of its own."""

import os
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from triage import config
from triage.demo import loading
from triage.services import audit

SEED = click.option("--seed", type=int, default=loading.SEED, show_default=True, help="The same seed, the same clinic.")


@click.group("demo", help="Load the demonstration clinic: invented patients, in instance/demo.db only.")
def group() -> None:
    """Hold the demo commands."""


@group.command()
@click.option("--if-empty", is_flag=True, help="Do nothing when the demonstration clinic is there already.")
@SEED
@with_appcontext
def load(if_empty: bool, seed: int) -> None:
    """Load a believable day, as of now: about 60 arrivals, some of them still waiting at each stage."""
    settings, path = _settings(), _path()
    if loading.holds_data(path):
        if if_empty:
            return
        raise click.ClickException(f"{path} holds a demonstration clinic already. Run: flask demo reset")
    _load(settings, path, seed)


@group.command()
@SEED
@with_appcontext
def reset(seed: int) -> None:
    """Delete the demonstration clinic and load it anew, as of now. Stop the server first."""
    _load(_settings(), _path(), seed)


def _path() -> Path:
    return Path(current_app.instance_path) / "demo.db"


def _settings() -> dict[str, Any]:
    """Return the configuration with which the demonstration is served, whatever this command was started with."""
    settings = config.load(Path(current_app.instance_path), {**os.environ, "TRIAGE_DEMO": "1"})
    if not settings["DEMO"]:
        raise click.ClickException(
            "TRIAGE_DATABASE_URL (or database_url in instance/config.toml) names a production database. "
            "Demonstration data go only into instance/demo.db: unset it first."
        )
    return settings


def _load(settings: dict[str, Any], path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    audit.use_key(settings["AUDIT_KEY"] or settings["SECRET_KEY"])
    password = settings["DEMO_PASSWORD"] or config.kept_secret(path.parent, "demo-password")
    count = loading.load(path, password, seed)
    click.echo(f"demonstration clinic loaded into {path}: {count} arrivals today, everybody invented")
