"""Where the time of a board page goes: who asks, the rows, the template, and what the frame adds."""

import gc
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from jinja2 import Template

from bench import waiting
from bench.servers import PASSWORD
from triage import create_app, rows
from triage.db import session
from triage.services import accounts, snapshots

#: What is timed, by the name it has in the table.
PLACES: dict[str, tuple[Any, str]] = {
    "session and permissions": (accounts, "find_actor"),
    "query and rows": (snapshots, "of"),
    "template": (Template, "render"),
}


def share(url: str, folder: Path, people: int, repeats: int) -> dict[str, dict[str, float]]:
    """Return milliseconds of each place of a board page, unchanged, after a change, and with nothing kept at all."""
    with waiting.clinic(url) as actor:
        waiting.fill(actor, people)
    settings = {"DATABASE_URL": url, "SECRET_KEY": "bench", "AUDIT_KEY": "bench", "WTF_CSRF_ENABLED": False}
    app = create_app({**settings, "SESSION_COOKIE_SECURE": False}, folder)
    client = app.test_client()
    client.post("/sign-in", data={"user_name": "nurse", "password": PASSWORD})
    before: dict[str, Callable[[], object]] = {
        "unchanged": lambda: None,
        "after a change": snapshots._shelves.clear,
        "nothing kept": lambda: (snapshots._shelves.clear(), rows._parts.cache_clear()),
    }
    found = {name: _timed(lambda: client.get("/board"), forget, repeats) for name, forget in before.items()}
    session.remove()
    app.extensions["engine"].dispose()
    return found


def _timed(ask: Callable[[], object], forget: Callable[[], object], repeats: int) -> dict[str, float]:
    taken, depth, kept = dict.fromkeys(PLACES, 0.0), [0], {}
    for name, (owner, attribute) in PLACES.items():
        kept[name] = getattr(owner, attribute)
        setattr(owner, attribute, _clocked(kept[name], name, taken, depth))
    try:
        ask()
        taken.update(dict.fromkeys(PLACES, 0.0))
        gc.collect()
        gc.disable()  # else whoever happens to be timed pays for what all others left behind
        whole = 0.0
        for _ in range(repeats):
            forget()
            begun = time.thread_time()
            ask()
            whole += time.thread_time() - begun
    finally:
        gc.enable()
        for name, (owner, attribute) in PLACES.items():
            setattr(owner, attribute, kept[name])
    each = {name: 1000 * seconds / repeats for name, seconds in taken.items()}
    rest = 1000 * whole / repeats - sum(each.values())
    return {name: round(ms, 3) for name, ms in {**each, "the rest of Flask": rest}.items()}


def _clocked(call: Callable[..., Any], name: str, taken: dict[str, float], depth: list[int]) -> Callable[..., Any]:
    """Wrap the call so that its time is noted once: what it calls of the others counts as its own."""

    @wraps(call)
    def run(*args: Any, **kwargs: Any) -> Any:
        depth[0] += 1
        begun = time.thread_time()
        try:
            return call(*args, **kwargs)
        finally:
            depth[0] -= 1
            if not depth[0]:
                taken[name] += time.thread_time() - begun

    return run
