"""The product as it is served: a real gunicorn with the project's own settings, and a browser without a screen."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.builders import PASSWORD

ROOT = Path(__file__).resolve().parent.parent
#: Where the servers that are started here find their templates compiled: once for all of them, not each its own.
COMPILED = Path(sys.prefix) / "compiled"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def gunicorn(
    url: str, folder: Path, port: int = 0, config: str | Path = "gunicorn.conf.py", **settings: object
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve the database at ``url``, yield the port and the server; it is ended at the end, if it still runs."""
    port = port or free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    ours = {"DATABASE_URL": url, "SECRET_KEY": "test", "INSTANCE": folder, "COOKIE_SECURE": 0, "WORKERS": 1}
    ours |= {"COMPILED_DIR": COMPILED, **settings}
    environ |= {f"TRIAGE_{name}": str(value) for name, value in ours.items()}
    command = [sys.executable, "-m", "gunicorn", "-c", str(config), "-b", f"127.0.0.1:{port}", "wsgi:app"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True) as server:
        try:
            wait_for(port, server)
            yield port, server
        finally:
            server.terminate()
            server.wait(timeout=60)


def wait_for(port: int, server: subprocess.Popen[Any]) -> None:
    """Wait until it listens; raises RuntimeError when it ends before."""
    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)  # a core that only asks is one that the server does not have
    raise RuntimeError("the server ended before it served")


def sign_in(port: int, user_name: str) -> str:
    """Sign a person in and return the cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/sign-in")
    answer = connection.getresponse()
    cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.read().decode())
    assert token
    form = urlencode({"csrf_token": token[1], "user_name": user_name, "password": PASSWORD})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/sign-in", form, headers)
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 303, answer.status
    return (answer.getheader("Set-Cookie") or "").partition(";")[0]


@contextmanager
def asked(port: int, cookie: str, path: str) -> Iterator[http.client.HTTPResponse]:
    """Yield the answer to a request; the connection is closed at the end."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Cookie": cookie})
    with closing(connection), connection.getresponse() as answer:
        yield answer
