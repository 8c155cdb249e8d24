"""Who the pages are that wait for their turn: whoever has it asks for all of them in one query.

It is sent after each of them has come, so it tells of each what a query of its own would have told at that moment.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

#: Under this name a request finds its own place among those that wait.
KEY = "triage.waiting"
#: So many are asked for at once at most, and for so many seconds they may use what was found.
MOST, HOLDS = 32, 0.05
#: Cookies whose session token each process remembers, to know for whom to ask.
KEPT = 2048

Find = Callable[[Sequence[str]], Mapping[str, Any]]


@dataclass(eq=False)
class Waiting:
    """One request: the cookies it came with, and what another has found for it: when, of which token, and what."""

    crowd: "Crowd"
    cookies: str
    found: tuple[float, str, Any] | None = None

    def look(self, token: str, find: Find) -> Any:
        """Return what ``find`` tells of this session token, asked after this request has come."""
        return self.crowd.look(self, token, find)


class Crowd:
    """The requests of one process that pages have made by themselves and that are not answered yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._here: dict[Waiting, None] = {}
        self._tokens: dict[str, str] = {}

    def join(self, cookies: str) -> Waiting:
        """Let a request with these cookies be one of them, until it leaves."""
        mine = Waiting(self, cookies)
        with self._lock:
            self._here[mine] = None
        return mine

    def leave(self, mine: Waiting) -> None:
        """Let it be one of them no more; twice is once."""
        with self._lock:
            self._here.pop(mine, None)

    def look(self, mine: Waiting, token: str, find: Find) -> Any:
        """Return what ``find`` tells of the token, and keep what it tells of the others for them."""
        if mine.found and mine.found[1] == token and time.monotonic() - mine.found[0] <= HOLDS:
            return mine.found[2]
        others = self._others(mine, token)
        at = time.monotonic()
        found = find([token, *others.values()])
        for other, theirs in others.items():
            other.found = (at, theirs, found[theirs])
        return found[token]

    def _others(self, mine: Waiting, token: str) -> dict[Waiting, str]:
        """Return for whom else to ask, the longest waiting first; whose cookie is new here asks for itself."""
        with self._lock:
            self._here.pop(mine, None)  # nobody need ask for who asks
            self._tokens[mine.cookies] = token
            if len(self._tokens) > KEPT:
                del self._tokens[next(iter(self._tokens))]
            waiting = [other for other in self._here if other.found is None and other.cookies in self._tokens]
            return {other: self._tokens[other.cookies] for other in waiting[: MOST - 1]}
