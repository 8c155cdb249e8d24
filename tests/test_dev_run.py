"""./dev run as a newcomer meets it: from a folder without data to a signed-in nurse, and a clean end."""

import http.client
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from itertools import takewhile
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.served import asked, wait_for

ROOT = Path(__file__).resolve().parent.parent
ACCOUNTS = ("reception", "nurse", "nurse2", "surgeon", "surgeon2", "radiographer", "admin", "auditor")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """A running ``./dev run``: what it printed, and a browser without a screen."""

    def __init__(self, port: int, words: str) -> None:
        self.port, self.words, self.cookie = port, words, ""

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Return status, place sent to, and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        found = answer.status, answer.getheader("Location") or "", answer.read().decode()
        connection.close()
        return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    port, instance = free_port(), tmp_path_factory.mktemp("instance")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    environ["TRIAGE_INSTANCE"] = str(instance)
    command = [str(ROOT / "dev"), "run", "--port", str(port)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True) as server:
        try:
            words = "".join(takewhile(lambda line: line != "Stop with Ctrl-C.\n", server.stdout or ()))
            wait_for(port, server)
            yield Served(port, words)
            visitor = Served(port, words)
            assert signed_in(visitor, "nurse")[0] == 303
            with asked(port, visitor.cookie, "/live") as board:
                assert board.readline()[:6] == b"retry:"
                server.send_signal(signal.SIGINT)
                board.read()  # an open board's stream is ended, not cut off: else this raises IncompleteRead
        finally:
            server.send_signal(signal.SIGINT)
            ended = server.wait(timeout=60)
    assert ended == 0


def signed_in(served: Served, account: str) -> tuple[int, str, str]:
    served.cookie = ""
    _, _, page = served.ask("GET", "/sign-in")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    password = re.search(r"password +(\S+)", served.words)
    assert password
    form = {"csrf_token": token[1], "user_name": account, "password": password[1]}
    return served.ask("POST", "/sign-in", form)


def test_it_prints_the_address_the_accounts_and_the_password(served: Served) -> None:
    assert f"http://127.0.0.1:{served.port}" in served.words
    assert re.search(rf"accounts +{' '.join(ACCOUNTS)}\n", served.words)
    assert re.search(r"password +\S{12,}\n", served.words)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_printed_account_signs_in_with_the_printed_password(served: Served, account: str) -> None:
    status, place, _ = signed_in(served, account)
    assert status == 303
    assert served.ask("GET", place)[0] == 200


def test_the_stylesheet_and_the_locked_htmx_are_served(served: Served) -> None:
    page = served.ask("GET", "/sign-in")[2]
    places = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"', page)
    assert any("htmx" in place for place in places)
    assert {place: served.ask("GET", place)[0] for place in places} == dict.fromkeys(places, 200)


def test_the_server_names_neither_itself_nor_its_version(served: Served) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)) as connection:
        connection.request("GET", "/sign-in")
        assert connection.getresponse().getheader("Server") == "web"
