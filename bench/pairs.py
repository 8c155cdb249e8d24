"""The product beside the floor, or beside itself on other data: served at once, asked in turns, compared.

What is compared is the processor time of the servers' workers.
"""

import shutil
import socket
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from bench import stored, waiting
from bench.servers import WORKERS, Answer, Client, Server, serve
from triage.db import session
from triage.demo.years import Size
from triage.domain.access import Actor

READ, WRITE = 2.0, 3.0

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Clinic:
    """The running product, a browser, and its database opened for changes beside it; ``urls``: with that of a twin."""

    product: Server
    browser: Client
    actor: Actor
    database: Engine | Connection
    undecided: list[str]
    urls: tuple[str, ...]

    def do(self, what: Callable[Concatenate[Actor, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do something as the nurse in this clinic's database: several may be open, and the session knows one."""
        session.remove()
        session.configure(bind=self.database)
        try:
            return what(self.actor, *args, **kwargs)
        finally:
            session.remove()


@dataclass(frozen=True)
class Pair(Clinic):
    """A running clinic with the floor on a twin of its database, and a browser for that."""

    floor: Server
    bare: Client


@dataclass(frozen=True)
class Case:
    """One screen: what each side is asked the n-th time, what is done in between, and how much more it may cost."""

    name: str
    target: float
    product: Callable[[int], Answer]
    floor: Callable[[Client, int], Answer]
    before: Callable[[int], object] = lambda _number: None


@dataclass(frozen=True)
class Measured:
    """Milliseconds of processor per request of both sides, and how many times the floor each round took, sorted."""

    product: float
    floor: float
    times: Sequence[float]

    @property
    def ratio(self) -> float:
        """Return how many times the floor the product takes: the median of the rounds.

        Both sides of a round meet the same machine. The median of the one by that of the other would compare a round
        in which a neighbour took the memory with one in which nobody did.
        """
        return statistics.median(self.times)

    @property
    def middle(self) -> tuple[float, float]:
        """Return between which ratios half of the rounds lie."""
        quarter = len(self.times) // 4
        return self.times[quarter], self.times[-1 - quarter]


@dataclass
class Side:
    """One of those that are compared: its server, what it is asked, what is done before, and what it took so far."""

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
    product = Side(pair.product, case.product, case.before)
    floor = Side(pair.floor, lambda number: case.floor(pair.bare, number), lambda _number: None)
    in_turns([product, floor], case.name, rounds, calls)
    times = sorted(mine / its for mine, its in zip(product.found, floor.found, strict=True))
    return Measured(statistics.median(product.found), statistics.median(floor.found), times)


def in_turns(sides: Sequence[Side], name: str, rounds: int, calls: int) -> None:
    """Ask every side in every round, in another order each time: what drifts meanwhile meets all of them alike."""
    for turn in range(rounds + 1):
        first = turn // 2 % len(sides)
        order = [*sides[first:], *sides[:first]]
        for side in reversed(order) if turn % 2 else order:
            took = side.take(name, calls if turn else max(2, calls // 5))
            if turn:  # the first turn warms all of them up and does not count
                side.found.append(took)


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
def running(url: str, people: int, routings: int = 0) -> Iterator[Pair]:
    """Fill the database and its twin with ``people`` waiting, serve the product and the floor, and yield the pair."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        undecided = filled(url, people, routings)
        other = twin(url, folder)
        clinic = stack.enter_context(served(folder, undecided, url, other))
        floor = stack.enter_context(serve("bench.floor:create_app()", other, folder, free_port()))
        bare = stack.enter_context(closing(Client(floor.port)))
        yield Pair(**vars(clinic), floor=floor, bare=bare)


def filled(url: str, people: int, routings: int = 0, behind: Size | None = None) -> list[str]:
    """Fill the database with ``people`` waiting; return the encounters that can be routed, as many as asked for."""
    with waiting.clinic(url, behind) as actor:
        waiting.fill(actor, people)
        return waiting.undecided(actor, routings) if routings else []


@contextmanager
def served(folder: Path, undecided: list[str], url: str, *twins: str, workers: int = WORKERS) -> Iterator[Clinic]:
    """Serve the product on the filled database at ``url`` and yield it with a nurse signed in."""
    with (
        waiting.clinic(url) as actor,
        serve("wsgi:app", url, folder, free_port(), workers) as product,
        closing(Client(product.port, {"Accept-Encoding": "identity"})) as browser,
    ):
        browser.sign_in("nurse")
        yield Clinic(product, browser, actor, session.get_bind(), undecided, (url, *twins))


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
