"""A real server on a real database, a real Chromium, one browser context per person."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, Playwright, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from prove.pages import violations
from tests import served
from tests.builders import Clinic
from tests.peers import CHROMIUM_ARGS, chromium_path

#: Sizes that every page is looked at in: a desk screen and a phone.
DESK, PHONE = (1440, 900), (390, 844)

#: Opens a browser for one person.
Open = Callable[..., Page]

#: Milliseconds until what was promised counts as not kept: on a machine that is busy with much else.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


def place_of(part: Locator) -> dict[str, float]:
    """Return where it stands, found and measured in one step: a refresh may exchange the element at any moment."""
    place: dict[str, float] = part.evaluate("part => part.getBoundingClientRect().toJSON()")
    return place


def becomes(read: Callable[[], object], wanted: object) -> None:
    """Wait until what is read is as wanted: for what no ``expect`` of the browser's can ask."""
    limit = time.monotonic() + PATIENCE / 1000
    while (found := read()) != wanted and time.monotonic() < limit:
        time.sleep(0.02)
    assert found == wanted


def settled(page: Page) -> None:
    """Wait until htmx has nothing on its way: whose row waits for its answer is not asked twice."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)


def stop_clock(page: Page) -> None:
    """Let the pages that are opened from now on stand still in time: it passes when the test says so, no sooner."""
    now = datetime.now(UTC)
    page.clock.install(time=now - timedelta(hours=1))
    page.clock.pause_at(now)


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Start the system's Chromium once."""
    chromium = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGS))
    yield chromium
    chromium.close()


class Handler(WSGIRequestHandler):
    """Closes the answer to a browser that has left, too: Werkzeug's own forgets it, and a static file stays open."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        answer = (environ or {}).get("tests.answer")
        if answer is not None:
            answer.close()


def remembered(app: Flask) -> Callable[[dict[str, Any], Any], Any]:
    """Return the application as the handler needs it: each answer can be found again."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        environ["tests.answer"] = app(environ, start_response)
        return environ["tests.answer"]

    return answer


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """Serve the test's application on a free port; forms carry their tokens as they do in the clinic."""
    app.config["WTF_CSRF_ENABLED"] = True
    httpd = make_server("127.0.0.1", 0, remembered(app), threaded=True, request_handler=Handler)
    httpd.daemon_threads = False  # server_close() waits for an answer that is still being written
    # So many seconds pass until it hears that it shall stop; of its own accord half of one, after each test.
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    app.extensions["live"].stop()  # else the open streams are waited for
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Open]:
    """Return a function that opens a browser for somebody who is not signed in, on an empty page."""
    contexts: list[Any] = []
    problems: list[str] = []

    def open_page(
        size: tuple[int, int] = DESK, scheme: str = "light", lang: str = "en", java_script: bool = True
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, base_url=server,
            java_script_enabled=java_script,
        )  # type: ignore[arg-type]  # fmt: skip
        context.add_cookies([{"name": "lang", "value": lang, "url": server}])
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")
        context.close()
    assert problems == [], "a script failed in the browser"


@pytest.fixture
def sign_in(visit: Open, server: str, clinic: Clinic) -> Open:
    """Return a function that opens a browser for one person, signed in, on the page where their role begins."""

    def open_page(user_name: str, *how: Any, **options: Any) -> Page:
        page = visit(*how, **options)
        name, _, value = served.sign_in(urlsplit(server).port or 0, user_name).partition("=")
        page.context.add_cookies([{"name": name, "value": value, "url": server}])
        page.goto("/")
        return page

    return open_page


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Return a function that fails on any WCAG violation of the page as it stands."""

    def check(page: Page) -> None:
        lines = violations(page)
        assert lines == [], f"{page.url}\n" + "\n".join(lines)

    return check
