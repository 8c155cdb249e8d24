"""What must be true before patients' data are served. Says what to do when it is not."""

import os
import sys

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from triage import migrate
from triage.db import session
from triage.knowledge import KnowledgeError
from triage.models import Site, Staff
from triage.services import rulesets


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
    problem = _unsearched_names(app) or _unreadable_rules()
    if problem or app.config["DEMO"]:
        return problem
    demo = session.scalars(select(Staff.user_name).where(Staff.demo, Staff.deactivated_at.is_(None))).all()
    if demo:
        names = ", ".join(sorted(demo))
        return f"demonstration accounts are present: {names}. Run: flask staff deactivate NAME, for each."
    return None


def _unsearched_names(app: Flask) -> str | None:
    """A search that does not find everybody makes second records; one that is only slow is said in the log."""
    engine = app.extensions["engine"]
    problem = migrate.find_name_problem(engine)
    if problem and engine.dialect.name == "postgresql":
        app.logger.warning("names are searched without an index: %s", problem)
        return None
    return problem


def _unreadable_rules() -> str | None:
    """Nobody is triaged by other rules than those the clinical lead put in force, so an upgrade may have to wait."""
    for site in session.scalars(select(Site).order_by(Site.code)):
        try:
            rulesets.in_force(site.id)
        except KnowledgeError as error:
            return (
                f"this release cannot read the rules in force at {site.code} ({error}). Start the release before it, "
                "publish rules there that this one can read, or put the shipped rules back in force, then upgrade."
            )
    return None
