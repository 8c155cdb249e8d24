"""What browser tests share: a served clinic, people who sign in, and the look through an assistive eye."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.builders import PASSWORD, Clinic

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


class Quiet(WSGIRequestHandler):
    """Answers requests without writing a line for each."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Keep the test's output free of access lines."""


@dataclass
class Server:
    """The application served on a port of its own, on the test's database."""

    url: str
    clinic: Clinic


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve the application on a free port, one thread per request, and yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def new_page(browser: Browser, server: Server, **options: object) -> Page:
    """Open a window of its own (own cookies) at 1440x900, or as the options of a Playwright context say."""
    page = browser.new_context(**{"base_url": server.url, "viewport": DESKTOP, **options}).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(10_000)
    return page


def sign_in(page: Page, user_name: str, path: str = "/") -> Page:
    """Sign the person in through the form and go to ``path``."""
    page.goto("/sign-in")
    page.fill("[name=user_name]", user_name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.locator("form[action$='/sign-in']")).to_have_count(0)
    page.goto(path)
    return page


def axe(page: Page) -> None:
    """Fail with the list of what axe finds wrong on the page as it stands."""
    found = Axe().run(page).response["violations"]
    lines = [f"{v['id']} ({v['impact']}): {[n['html'][:160] for n in v['nodes'][:3]]}" for v in found]
    assert not lines, "\n".join([page.url, *lines])
