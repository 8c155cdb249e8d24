"""Fixtures of the browser tests: the clinic served for real, and Chromium to look at it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, expect

from tests import builders
from tests.browser.support import Server, new_page, serving, sign_in
from tests.peers import CHROMIUM_ARGS, chromium_path
from triage import create_app, db

expect.set_options(timeout=10_000)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Build the application as it is served: with its form tokens, and errors answered as pages."""
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": "test", "SESSION_COOKIE_SECURE": False}
    application = create_app(settings, tmp_path)
    yield application
    db.session.remove()
    application.extensions["engine"].dispose()


@pytest.fixture
def server(app: Flask, clinic: builders.Clinic) -> Iterator[Server]:
    """Serve the clinic; ``server.clinic`` holds its people, ``server.url`` the address."""
    with serving(app) as url:
        yield Server(url, clinic)


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Start one Chromium for the whole run."""
    started = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGS))
    yield started
    started.close()


@pytest.fixture
def browser_page(browser: Browser, server: Server) -> Iterator[Page]:
    """Open one window at 1440x900, nobody signed in; it must end without a script error."""
    page = new_page(browser, server)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.context.close()
    assert errors == []


@pytest.fixture
def open_as(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a window of its own for a person: ``open_as("nurse", "/board", viewport=PHONE)``."""
    opened: list[Page] = []

    def open_window(user_name: str, path: str = "/", **options: Any) -> Page:
        opened.append(new_page(browser, server, **options))
        return sign_in(opened[-1], user_name, path)

    yield open_window
    for page in opened:
        page.context.close()
