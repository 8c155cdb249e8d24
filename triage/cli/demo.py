"""``flask demo``: the demonstration clinic, in a database file of its own."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from triage import config
from triage.demo import loading
from triage.demo.years import Size
from triage.services import audit

SEED = click.option("--seed", type=int, default=loading.SEED, show_default=True, help="The same seed, the same clinic.")

MOST_PATIENTS = 800_000  # their numbers lie below those of the demonstration's own


def sized(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that make it a large clinic."""
    patients = click.option(
        "--patients", type=click.IntRange(1, MOST_PATIENTS), help="A large clinic: so many on file."
    )
    days = click.option(
        "--days",
        type=click.IntRange(1, 36_500),
        help="With visits on so many days before; each comes once a year. [365]",
    )
    return patients(days(SEED(command)))


@click.group("demo", help="Load the demonstration clinic: invented patients, in instance/demo.db only.")
def group() -> None:
    """Hold the demo commands."""


@group.command()
@click.option("--if-empty", is_flag=True, help="Do nothing when the demonstration clinic is there already.")
@sized
@with_appcontext
def load(if_empty: bool, seed: int, patients: int | None, days: int | None) -> None:
    """Load a believable day, as of now: about 60 arrivals, some of them still waiting at each stage.

    With --patients and --days years of visits lie behind it: 100000 and 3650 make a million, the last 20,000 of them
    with their whole record, the others with the visit alone.
    """
    settings, path = _settings(), _path()
    if loading.holds_data(path):
        if if_empty:
            return
        raise click.ClickException(f"{path} holds a demonstration clinic already. Run: flask demo reset")
    _load(settings, path, seed, _size(patients, days))


@group.command()
@sized
@with_appcontext
def reset(seed: int, patients: int | None, days: int | None) -> None:
    """Delete the demonstration clinic and load it anew, as of now. Stop the server first."""
    _load(_settings(), _path(), seed, _size(patients, days))


@group.command()
@with_appcontext
def imaging() -> None:
    """Run an archive, the worklist and virtual scanners beside the demonstration, until told to stop.

    They examine whoever the radiographer has started. Without Orthanc on this machine no images are kept, and the rest
    goes on.
    """
    from triage.demo import imaging as beside  # late: nobody else needs what it imports

    settings, place = _settings(), Path(current_app.instance_path)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        beside.play(place / "imaging", settings["ARCHIVE_PASSWORD"], click.echo)


def _size(patients: int | None, days: int | None) -> Size | None:
    if days and not patients:
        raise click.UsageError("--days says how long ago a large clinic's visits begin: give --patients too")
    return Size.of(patients, days or 365) if patients else None


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


def _load(settings: dict[str, Any], path: Path, seed: int, size: Size | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    audit.use_key(settings["AUDIT_KEY"] or settings["SECRET_KEY"])
    password = settings["DEMO_PASSWORD"] or config.kept_secret(path.parent, "demo-password")
    count = loading.load(path, password, seed, size, _say)
    click.echo(f"demonstration clinic loaded into {path}: {count} arrivals today, everybody invented")


def _say(what: str, done: int, of: int) -> None:
    click.echo(f"\r{what}: {done:,} of {of:,}", err=True, nl=done >= of)
