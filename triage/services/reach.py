"""Trying a connection while somebody waits for the answer: never longer than they wait, and few at once."""

from collections.abc import Callable
from queue import Empty, Queue
from threading import BoundedSemaphore, Thread

from triage.domain.machines import BUSY, SILENT, Reached

#: Seconds that a person waits, and tries that run at once in one process.
PATIENCE, AT_ONCE = 8.0, 2
_places = BoundedSemaphore(AT_ONCE)


def within(call: Callable[[], Reached], seconds: float = PATIENCE) -> Reached:
    """Return what the call finds, or that nobody answered in time; a call that hangs keeps its place until it ends."""
    if not _places.acquire(blocking=False):
        return Reached(BUSY)
    found: Queue[Reached | BaseException] = Queue()

    def run() -> None:
        try:
            found.put(call())
        except BaseException as error:  # told to whoever waits
            found.put(error)
        finally:
            _places.release()

    Thread(target=run, daemon=True, name="reach").start()
    try:
        answer = found.get(timeout=seconds)
    except Empty:
        return Reached(SILENT)
    if isinstance(answer, BaseException):
        raise answer
    return answer
