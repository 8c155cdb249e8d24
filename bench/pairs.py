"""The product beside the floor: both served at once on equal data, asked in turns, compared by their processor time."""

import shutil
import socket
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from bench import stored, waiting
from bench.servers import Answer, Client, Server, serve
from triage.db import session
from triage.demo.years import Size
from triage.domain.access import Actor

READ, WRITE = 2.0, 3.0


@dataclass(frozen=True)
class Pair:
    """The running product and floor, a browser for each, and the product's database opened for changes beside them."""

    product: Server
    floor: Server
    browser: Client
    bare: Client
    actor: Actor
    undecided: list[str]
    urls: tuple[str, str]


@dataclass(frozen=True)
class Case:
    """One screen: what each side is asked the n-th time, what is done in between, and how much more it may cost."""

    name: str
    target: float
    product: Callable[[int], Answer]
    floor: Callable[[int], Answer]
    before: Callable[[int], object] = lambda _number: None


@dataclass(frozen=True)
class Measured:
    """Milliseconds of processor per request of both sides, the median of the rounds, and how far the rounds went."""

    product: float
    floor: float
    spread: float

    @property
    def ratio(self) -> float:
        """Return how many times the floor the product takes."""
        return self.product / self.floor


@dataclass
class _Side:
    """One of the two that are compared: its server, what it is asked, what is done before, and what it took so far."""

    server: Server
    ask: Callable[[int], Answer]
    before: Callable[[int], object]
    asked: int = 0
    found: list[float] = field(default_factory=list)

    def take(self, name: str, calls: int) -> float:
        """Ask so many times and return the milliseconds of processor per request; RuntimeError for an error."""
        taken = 0.0
        for _ in range(calls):
            self.asked += 1
            self.before(self.asked)
            begun = self.server.cpu()
            answer = self.ask(self.asked)
            taken += self.server.cpu() - begun
            if answer.status >= 400:
                raise RuntimeError(f"{name}: {answer.status}")
        return 1000 * taken / calls


def compare(pair: Pair, case: Case, rounds: int, calls: int) -> Measured:
    """Ask both sides in turns; raises RuntimeError for an answer that is an error.

    What is done in between concerns the product's database alone, so it is done before the product is asked: a change
    before the floor is asked would be one more for the product's next answer to show.
    """
    product = _Side(pair.product, case.product, case.before)
    floor = _Side(pair.floor, case.floor, lambda _number: None)
    for turn in range(rounds + 1):
        for side in (product, floor) if turn % 2 else (floor, product):
            took = side.take(case.name, calls if turn else max(2, calls // 5))
            if turn:  # the first turn warms both up and does not count
                side.found.append(took)
    spread = max(product.found) - min(product.found)
    return Measured(statistics.median(product.found), statistics.median(floor.found), spread)


def urls(folder: Path, only: str | None = None) -> dict[str, str]:
    """Return an address of an empty database by the name of each engine there is."""
    found = {"sqlite": stored.sqlite(folder)}
    if only in (None, "postgresql"):
        address = stored.postgres()
        found |= {"postgresql": address} if address else {}
    return {name: url for name, url in found.items() if only in (None, name)}


def twin(url: str, folder: Path) -> str:
    """Return the address of a copy of the database at ``url``; nobody may be connected to it."""
    if not url.startswith("sqlite"):
        from tests.peers.postgres import create_database

        return create_database(url)
    copy = folder / "twin.db"
    shutil.copyfile(url.removeprefix("sqlite:///"), copy)
    return f"sqlite:///{copy}"


@contextmanager
def running(url: str, people: int, routings: int = 0, behind: Size | None = None) -> Iterator[Pair]:
    """Fill the database and its twin with ``people`` waiting, serve the product and the floor, and yield the pair."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with waiting.clinic(url, behind) as actor:
            waiting.fill(actor, people)
            undecided = waiting.undecided(actor, routings) if routings else []
        other = twin(url, folder)
        actor = stack.enter_context(waiting.clinic(url))
        product = stack.enter_context(serve("wsgi:app", url, folder, free_port()))
        floor = stack.enter_context(serve("bench.floor:create_app()", other, folder, free_port()))
        browser = stack.enter_context(closing(Client(product.port, {"Accept-Encoding": "identity"})))
        browser.sign_in("nurse")
        bare = stack.enter_context(closing(Client(floor.port)))
        yield Pair(product, floor, browser, bare, actor, undecided, (url, other))


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


_changes = count(1)


def change(actor: Actor, encounter_id: str) -> None:
    """Change one row of the product's board from outside its workers: never to what it says already."""
    from triage.services import intakes

    details: dict[str, Any] = {"complaint": f"腰から足まで痛い {next(_changes)}"}
    intakes.change_details(actor, encounter_id, None, details)
    session.remove()
