"""How long a change takes to the screens of 200 open boards, and what 1,000 of them leave for everybody else.

A real gunicorn with two workers, on a demonstration clinic's data, with SQLite and with PostgreSQL. The simulated
boards share the machine's processors with the server.
"""

import argparse
import asyncio
import gc
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from flask import session as flask_session
from flask_login import login_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select, update

from bench import measure, people, stored
from bench.boards import LEASE, REVISION, ROW, Board, Line
from bench.measure import table
from tests.served import gunicorn
from triage import clock, create_app, db, migrate
from triage.db import session
from triage.demo import loading
from triage.models import LoginSession, Staff
from triage.services import accounts, audit
from triage.web import SignedIn

#: Boards, and changes made one after the other, of the measurement from change to screen.
FEW, CHANGES = 200, 20
#: Boards open while ordinary requests are timed, the seconds that lasts, seconds between two changes.
MANY, SECONDS, EVERY = 1000, 20, 1.0
SECRET = "test"


def fill(url: str) -> None:
    """Load the demonstration clinic into the database at ``url``; its accounts count as real ones."""
    engine = db.connect(url)
    migrate.upgrade(engine)
    audit.use_key(SECRET)
    loading.fill("correct horse battery", loading.SEED)
    with session.get_bind().begin() as connection:  # type: ignore[union-attr]
        connection.execute(update(Staff).values(demo=False))
    session.remove()
    engine.dispose()


def cookies(url: str, folder: Path, count: int) -> list[tuple[str, str]]:
    """Open so many sessions, of nurses and surgeons in turn; return the cookie and the form token of each."""
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET}, folder)
    names = ("nurse", "nurse2", "surgeon", "surgeon2", "reception")
    with app.app_context():
        people = [accounts.actor_of(session.scalars(select(Staff.id).where(Staff.user_name == n)).one()) for n in names]
        tokens = [f"bench-{number}-{os.urandom(8).hex()}" for number in range(count)]
        pairs = list(zip(tokens, cycle(people), strict=False))
        session.add_all(_row(token, person) for token, person in pairs)
        session.commit()
    session.remove()
    made = [_cookie(app, person, token) for token, person in pairs]
    app.extensions["engine"].dispose()
    return made


def _row(token: str, person: Any) -> LoginSession:
    at = clock.now() + timedelta(hours=1)  # nobody's act has to keep it alive meanwhile
    who = {"staff_id": person.staff_id, "site_id": person.site_id}
    return LoginSession(token_hash=accounts._hash(token), **who, created_at=clock.now(), seen_at=at)


def _cookie(app: Any, person: Any, token: str) -> tuple[str, str]:
    with app.test_request_context("/", environ_base={"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": "bench"}):
        login_user(SignedIn(token, person))
        form_token = generate_csrf()
        signed = app.session_interface.get_signing_serializer(app).dumps(dict(flask_session))
    return f"{app.config['SESSION_COOKIE_NAME']}={signed}", form_token


