"""Event streams on the server as it is deployed: they live beside requests, and the server still stops at once."""

import http.client
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from flask import Flask

from tests.builders import Clinic, arrive
from tests.served import ROOT, asked, gunicorn, sign_in

Ask = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def place(app: Flask, database_url: str, tmp_path: Path) -> tuple[str, Path]:
    return database_url, tmp_path


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Return a function that asks and keeps the connection open until the test ends."""
    with ExitStack() as open_connections:
        yield lambda port, cookie, path="/live": open_connections.enter_context(asked(port, cookie, path))


def next_revision(stream: http.client.HTTPResponse) -> int:
    """Read until the next event; return its revision."""
    while not (line := stream.readline().decode()).startswith("data: "):
        assert line, "the stream ended"
    return int(line.removeprefix("data: ").partition(".")[0])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_its_streams_properly_when_it_is_told_to_stop(
    place: tuple[str, Path], clinic: Clinic, ask: Ask, how: signal.Signals
) -> None:
    with gunicorn(*place) as (port, server):
        cookie = sign_in(port, "nurse")
        streams = [ask(port, cookie) for _ in range(3)]
        assert {next_revision(stream) for stream in streams} == {0}
        os.killpg(server.pid, how) if how is signal.SIGINT else server.send_signal(how)
        for stream in streams:
            stream.read()  # a stream that is cut off instead of ended raises IncompleteRead
        assert server.wait(timeout=60) == 0


def test_a_server_that_forgets_its_streams_cuts_them_off(
    place: tuple[str, Path], clinic: Clinic, ask: Ask, tmp_path: Path
) -> None:
    """Planted: without the hook of gunicorn.conf.py the test above fails."""
    settings = (ROOT / "gunicorn.conf.py").read_text().replace("def post_worker_init", "def _forgotten")
    settings = settings.replace("Path(__file__).parent", repr(str(ROOT)))
    (tmp_path / "planted.conf.py").write_text(settings.replace("graceful_timeout = 5", "graceful_timeout = 0"))
    with gunicorn(*place, config=tmp_path / "planted.conf.py") as (port, server):
        stream = ask(port, sign_in(port, "nurse"))
        assert next_revision(stream) == 0
        server.terminate()
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            stream.read()


def test_a_change_made_by_another_process_reaches_the_stream(place: tuple[str, Path], clinic: Clinic, ask: Ask) -> None:
    with gunicorn(*place) as (port, _server):
        stream = ask(port, sign_in(port, "surgeon"))
        before = next_revision(stream)
        arrive(clinic.reception)  # in the process of this test
        while (heard := next_revision(stream)) == before:
            pass
        assert heard > before


def test_open_streams_do_not_keep_requests_from_being_answered(
    place: tuple[str, Path], clinic: Clinic, ask: Ask
) -> None:
    with gunicorn(*place, THREADS=8, LIVE_STREAMS=6) as (port, _server):
        cookie = sign_in(port, "nurse")
        streams = [ask(port, cookie) for _ in range(6)]
        assert {next_revision(stream) for stream in streams} == {0}
        refused = ask(port, cookie)
        assert (refused.status, refused.getheader("Retry-After")) == (503, "30")
        assert [ask(port, cookie, "/board").status for _ in range(3)] == [200, 200, 200]


def refresh(port: int, cookie: str) -> bytes:
    """Return a board's rows as its page asks for them, twice by one connection: the second time it is kept alive."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as line:
        for _ in range(2):
            line.request("GET", "/board/rows?rev=&said=", headers={"Cookie": cookie, "X-Background": "1"})
            answer = line.getresponse()
            found = answer.read()
            assert answer.status == 200
    return found


def test_however_many_pages_ask_at_once_each_is_answered_as_itself(place: tuple[str, Path], clinic: Clinic) -> None:
    arrive(clinic.reception)
    with gunicorn(*place) as (port, _server), ThreadPoolExecutor(24) as threads:
        own = [sign_in(port, name) for name in ("nurse", "reception")] * 12
        found = list(threads.map(lambda cookie: refresh(port, cookie), own))
    assert [b'/claim"' in rows for rows in found] == [True, False] * 12, "reception may claim nobody"
