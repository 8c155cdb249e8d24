"""Fixtures: a clinic on a real, migrated database of its own for every test; a signed-in client per role."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache

from tests import builders, kept_app, plans
from tests.kept_app import KeptApp
from tests.peers import postgres
from tests.peers.kept_database import KeptDatabase
from tests.peers.plugin import (  # noqa: F401
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_sessionstart,
    pytest_terminal_summary,
)
from tests.vouched import vouched
from triage import db, migrate

# The same examples on every machine, and no clock: a slow machine is no fault of the product.
settings.register_profile(
    "same", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")

#: Tests in these folders make their promise on both engines.
BOTH_ENGINES = (
    "tests/services/",
    "tests/migrations/",
    "tests/test_ahead",
    "tests/test_crowd",
    "tests/test_moments",
    "tests/worklist/test_asking",
    "tests/worklist/test_dcmtk",
    "tests/blueprints/test_bad_input",
    "tests/browser/test_imaging_live",
)
#: Of these it can be asked of PostgreSQL only: it is a server that goes away.
POSTGRESQL_ONLY = ("tests/services/test_lost_connections",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of services and migrations on SQLite and on PostgreSQL."""
    if "engine_name" in metafunc.fixturenames:
        path = metafunc.definition.path.as_posix()
        both = any(folder in path for folder in BOTH_ENGINES)
        names = [] if any(file in path for file in POSTGRESQL_ONLY) else [pytest.param("sqlite")]
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
            file = tmp_path_factory.mktemp("db") / "template.db"
            url = f"sqlite:///{file}" if name == "sqlite" else postgres.create_database()
            engine = db.connect(url, durable=False)
            migrate.upgrade(engine)
            engine.dispose()
            made[name] = url
        return made[name]

    return template


@pytest.fixture(scope="session")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return where an engine's tests find their database, one after another."""
    folder = tmp_path_factory.mktemp("db")
    return cache(lambda name: f"sqlite:///{folder / 'test.db'}" if name == "sqlite" else postgres.address())


@pytest.fixture(scope="session")
def kept_database(
    templates: Callable[[str], str], addresses: Callable[[str], str]
) -> Iterator[Callable[[], KeptDatabase]]:
    """Return PostgreSQL's database, which is emptied after each test."""
    made: list[KeptDatabase] = []

    def database() -> KeptDatabase:
        if not made:
            made.append(KeptDatabase(templates("postgresql"), addresses("postgresql")))
        return made[0]

    yield database
    for one in made:
        one.drop()


@pytest.fixture
def database_url(
    engine_name: str, templates: Callable[[str], str], addresses: Callable[[str], str],
    kept_database: Callable[[], KeptDatabase],
) -> Iterator[str]:  # fmt: skip
    """Lend a database that is this test's alone, migrated and empty."""
    if engine_name == "postgresql":
        with kept_database().lent() as url:
            yield url
        return
    template, url = templates(engine_name), addresses(engine_name)
    file = Path(url.removeprefix("sqlite:///"))
    shutil.copyfile(template.removeprefix("sqlite:///"), file)
    yield url
    for left in file.parent.iterdir():
        left.unlink()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Keep compiled templates between tests: compiling them anew for each was half of all their time."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session")
def kept_apps(
    tmp_path_factory: pytest.TempPathFactory, addresses: Callable[[str], str], compiled: FileSystemBytecodeCache
) -> Iterator[Callable[[str], KeptApp]]:
    """Return the application on an engine, built once: building it anew for each test was a third of all their time."""
    made: dict[str, KeptApp] = {}

    def on(name: str) -> KeptApp:
        if name not in made:
            folder = tmp_path_factory.mktemp("instance")
            made[name] = KeptApp(kept_app.build(addresses(name), folder, compiled))
        return made[name]

    yield on
    for kept in made.values():
        kept.app.extensions["engine"].dispose()


@pytest.fixture
def app(database_url: str, engine_name: str, kept_apps: Callable[[str], KeptApp], tmp_path: Path) -> Iterator[Flask]:
    """Lend the application, on the test's own database and as it was built."""
    with kept_apps(engine_name).lent(tmp_path) as application, vouched(application.extensions["engine"]):
        yield application


@pytest.fixture
def own_app(database_url: str, compiled: FileSystemBytecodeCache, tmp_path: Path) -> Iterator[Flask]:
    """Build an application for this test alone: one that it may give views of its own."""
    with kept_app.on_its_database(kept_app.build(database_url, tmp_path, compiled), tmp_path) as application:
        yield application


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect every statement that is sent to the database; clear it where the counting begins."""
    with plans.sent(app.extensions["engine"]) as found:
        yield found


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
