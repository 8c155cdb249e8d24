"""What must be true before patients' data are served. Says what to do when it is not."""

import os
import sys

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from triage import migrate
from triage.db import session
from triage.models import Staff


def running_a_command() -> bool:
    """Tell whether this process is a ``flask`` command other than ``flask run``."""
    return os.environ.get("FLASK_RUN_FROM_CLI") == "true" and "run" not in sys.argv[1:3]


def refuse_unless_ready(app: Flask) -> None:
    """Stop the process with a sentence that says what to do, unless the application may be served."""
    problem = find_problem(app)
    if problem:
        raise SystemExit(f"Spine Triage does not start: {problem}")


def find_problem(app: Flask) -> str | None:
    """Return the first reason not to serve and its remedy, or None."""
    if not app.config["SECRET_KEY"]:
        return "no secret key. Set TRIAGE_SECRET_KEY, or secret_key in instance/config.toml, to 32 random characters."
    try:
        with app.app_context():
            return _database_problem(app)
    except OperationalError as error:
        return f"the database does not answer ({error.orig}). Check TRIAGE_DATABASE_URL."
    finally:
        session.remove()


def _database_problem(app: Flask) -> str | None:
    if not migrate.is_current(app.extensions["engine"]):
        return "the database is not migrated. Run: flask db upgrade"
    if app.config["DEMO"]:
        return None
    demo = session.scalars(select(Staff.user_name).where(Staff.demo, Staff.deactivated_at.is_(None))).all()
    if demo:
        names = ", ".join(sorted(demo))
        return f"demonstration accounts are present: {names}. Run: flask staff deactivate NAME, for each."
    return None