class Clinic:
    """A served clinic with open boards, and a nurse who takes a patient and gives the patient back."""

    def __init__(self, port: int, signed: Sequence[tuple[str, str]]) -> None:
        self.port, self.signed = port, signed
        self.boards: list[Board] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._nurse = Line(port, signed[0][0])
        self._lease = b""  # of the claim, while the patient is taken
        self._patient = ""
        self.revision = 0

    async def open(self, count: int) -> None:
        """Open boards until there are so many, each with its stream."""
        page = (await self._nurse.ask("/board")).body
        found, ids = REVISION.search(page), ROW.findall(page)
        assert found, page[:500]
        self.revision = max(self.revision, int(found[2]))
        free = [row for row in ids if b'/encounters/%b/claim"' % row in page]
        self._patient = self._patient or free[-1].decode()
        known = ",".join(f"e-{row.decode()}" for row in ids)
        for cookie, _ in self.signed[len(self.boards) : count]:
            self.boards.append(Board(self.port, cookie, found[1].decode(), known))
            self._tasks.append(asyncio.create_task(self.boards[-1].live()))
            await asyncio.sleep(0.002)
        await self.until(lambda: all(board.streaming for board in self.boards), 60)

    async def until(self, reached: Callable[[], bool], seconds: float) -> bool:
        """Wait until something holds, at most so long; tell whether it does."""
        limit = time.perf_counter() + seconds
        while not (held := reached()) and time.perf_counter() < limit:
            await asyncio.sleep(0.01)
        return held

    async def change(self) -> tuple[float, int]:
        """Take the patient or give the patient back; return when that was asked for, and the revision it made."""
        act = "claim/release" if self._lease else "claim"
        begun = time.perf_counter()
        headers = ("HX-Request: true", f"X-CSRFToken: {self.signed[0][1]}")
        answer = await self._nurse.ask(f"/encounters/{self._patient}/{act}", b"lease=" + self._lease, *headers)
        if answer.status != 200:
            raise RuntimeError(f"{act}: {answer.status} {answer.body[:300]!r}")
        lease = LEASE.search(answer.body)
        self._lease = b"" if self._lease or lease is None else lease[1]
        self.revision += 1
        return begun, self.revision

    async def close(self) -> None:
        """Close every board."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._nurse.close()


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return sorted(values)[int(0.95 * (len(values) - 1))]


async def to_the_screens(clinic: Clinic, boards: int, changes: int) -> dict[str, Any]:
    """Time changes made one by one, from the press of the button to each board's new rows."""
    await clinic.open(boards)
    taken: list[float] = []
    late = 0
    for _ in range(changes):
        begun, revision = await clinic.change()
        await clinic.until(lambda r=revision: all(board.showed(r) for board in clinic.boards), 60)  # type: ignore[misc]
        shown = [at for board in clinic.boards if (at := board.showed(revision))]
        late += len(clinic.boards) - len(shown)
        taken += [1000 * (at - begun) for at in shown]
        await asyncio.sleep(0.3)
    spread = {"median_ms": round(statistics.median(taken)), "p95_ms": round(p95(taken)), "max_ms": round(max(taken))}
    errors = sum(board.errors for board in clinic.boards)
    return {"boards": boards, "changes": changes, **spread, "never": late, "errors": errors}


def _fetched(clinic: Clinic) -> int:
    return sum(len(board.fetches) for board in clinic.boards)


async def beside_many(clinic: Clinic, boards: int, master: int, seconds: float) -> dict[str, Any]:
    """Time ordinary requests of a few people while many boards are open and a change comes every second."""
    await clinic.open(boards)
    fetched, before, end = _fetched(clinic), used(master)[0], time.perf_counter() + seconds
    working = asyncio.create_task(people.at_work(clinic.port, clinic.signed, seconds))
    made = 0
    begun, revision = 0.0, 0
    while time.perf_counter() < end:
        begun, revision = await clinic.change()
        made += 1
        await asyncio.sleep(EVERY)
    times = await working
    await clinic.until(lambda: all(board.showed(revision) for board in clinic.boards), 60)
    fetches, share = _fetched(clinic) - fetched, (used(master)[0] - before) / (time.perf_counter() - end + seconds)
    last = [1000 * (at - begun) for board in clinic.boards if (at := board.showed(revision))]
    return {
        "boards": boards, "streams": sum(board.streaming for board in clinic.boards), "changes": made,
        "requests": len(times), "p50_ms": round(1000 * statistics.median(times), 1),
        "p95_ms": round(1000 * p95(times), 1), "max_ms": round(1000 * max(times), 1),
        "change_median_ms": round(statistics.median(last)), "change_max_ms": round(max(last)),
        "fetches": fetches, "processor_percent": round(100 * share),
        "never": boards - len(last), "errors": sum(board.errors for board in clinic.boards),
    }  # fmt: skip


