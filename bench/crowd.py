"""Many people at once: clients that ask one thing after the other without a pause, and how long each answer took."""

import statistics
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from bench.boards import LEASE
from bench.servers import Client, Server

SEARCH = "/patients/search?q=%E4%BD%90"
HTMX = {"HX-Request": "true"}
NAMES = ("nurse", "nurse2", "surgeon", "reception")


@dataclass
class Person:
    """One client and what became of its requests."""

    client: Client
    ids: list[str]
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def work(self, until: float, start: int) -> None:
        """Look, search, take, give back, until the time is over."""
        number, lease = start, ""
        while time.monotonic() < until:
            number += 1
            one = self.ids[number % len(self.ids)]
            steps = (
                ("GET", "/board"), ("GET", SEARCH), ("GET", "/alerts"), ("POST", f"/encounters/{one}/claim"),
                ("GET", "/board/rows?hold=1&rev=0.0"), ("POST", f"/encounters/{one}/claim/release"),
            )  # fmt: skip
            for method, path in steps:
                begun = time.perf_counter()
                form = {"lease": lease} if path.endswith("release") else {}
                answer = self.client.get(path, **HTMX) if method == "GET" else self.client.post(path, form, **HTMX)
                self.seconds.append(time.perf_counter() - begun)
                given = LEASE.search(answer.body) if path.endswith("claim") else None
                lease = given[1].decode() if given else lease
                # The desk may not claim; another was first.
                if answer.status >= 400 and answer.status not in (403, 409):
                    self.errors.append(f"{path}: {answer.status}")


def crowd(server: Server, ids: list[str], count: int, seconds: float) -> dict[str, Any]:
    """Let so many clients ask for so long; return how many answers a second, how long they took, and the errors."""
    people = [Person(_signed_in(server, number), ids) for number in range(count)]
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=p.work, args=(until, 7 * n)) for n, p in enumerate(people)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    for person in people:
        person.client.close()
    times = sorted(1000 * one for person in people for one in person.seconds)
    errors = [error for person in people for error in person.errors]
    return {
        "clients": count, "per_s": round(len(times) / took, 1), "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(0.95 * (len(times) - 1))], 1), "worst_ms": round(times[-1], 1),
        "errors": len(errors), "first_error": errors[0] if errors else "",
    }  # fmt: skip


def _signed_in(server: Server, number: int) -> Client:
    client = Client(server.port, {"Accept-Encoding": "gzip"})
    with closing(Client(server.port, {"Accept-Encoding": "identity"})) as door:
        door.sign_in(NAMES[number % len(NAMES)])
        client.cookies, client.csrf = door.cookies, door.csrf
    return client
