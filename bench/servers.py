"""The product and the floor, each served by gunicorn as in production, and what their workers take of the processor."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from bench.measure import ROOT
from tests.served import COMPILED

PASSWORD = "correct horse battery"
WORKERS = 2
START_SECONDS = 60.0


@dataclass
class Answer:
    """One answer: status, headers by lower-case name, and the body as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text; it must not be compressed."""
        return self.body.decode()


@dataclass
class Client:
    """A browser that keeps its connection and its cookies; ``csrf`` goes with every POST."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    def __post_init__(self) -> None:
        """Prepare the connection; it opens with the first request."""
        self.connection = HTTPConnection("127.0.0.1", self.port, timeout=30)

    def get(self, path: str, **headers: str) -> Answer:
        """Fetch a page."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Send a form."""
        body = urlencode({**(form or {}), "csrf_token": self.csrf})
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def _ask(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**self.headers, **headers, **({"Cookie": cookie} if cookie else {})}
        try:
            self.connection.request(method, path, body, sent)
            answer = self.connection.getresponse()
        except (HTTPException, ConnectionError):  # an idle connection was closed meanwhile
            self.connection.close()
            self.connection.request(method, path, body, sent)
            answer = self.connection.getresponse()
        content = answer.read()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, content)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def sign_in(self, user_name: str) -> None:
        """Sign in and keep the token that forms need; raises RuntimeError when that fails."""
        self.csrf = token(self.get("/sign-in").text)
        answer = self.post("/sign-in", {"user_name": user_name, "password": PASSWORD})
        if answer.status != 303:
            raise RuntimeError(f"{user_name} could not sign in: {answer.status}")
        self.csrf = token(self.get("/me").text)


def token(page: str) -> str:
    """Return the token of the page's forms."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    if found is None:
        raise RuntimeError("no token on the page")
    return found[1]


@dataclass(frozen=True)
class Server:
    """A running server: its port and the processes of its workers."""

    port: int
    master: int

    @property
    def workers(self) -> list[int]:
        """Return the ids of the worker processes."""
        children = Path(f"/proc/{self.master}/task/{self.master}/children").read_text()
        return [int(pid) for pid in children.split()]

    def cpu(self) -> float:
        """Return the seconds of processor that the workers have taken so far."""
        return sum(_cpu(pid) for pid in self.workers)


def _cpu(pid: int) -> float:
    """Count every thread in nanoseconds where the kernel says them, else the process in its clock's ticks."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
    except (FileNotFoundError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serve(what: str, url: str, instance: Path, port: int, workers: int = WORKERS) -> Iterator[Server]:
    """Serve ``what`` (a WSGI application) on the database at ``url`` with the product's own server settings."""
    settings = {
        "TRIAGE_DATABASE_URL": url, "TRIAGE_INSTANCE": str(instance), "TRIAGE_SECRET_KEY": "bench",
        "TRIAGE_AUDIT_KEY": "bench", "TRIAGE_COOKIE_SECURE": "0", "TRIAGE_WORKERS": str(workers),
        "TRIAGE_BIND": f"127.0.0.1:{port}", "TRIAGE_COMPILED_DIR": str(COMPILED),
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", what]
    with (instance / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        _wait(process, port, instance / f"{port}.log")
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while True:
        try:
            with closing(Client(port)) as client:
                client.get("/sign-in")
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}") from None
        time.sleep(0.1)
