"""Where the time of a board page goes: who asks, the rows, the template, and what the frame adds."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from jinja2 import Template

from bench import waiting
from bench.pairs import change
from bench.servers import PASSWORD
from triage import create_app, rows
from triage.db import session
from triage.services import accounts, around, lines, notices, snapshots

#: What is timed, by the name it has in the table; what one place asks of another is the other's time.
PLACES: dict[str, list[tuple[Any, str]]] = {
    "session and permissions": [(accounts, "find_actor")],
    "queries": [(noun, "read") for noun in (around, lines, notices, snapshots)],
    "rows judged and in order": [(snapshots, "of")],
    "template": [(Template, "render")],
}


def share(url: str, folder: Path, people: int, repeats: int) -> dict[str, dict[str, float]]:
    """Return milliseconds of each place of a board page: unchanged, changed, in a new minute, with nothing kept."""
    with waiting.clinic(url) as actor:
        waiting.fill(actor, people)
    settings = {"DATABASE_URL": url, "SECRET_KEY": "bench", "AUDIT_KEY": "bench", "WTF_CSRF_ENABLED": False}
    app = create_app({**settings, "SESSION_COOKIE_SECURE": False}, folder)
    client = app.test_client()
    client.post("/sign-in", data={"user_name": "nurse", "password": PASSWORD})
    ids = [line.id for line in lines.load(actor)]
    before: dict[str, Callable[[int], object]] = {
        "unchanged": lambda _n: None,
        "after a change": lambda n: change(actor, ids[n % len(ids)]),
        "a new minute": lambda _n: snapshots._shelves.clear(),
        "nothing kept": lambda _n: (snapshots._shelves.clear(), rows._parts.cache_clear()),
    }
    found = {name: _timed(lambda: client.get("/board"), forget, repeats) for name, forget in before.items()}
    session.remove()
    app.extensions["engine"].dispose()
    return found


class _Stopwatch:
    """Notes the processor time of each place, without what it asks of another."""

    def __init__(self) -> None:
        self.taken = dict.fromkeys(PLACES, 0.0)
        self._asked_of_others: list[float] = []

    def clocked(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Wrap a call so that its time is noted."""

        @wraps(call)
        def run(*args: Any, **kwargs: Any) -> Any:
            self._asked_of_others.append(0.0)
            begun = time.thread_time()
            try:
                return call(*args, **kwargs)
            finally:
                took = time.thread_time() - begun
                self.taken[name] += took - self._asked_of_others.pop()
                if self._asked_of_others:
                    self._asked_of_others[-1] += took

        return run

    @contextmanager
    def on(self) -> Iterator[None]:
        """Time what is asked meanwhile."""
        with ExitStack() as stack:
            for name, calls in PLACES.items():
                for owner, attribute in calls:
                    plain = getattr(owner, attribute)
                    stack.callback(setattr, owner, attribute, plain)
                    setattr(owner, attribute, self.clocked(plain, name))
            yield


def _timed(ask: Callable[[], object], before: Callable[[int], object], repeats: int) -> dict[str, float]:
    watch = _Stopwatch()
    ask()
    gc.collect()
    gc.disable()  # else whoever happens to be timed pays for what all others left behind
    try:
        whole = _run(watch, ask, before, repeats)
    finally:
        gc.enable()
    each = {name: 1000 * seconds / repeats for name, seconds in watch.taken.items()}
    rest = 1000 * whole / repeats - sum(each.values())
    return {name: round(ms, 3) for name, ms in {**each, "the rest of Flask": rest}.items()}


def _run(watch: _Stopwatch, ask: Callable[[], object], before: Callable[[int], object], repeats: int) -> float:
    whole = 0.0
    for number in range(repeats):
        before(number)
        with watch.on():
            begun = time.thread_time()
            ask()
            whole += time.thread_time() - begun
    return whole
