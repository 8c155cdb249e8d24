"""One application for many tests, each with a database of its own behind the same address.

What one test does reaches no other: the database is made anew, a connection or a listener left behind is a failure,
everything that can be changed of an application is put back, and Flask itself refuses views and handlers once the
first request was served.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from sqlalchemy import Engine

from tests.peers.kept_database import rest
from triage import create_app, db
from triage.services import audit

SECRET = "test"


def build(database_url: str, folder: Path, compiled: BytecodeCache) -> Flask:
    """Build the application on a test's database, without CSRF tokens so that tests can post plain forms.

    It does not wait for the disk at every commit; that the product does is a test of its own.
    """
    settings = {
        "DURABLE": False,
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET,
        "TESTING": True,
        "SESSION_COOKIE_SECURE": False,
        "WTF_CSRF_ENABLED": False,
        "PROPAGATE_EXCEPTIONS": False,
    }
    app = create_app(settings, folder)
    app.jinja_env.bytecode_cache = compiled
    return app


@contextmanager
def on_its_database(
    app: Flask, folder: Path, rest: Callable[[Engine], None] = Engine.dispose
) -> Iterator[Flask]:  # fmt: skip
    """Lend the application to one test, whose folder this is; afterwards no thread and no connection of it is left.

    ``rest`` is done with the connections that are in nobody's hands.
    """
    engine = app.extensions["engine"]
    app.instance_path = str(folder.resolve())
    audit.use_key(SECRET)
    db.session.remove()
    db.session.configure(bind=engine)
    try:
        yield app  # without an app context: a request must bring its own, or sign-ins would leak between them
    finally:
        app.extensions["live"].stop()
        db.session.remove()
        left_open, listening = engine.pool.checkedout(), len(engine.dispatch.before_cursor_execute)
        (Engine.dispose if left_open else rest)(engine)
    assert not left_open, "the test left a connection to its database open"
    assert not listening, "the test left somebody who listens to every statement"


class KeptApp:
    """An application that is lent to one test after another, each time as it was built."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._rest = rest if app.extensions["engine"].name == "postgresql" else Engine.dispose
        app.test_client().get("/static/nothing")  # from the first request on Flask refuses new views and handlers
        self._kept = [(part, dict(part)) for part in _parts(app)]

    @contextmanager
    def lent(self, folder: Path) -> Iterator[Flask]:
        """Lend it to one test, whose folder this is."""
        self.app.extensions["live"].start_anew()
        self._rest(self.app.extensions["engine"])  # its database may be another by now
        try:
            with on_its_database(self.app, folder, self._rest):
                yield self.app
        finally:
            for part, kept in self._kept:
                part.clear()
                part.update(kept)


def _parts(app: Flask) -> list[dict[str, Any]]:
    """Return what a test can change of an application that has served a request."""
    templates = app.jinja_env
    own = [vars(app), app.config, app.extensions, app.view_functions, vars(app.extensions["live"])]
    return [*own, vars(templates), templates.globals, templates.filters, templates.tests]
