"""Fixtures: a clinic on a real, migrated database of its own for every test; a signed-in client per role."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from tests import builders
from tests.peers import postgres
from tests.peers.plugin import (  # noqa: F401
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_terminal_summary,
)
from triage import create_app, db, migrate

#: Tests in these folders make their promise on both engines.
BOTH_ENGINES = ("tests/services/", "tests/migrations/")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of services and migrations on SQLite and on PostgreSQL."""
    if "engine_name" in metafunc.fixturenames:
        path = metafunc.definition.path.as_posix()
        both = any(folder in path for folder in BOTH_ENGINES)
        names = [pytest.param("sqlite")]
        if both:
            names.append(pytest.param("postgresql", marks=pytest.mark.postgres))
        metafunc.parametrize("engine_name", names, indirect=True)


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """Name the engine the test runs on."""
    return str(request.param)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return a migrated, empty database per engine, made once, to copy from."""
    made: dict[str, str] = {}

    def template(name: str) -> str:
        if name not in made:
            url = f"sqlite:///{tmp_path_factory.mktemp('db') / 'template.db'}" if name == "sqlite" else new_postgres()
            engine = db.connect(url, durable=False)
            migrate.upgrade(engine)
            engine.dispose()
            made[name] = url
        return made[name]

    return template


def new_postgres() -> str:
    """Create an empty PostgreSQL database and return its address."""
    return postgres.create_database()


@pytest.fixture
def database_url(engine_name: str, templates: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Copy the migrated template into a database that is this test's alone."""
    template = templates(engine_name)
    if engine_name == "sqlite":
        file = tmp_path / "test.db"
        shutil.copyfile(template.removeprefix("sqlite:///"), file)
        yield f"sqlite:///{file}"
        return
    url = postgres.create_database(template)
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Keep compiled templates between tests: compiling them anew for each was half of all their time."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(database_url: str, tmp_path: Path, compiled: FileSystemBytecodeCache) -> Iterator[Flask]:
    """Build the application on the test's database, without CSRF tokens so that tests can post plain forms.

    It does not wait for the disk at every commit; that the product does is a test of its own.
    """
    settings = {
        "DURABLE": False,
        "DATABASE_URL": database_url,
        "SECRET_KEY": "test",
        "TESTING": True,
        "SESSION_COOKIE_SECURE": False,
    }
    application = create_app({**settings, "WTF_CSRF_ENABLED": False, "PROPAGATE_EXCEPTIONS": False}, tmp_path)
    application.jinja_env.bytecode_cache = compiled
    yield application  # without an app context: a request must bring its own, or sign-ins would leak between them
    application.extensions["live"].stop()
    db.session.remove()
    application.extensions["engine"].dispose()


@pytest.fixture
def clinic(app: Flask) -> builders.Clinic:
    """Build one site with one person per role; ``clinic.nurse`` and so on are actors."""
    return builders.build_clinic()


@pytest.fixture
def signed_in(app: Flask, clinic: builders.Clinic) -> Callable[[str], FlaskClient]:
    """Return a function that signs a person in by user name and returns the browser."""

    def sign_in(user_name: str) -> FlaskClient:
        client = app.test_client()
        answer = client.post("/sign-in", data={"user_name": user_name, "password": builders.PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    return sign_in
