"""Loads the demonstration clinic into a file of its own: the whole of it, or nothing."""

import os
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import inspect, select

from triage import clock, db, migrate
from triage.db import session
from triage.demo import bookings, clinic, day, file, orders, reading, returning, timetable, years
from triage.demo.persons import Registry
from triage.demo.years import Say, Size
from triage.models import Site

SEED = 20261101
#: The clinic and its file are made before the first patient of the day comes.
BEFORE_THE_DAY = timedelta(hours=8)


def quiet(_what: str, _done: int, _of: int) -> None:
    """Say nothing."""


def holds_data(path: Path) -> bool:
    """Tell whether the database at ``path`` holds a clinic."""
    if not path.is_file():
        return False
    engine = db.connect(f"sqlite:///{path}")
    try:
        return inspect(engine).has_table("site") and session.scalar(select(Site.id).limit(1)) is not None
    finally:
        session.remove()
        engine.dispose()


def load(path: Path, password: str, seed: int = SEED, size: Size | None = None, say: Say = quiet) -> int:
    """Make the database at ``path`` anew with the demonstration clinic; return how many visits the day has.

    ``size`` makes it a large clinic, and ``say`` hears how far that is.
    """
    fresh = path.with_name(f"{path.name}.new")
    _remove(fresh)
    engine = db.connect(f"sqlite:///{fresh}", durable=False)
    try:
        migrate.upgrade(engine)
        count = fill(password, seed, size, say)
    finally:
        session.remove()
        engine.dispose()
    _remove(path)  # the log of the old file must not meet the new one
    os.replace(fresh, path)
    return count


def fill(password: str, seed: int = SEED, size: Size | None = None, say: Say = quiet) -> int:
    """Fill the connected, migrated and empty database; return how many visits the day has."""
    script, rng = reading.read(), Random(seed)  # noqa: S311
    now = clock.now().replace(microsecond=0)
    today = day.today_of(now, script.clinic["site"]["time_zone"])
    with clock.at(now - BEFORE_THE_DAY):
        team = clinic.found(script.clinic, password)
        clinic.connect_scanners(team, script.clinic)
        timetable.give(team, today)
        clinic.go_on_duty(team, script.clinic, now)
        registry = Registry(script, rng, today)
        planned = file.open_(team, script, registry, rng, now)
        bookings.plan(team, today)
        bookings.make(team, today, Random(seed + 2))  # noqa: S311 - the day stays as it was
        bookings.book_steps(team, today)
        if size:
            years.fill(team["admin"], size, Random(seed + 1), today, say)  # noqa: S311 - the day stays as it was
        returning.ask_back(team, Random(seed + 4), {one.person.id for one in planned})  # noqa: S311
    day.play(script, team, planned, rng)
    orders.say_more(team)
    bookings.ask(team, rng=Random(seed + 3))  # noqa: S311
    return len(planned)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
