"""Whose turn it is: what pages ask by themselves goes one at a time, so that a person's request never waits for it.

However many threads serve, so many requests are at work that none of them waits for a database connection for ever:
a request may take a second connection while it holds the first. And only a few run at once: the threads of a process
share one interpreter, and the more of them run, the longer each holds the lock that others wait for.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from flask import Flask

from triage.crowd import KEY, Crowd, Waiting
from triage.places import Places, Quiet

#: Requests at work at once in one process: those of people, and those that pages make by themselves.
PEOPLE, PAGES = 16, 3
#: Of these so many run at once; who has waited so many seconds for one that takes long runs beside it.
FEW, ONE, PATIENCE = 4, 1, 0.4
#: So many seconds a page's request lets those of people finish before it begins.
YIELD = 0.02
#: With more pages than this at work or waiting, no further ones are woken.
CROWD = 2 * PAGES

#: The request that this thread answers, where it stood in line before it was read (triage/hands.py).
_stood: ContextVar[Waiting | None] = ContextVar("stood", default=None)


class Lane:
    """Lets ``most`` be at work at once, of which ``few`` run, and more only beside those that take long."""

    def __init__(self, most: int, few: int) -> None:
        self._most, self._few = Places(most), Places(few)

    @property
    def waiting(self) -> int:
        """Return how many of those at work wait for the few that run."""
        return self._few.waiting

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and hold it."""
        with self._most:
            held = self._few.take(PATIENCE)
            try:
                yield
            finally:
                if held:
                    self._few.give()


class Turns:
    """Wraps an application; an answer that is streamed has given its turn back before the first piece."""

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self.wsgi_app = wsgi_app
        self.people, self.pages = Lane(PEOPLE, FEW), Lane(PAGES, ONE)
        self._quiet = Quiet()
        self._crowd = Crowd()
        self._lock = Lock()
        self._asking = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer when it is this request's turn."""
        if "HTTP_X_BACKGROUND" not in environ:
            with self.people.turn(), self._quiet.broken():
                return self.wsgi_app(environ, start_response)
        stood, cookies = _stood.get(), environ.get("HTTP_COOKIE", "")
        if stood and stood.cookies == cookies:
            return self._answer_page(stood, environ, start_response)
        with self.standing(self.stand(cookies)) as stood:
            return self._answer_page(stood, environ, start_response)

    def _answer_page(
        self, stood: Waiting, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        environ[KEY] = stood
        with self.pages.turn():
            self.people_first()
            return self.wsgi_app(environ, start_response)

    def stand(self, cookies: str) -> Waiting:
        """Let a page's request with these cookies stand in line from now on."""
        self._count(1)
        return self._crowd.join(cookies)

    @contextmanager
    def standing(self, waiting: Waiting) -> Iterator[Waiting]:
        """Answer a request that stands in line; after that it stands there no more."""
        token = _stood.set(waiting)
        try:
            yield waiting
        finally:
            _stood.reset(token)
            self._crowd.leave(waiting)
            self._count(-1)

    @property
    def stands_already(self) -> bool:
        """Tell whether the request that this thread answers stood in line before it was read."""
        return _stood.get() is not None

    def _count(self, more: int) -> None:
        with self._lock:
            self._asking += more

    def people_first(self) -> None:
        """Let what people have asked for be done, a moment at most."""
        self._quiet.wait(YIELD)

    @property
    def are_crowded(self) -> bool:
        """Tell whether so many pages ask that no further ones should be woken."""
        return self._asking > CROWD


def init_app(app: Flask) -> Turns:
    """Let the requests of the application take turns."""
    turns = Turns(app.wsgi_app)
    app.wsgi_app = turns  # type: ignore[method-assign]
    app.extensions["turns"] = turns
    return turns