def processes(master: int) -> list[int]:
    """Return the ids of the server's processes (Linux)."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return [master, *map(int, children)]


def used(master: int) -> tuple[float, float]:
    """Return the seconds of processor that the server has used, and its memory in megabytes (shared parts once)."""
    ticks, memory = 0, 0
    for pid in processes(master):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
        memory += int(re.search(r"Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())[1])  # type: ignore[index]
    return ticks / os.sysconf("SC_CLK_TCK"), memory / 1024


async def idle(clinic: Clinic, boards: int, master: int, seconds: float) -> dict[str, Any]:
    """Return what the server uses while so many boards are open and nothing happens."""
    await clinic.open(boards)
    await asyncio.sleep(min(2, seconds))
    before, begun = used(master)[0], time.perf_counter()
    await asyncio.sleep(seconds)
    after, memory = used(master)
    share = 100 * (after - before) / (time.perf_counter() - begun)
    return {"boards": boards, "processor_percent": round(share, 1), "memory_mb": round(memory)}


@contextmanager
def served(url: str, few: int, many: int) -> Iterator[tuple[int, int, list[tuple[str, str]]]]:
    """Fill the database and serve it with two workers; yield port, process and sessions."""
    with tempfile.TemporaryDirectory() as folder:
        fill(url)
        signed = cookies(url, Path(folder), max(few, many))
        most = max(few, many)
        settings = {"WORKERS": 2, "THREADS": max(200, most + 100), "LIVE_STREAMS": max(160, most)}
        with gunicorn(url, Path(folder), **settings) as (port, server):
            yield port, server.pid, signed


def measured(url: str, few: int, many: int, changes: int, seconds: float) -> dict[str, Any]:
    """Serve the clinic at ``url`` and measure all of it."""

    async def run() -> dict[str, Any]:
        clinic = Clinic(port, signed)
        gc.collect()
        gc.freeze()  # a browser does not stop to look through what filling the database has left
        try:
            nothing = await idle(clinic, 0, master, seconds / 4)
            screens = await to_the_screens(clinic, few, changes)
            quiet = await idle(clinic, few, master, seconds / 2)
            crowd = await beside_many(clinic, many, master, seconds)
            full = await idle(clinic, many, master, seconds / 2)
        finally:
            await clinic.close()
        return {"to_the_screens": screens, "beside_many": crowd, "idle": [nothing, quiet, full]}

    with served(url, few, many) as (port, master, signed):
        return asyncio.run(run())


def show(found: dict[str, dict[str, Any]]) -> None:
    """Print the tables."""
    for part, title in (
        ("to_the_screens", "change to screen (target: median under 250 ms on SQLite, 100 ms on PostgreSQL)"),
        ("beside_many", "ordinary requests beside many boards (target: p95 under 100 ms)"),
    ):
        table(title, ("", *next(iter(found.values()))[part]), [(name, *f[part].values()) for name, f in found.items()])
    rows = [(name, *row.values()) for name, f in found.items() for row in f["idle"]]
    table("nothing happens: the whole server's use", ("", "boards", "% of one processor", "MB"), rows)


def main() -> None:
    """Measure what is asked for, print it, and keep it in bench/results/live.json."""
    parser = argparse.ArgumentParser(prog="./dev bench live", description=__doc__)
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one database")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works; nothing is kept")
    parser.add_argument("--boards", type=int, help=f"open boards beside ordinary requests ({MANY})")
    asked = parser.parse_args()
    few, many, changes, seconds = (10, 20, 3, 2.0) if asked.quick else (FEW, asked.boards or MANY, CHANGES, SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        urls = {"sqlite": stored.sqlite(Path(folder)), "postgresql": None}
        if asked.only != "sqlite":
            urls["postgresql"] = stored.postgres()
        chosen = {name: url for name, url in urls.items() if url and asked.only in (None, name)}
        found = {name: measured(url, few, many, changes, seconds) for name, url in chosen.items()}
    show(found)
    if not asked.quick:
        print(f"\nkept in {measure.keep('live', found).relative_to(measure.ROOT)}")


if __name__ == "__main__":
    main()
