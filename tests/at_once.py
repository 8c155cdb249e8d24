"""Use cases run at the same moment, each in a thread of its own."""

from collections.abc import Callable
from contextvars import copy_context
from threading import Barrier, Thread

from triage import db
from triage.domain.errors import DomainError


def at_once(*uses: Callable[[], object]) -> list[DomainError]:
    """Run the uses at the same moment; return what was refused."""
    told: list[DomainError] = []
    start = Barrier(len(uses))

    def run(use: Callable[[], object]) -> None:
        start.wait()
        try:
            use()
        except DomainError as error:
            told.append(error)
        finally:
            db.session.remove()

    # In a copy of the test's context: every thread reads the clock that the test has set.
    threads = [Thread(target=copy_context().run, args=(run, use)) for use in uses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.remove()
    return told
