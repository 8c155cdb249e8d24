"""Whose turn it is: what pages ask by themselves goes a few at a time, so that a person's request never waits for it.

However many threads serve, so many requests are at work that none of them waits for a database connection for ever:
a request may take a second connection while it holds the first.
"""

from collections.abc import Callable, Iterable
from threading import BoundedSemaphore
from typing import Any

from flask import Flask

#: Requests at work at once in one process: those of people, and those that pages make by themselves.
PEOPLE, PAGES = 16, 3


def init_app(app: Flask) -> None:
    """Let the requests of the application take turns."""
    app.wsgi_app = Turns(app.wsgi_app)  # type: ignore[method-assign]


class Turns:
    """Wraps an application; an answer that is streamed has given its turn back before the first piece."""

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self.wsgi_app = wsgi_app
        self._people, self._pages = BoundedSemaphore(PEOPLE), BoundedSemaphore(PAGES)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer when it is this request's turn."""
        with self._pages if "HTTP_X_BACKGROUND" in environ else self._people:
            return self.wsgi_app(environ, start_response)
