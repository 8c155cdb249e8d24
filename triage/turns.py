"""Whose turn it is: what pages ask by themselves goes a few at a time, so that a person's request never waits for it.

However many threads serve, so many requests are at work that none of them waits for a database connection for ever:
a request may take a second connection while it holds the first. And only a few run at once: the threads of a process
share one interpreter, and the more of them run, the longer each holds the lock that others wait for.
"""

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from flask import Flask

from triage.places import Places

#: Requests at work at once in one process: those of people, and those that pages make by themselves.
PEOPLE, PAGES = 16, 3
#: Of people's requests so many run at once; who has waited so many seconds for one that takes long runs beside it.
FEW, PATIENCE = 4, 0.4
#: With more pages than this at work or waiting, no further ones are woken.
CROWD = 2 * PAGES


class Turns:
    """Wraps an application; an answer that is streamed has given its turn back before the first piece."""

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self.wsgi_app = wsgi_app
        self._people, self._few, self._pages = Places(PEOPLE), Places(FEW), Places(PAGES)
        self._lock = Lock()
        self._asking = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer when it is this request's turn."""
        if "HTTP_X_BACKGROUND" not in environ:
            with self._people:
                return self._soon(environ, start_response)
        self._count(1)
        try:
            with self._pages:
                return self.wsgi_app(environ, start_response)
        finally:
            self._count(-1)

    def _soon(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        held = self._few.take(PATIENCE)
        try:
            return self.wsgi_app(environ, start_response)
        finally:
            if held:
                self._few.give()

    def _count(self, more: int) -> None:
        with self._lock:
            self._asking += more

    @property
    def are_crowded(self) -> bool:
        """Tell whether so many pages ask that no further ones should be woken."""
        return self._asking > CROWD


def init_app(app: Flask) -> Turns:
    """Let the requests of the application take turns."""
    turns = Turns(app.wsgi_app)
    app.wsgi_app = turns  # type: ignore[method-assign]
    return turns
