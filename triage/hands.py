"""The web server's threads: many for what people ask, a few for what pages ask by themselves.

A change wakes a hundred boards of a process at once. With a thread each they take the interpreter from one another some
thirty times a request; in a line for a few threads all of them are answered sooner (docs/adr/0043).
"""

import errno
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from triage.turns import PAGES, Turns

#: So many bytes of a request are looked at to know who asks.
HEAD = 16_384
#: A page that has not taken its answer after so many seconds is let go: it has gone, and others wait for the thread.
GONE = 2.0
#: An event stream keeps its thread for as long as it lasts.
STREAM = b"/live "
_BY_ITSELF, _COOKIE, _LINE, _END = b"\r\nx-background:", b"\r\ncookie:", b"\r\n", b"\r\n\r\n"


class Hands:
    """Gives each request to a thread of its kind; ``turns`` are known once the application is there."""

    def __init__(self, people: int) -> None:
        self.turns: Turns | None = None
        self._people = ThreadPoolExecutor(people, "people")
        self._pages = ThreadPoolExecutor(PAGES, "pages")

    def submit(self, handle: Any, conn: Any) -> "Future[Any]":
        """Let a connection's request be answered. What a page asks stands in the crowd from now on."""
        cookies = cookies_of_page(conn.sock) if self.turns else None
        if self.turns is None or cookies is None:
            return self._people.submit(handle, conn)
        return self._pages.submit(self._answer, self.turns, self.turns.stand(cookies), handle, conn)

    @contextmanager
    def hurried(self, sock: Any) -> Iterator[None]:
        """Do not wait long for whoever has gone, where one of the few threads answers."""
        if self.turns is None or not self.turns.stands_already:
            yield
            return
        sock.settimeout(GONE)
        try:
            yield
        except TimeoutError:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # else the server would wait for a last word, for all of us
            raise ConnectionResetError(errno.ECONNRESET, "gone") from None  # nothing to be logged

    @staticmethod
    def _answer(turns: Turns, waiting: Any, handle: Any, conn: Any) -> Any:
        with turns.standing(waiting):
            return handle(conn)

    def shutdown(self, wait: bool = True) -> None:
        """Take no more requests."""
        for pool in (self._people, self._pages):
            pool.shutdown(wait=wait)


def cookies_of_page(sock: Any) -> str | None:
    """Return the cookies of a whole request that a page has made by itself, None where it is another or not whole.

    Its bytes stay where they are. Who sends half a request waits for the rest in one of the many threads.
    """
    try:
        head: bytes = sock.recv(HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except (OSError, ValueError):  # nothing there yet, or not to be peeked at
        return None
    end = head.find(_END) + len(_LINE)
    lower = head[:end].lower()
    if end < len(_END) or not head.startswith(b"GET ") or _BY_ITSELF not in lower:
        return None
    if STREAM in head[: head.find(_LINE)].replace(b"?", b" "):
        return None
    place = lower.find(_COOKIE)
    start = place + len(_COOKIE)
    return "" if place < 0 else head[start : head.find(_LINE, start)].decode("latin-1").strip()
