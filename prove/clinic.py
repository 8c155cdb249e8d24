"""A clinic for a proof: the demonstration's patients on a real server whose clock can be moved, and a real Chromium."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import delete, select, update

from bench import servers
from tests.peers import CHROMIUM_ARGS, chromium_path
from triage import clock, db, migrate
from triage.db import session, verb
from triage.demo import loading
from triage.domain.access import Actor
from triage.models import Claim, Encounter, Staff
from triage.services import accounts, audit
from triage.services.audit import record


@dataclass
class Served:
    """The server: started, stopped, its memory, and how far its clock is ahead."""

    url: str
    instance: Path
    port: int
    lives: int = 0
    stack: ExitStack = field(default_factory=ExitStack)
    server: servers.Server | None = None

    def start(self) -> None:
        """Start the server on its port; the clinic's database stays as it is."""
        self.server = self.stack.enter_context(servers.serve("prove.served:app", self.url, self.instance, self.port))
        self.lives += 1

    def stop(self) -> None:
        """Stop the server as an administrator does."""
        self.stack.close()
        self.server = None

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def memory(self) -> float:
        """Return the megabytes that its workers hold for themselves."""
        return sum(private(pid) for pid in self.server.workers) if self.server else 0.0

    @property
    def refreshes(self) -> int:
        """Return how often walls have refreshed in all its lives."""
        file = self.instance / "refreshes"
        return file.stat().st_size if file.is_file() else 0

    @property
    def now(self) -> datetime:
        """Return what the clinic's clock shows."""
        return datetime.now(UTC) + timedelta(seconds=float((self.instance / "clock").read_text()))

    def set_clock(self, moment: datetime) -> None:
        """Let the clinic's clock show this moment and run on from there."""
        new = self.instance / "clock.new"
        new.write_text(str((moment - datetime.now(UTC)).total_seconds()))
        os.replace(new, self.instance / "clock")

    @contextmanager
    def at_its_time(self) -> Iterator[None]:
        """Let what runs inside happen when the clinic's clock says."""
        with clock.at(self.now):
            yield
        session.remove()


def private(pid: int) -> float:
    """Return the megabytes that a process shares with no other."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in rollup if line.startswith("Private")) / 1024


@contextmanager
def served(folder: Path, **settings: Any) -> Iterator[Served]:
    """Serve the demonstration's day, anew or as it was left in ``folder``; settings as TRIAGE_<NAME>."""
    instance = folder / "clinic"
    instance.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{instance / 'clinic.db'}"
    os.environ.update({f"TRIAGE_{name}": str(value) for name, value in settings.items()})
    if not (instance / "clock").is_file():
        (instance / "clock").write_text("0")
    with _opened(url):
        here = Served(url, instance, free_port())
        here.start()
        try:
            yield here
        finally:
            here.stop()


@contextmanager
def _opened(url: str) -> Iterator[None]:
    engine = db.connect(url)
    audit.use_key("bench")  # the key of bench/servers.py
    try:
        if not migrate.is_current(engine):
            migrate.upgrade(engine)
            loading.fill(servers.PASSWORD)
            session.remove()
            _open_for_business(person("nurse"))
        session.remove()
        yield
    finally:
        session.remove()
        engine.dispose()


@verb
def _open_for_business(actor: Actor) -> None:
    """Let a server outside the demonstration accept its accounts, and nobody have a patient open."""
    session.execute(update(Staff).values(demo=False))
    session.execute(delete(Claim))
    here = len(session.scalars(select(Encounter.id).where(Encounter.finished_at.is_(None))).all())
    record(actor, "demonstration_loaded", encounters=here)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def person(user_name: str) -> Actor:
    """Return a person of the clinic."""
    found = accounts.actor_of(session.scalars(select(Staff.id).where(Staff.user_name == user_name)).one())
    session.remove()
    if found is None:
        raise LookupError(user_name)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGS))
        try:
            yield browser
        finally:
            browser.close()
