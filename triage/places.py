"""A few places and a line in front of them: whoever has waited longest is next. And a way to wait until nobody works.

The semaphore of the standard library lets a newcomer pass those whom it has just woken; under many hands some then wait
for ever longer.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class Places:
    """``count`` places; who gives one back hands it to whoever has waited longest."""

    def __init__(self, count: int = 1) -> None:
        self._lock = Lock()
        self._free = count
        self._line: deque[Event] = deque()

    @property
    def waiting(self) -> int:
        """Return how many stand in line."""
        return len(self._line)

    @property
    def is_full(self) -> bool:
        """Tell whether somebody who came now would wait."""
        return not self._free

    def take(self, seconds: float | None = None) -> bool:
        """Wait for a place, at most so long; tell whether it is ours."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = Event()
            self._line.append(mine)
        if mine.wait(seconds):
            return True
        with self._lock:
            if not mine.is_set():  # else it was handed over at this very moment
                self._line.remove(mine)
            return mine.is_set()

    def give(self) -> None:
        """Hand the place to the next, or leave it free."""
        with self._lock:
            if self._line:
                self._line.popleft().set()
            else:
                self._free += 1

    def __enter__(self) -> None:
        """Wait for a place as long as it takes."""
        self.take()

    def __exit__(self, *_error: object) -> None:
        """Give it back."""
        self.give()


class Quiet:
    """Holds while nobody is at work."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._at_work = 0
        self._held = Event()
        self._held.set()

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Be at work."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def wait(self, seconds: float) -> None:
        """Wait until nobody is at work, at most so long."""
        if self._at_work:
            self._held.wait(seconds)

    def _count(self, more: int) -> None:
        with self._lock:
            self._at_work += more
            (self._held.clear if self._at_work else self._held.set)()
