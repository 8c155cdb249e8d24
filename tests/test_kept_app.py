"""The application that tests share: whatever one of them does to it, the next one finds it as it was built."""

from pathlib import Path

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import event, func, select

from tests import kept_app
from tests.builders import build_clinic
from tests.kept_app import KeptApp
from triage import db
from triage.models import Site


@pytest.fixture
def kept(database_url: str, compiled: FileSystemBytecodeCache, tmp_path: Path) -> KeptApp:
    """Keep an application for tests that are played here."""
    return KeptApp(kept_app.build(database_url, tmp_path / "built", compiled))


def spoil(app: Flask) -> None:
    """Change everything that can be changed."""
    app.config["WTF_CSRF_ENABLED"] = True
    app.config["PLANTED"] = app.extensions["planted"] = app.jinja_env.globals["planted"] = "left behind"
    app.jinja_env.filters.clear()
    app.jinja_env.loader = None
    app.view_functions["board.index"] = lambda: "open to all"
    app.extensions["live"].cap = 0
    app.extensions["live"].stop()
    app.name = "planted"


def test_whatever_a_test_changes_the_next_one_finds_it_as_it_was(kept: KeptApp, tmp_path: Path) -> None:
    with kept.lent(tmp_path) as app:
        cap = app.extensions["live"].cap
        spoil(app)
    with kept.lent(tmp_path / "next") as app:
        assert app.config["WTF_CSRF_ENABLED"] is False
        assert not {"PLANTED", "planted"} & {*app.config, *app.extensions, *app.jinja_env.globals}
        assert "clock" in app.jinja_env.filters
        assert app.jinja_env.loader is not None
        assert app.view_functions["board.index"].permission == "board:view"  # type: ignore[attr-defined]
        assert (app.extensions["live"].cap, app.extensions["live"].is_stopped) == (cap, False)
        assert (app.name, app.instance_path) == ("triage", str(tmp_path / "next"))


def test_a_test_that_fails_leaves_nothing_behind_either(kept: KeptApp, tmp_path: Path) -> None:
    def fail(app: Flask) -> None:
        spoil(app)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), kept.lent(tmp_path) as app:
        fail(app)
    with kept.lent(tmp_path) as app:
        assert "PLANTED" not in app.config
        assert app.test_client().get("/sign-in").status_code == 200


def test_it_takes_no_view_and_no_handler(kept: KeptApp, tmp_path: Path) -> None:
    with kept.lent(tmp_path) as app:
        with pytest.raises(AssertionError, match="can no longer be called"):
            app.add_url_rule("/planted", view_func=lambda: "open to all")
        with pytest.raises(AssertionError, match="can no longer be called"):
            app.before_request(lambda: None)


def test_a_connection_or_a_listener_left_behind_is_a_failure(kept: KeptApp, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="left a connection"), kept.lent(tmp_path) as app:
        connection = app.extensions["engine"].connect()
    connection.close()

    def listen(*_: object) -> None:
        """Hear every statement."""

    with pytest.raises(AssertionError, match="listens to every statement"), kept.lent(tmp_path) as app:
        event.listen(app.extensions["engine"], "before_cursor_execute", listen)
    event.remove(app.extensions["engine"], "before_cursor_execute", listen)


@pytest.mark.parametrize("_time", ["first", "second"])
def test_the_database_behind_its_address_is_new_each_time(app: Flask, _time: str) -> None:
    assert db.session.scalar(select(func.count(Site.id))) == 0
    build_clinic()
    assert db.session.scalar(select(func.count(Site.id))) == 1
