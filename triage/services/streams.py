"""The open event streams of a process, and the one watcher that wakes them when a change was committed anywhere."""

import logging
import math
import os
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue

from sqlalchemy import Engine, select

from triage import wake
from triage.models import SiteHead

log = logging.getLogger(__name__)

#: With so many streams or fewer all are woken at once; each one more spreads the wake-ups over STEP seconds more.
AT_ONCE = 150
STEP = 0.006
#: Seconds between two lots of a spread wake-up.
TICK = 0.05
#: Seconds between two looks at the revisions although nothing was heard; until the next try when the database is away.
LOOK = 2.0
#: Seconds without any stream after which nobody listens at the database.
LINGER = 30.0


class Full(Exception):
    """As many streams are open as this process may hold, or it is stopping."""


class Stream:
    """One open page: it sleeps until the watcher wakes it or its time is up."""

    def __init__(self, hub: "Hub", site_id: str) -> None:
        self.site_id = site_id
        self.told: int | None = None
        self.rung_at = -math.inf
        self.rung = False
        self._hub = hub
        self._bell: SimpleQueue[None] = SimpleQueue()

    @property
    def is_over(self) -> bool:
        """Tell whether the process is stopping."""
        return self._hub.is_stopped

    @property
    def age(self) -> float:
        """Return how many seconds ago the database confirmed what is known; infinite before the first time."""
        return self._hub.age

    def ring(self) -> None:
        """Wake whoever waits; rings that nobody has answered yet are one."""
        if not self.rung:
            self.rung, self.rung_at = True, time.monotonic()
            self._bell.put(None)

    def wait(self, seconds: float) -> int | None:
        """Sleep until there is news, at most so long; return the site's revision, None while it is not known."""
        with suppress(Empty):
            self._bell.get(timeout=seconds)
        self.rung = False  # before the revision is read: what comes after it rings again
        self.told = self._hub.revision(self.site_id)
        return self.told

    def close(self) -> None:
        """Leave; twice is once."""
        self._hub.leave(self)


class Hub:
    """Opens streams up to ``cap``, and keeps the watcher thread while there are any.

    While ``is_crowded`` says so, those woken before are still being answered and nobody else is woken. Before a change
    is passed on ``people_first`` lets what people do here be done, a moment at most: who made it waits for the answer.
    """

    def __init__(
        self, engine: Engine, cap: int, is_crowded: Callable[[], bool] = lambda: False,
        people_first: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.cap = cap
        self._engine, self._is_crowded, self._people_first = engine, is_crowded, people_first
        self.start_anew()
        _hubs.add(self)

    def start_anew(self) -> None:
        """Forget every stream: a forked child has none of its parent's threads, and its locks may be closed."""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._streams: dict[Stream, None] = {}
        self._revisions: dict[str, int] = {}
        self._confirmed_at = self._left_at = -math.inf

    @property
    def is_stopped(self) -> bool:
        """Tell whether the process is stopping."""
        return self._stop.is_set()

    @property
    def age(self) -> float:
        """Return how many seconds ago the database was last heard of; infinite before the first time."""
        return time.monotonic() - self._confirmed_at

    @property
    def count(self) -> int:
        """Return how many streams are open."""
        return len(self._streams)

    def revision(self, site_id: str) -> int | None:
        """Return the site's last change, None before the first look."""
        return None if math.isinf(self._confirmed_at) else self._revisions.get(site_id, 0)

    def join(self, site_id: str) -> Stream:
        """Open a stream of a site; raises Full."""
        with self._lock:
            if self.is_stopped or len(self._streams) >= self.cap:
                raise Full
            stream = Stream(self, site_id)
            self._streams[stream] = None
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, name="live", daemon=True)
                self._thread.start()
        return stream

    def leave(self, stream: Stream) -> None:
        """Close a stream."""
        with self._lock:
            if self._streams.pop(stream, stream) is None:
                self._left_at = time.monotonic()

    def stop(self) -> None:
        """End every stream and the watcher, for good."""
        self._stop.set()
        with self._lock:
            streams, thread = list(self._streams), self._thread
        for stream in streams:
            stream.ring()
        if thread:
            thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._may_go():
            try:
                with wake.listening(self._engine) as ear:
                    self._listen(ear)
            except Exception as error:  # the streams say how old their news is; we try until it is back
                log.warning("live: the database is away: %s", type(error).__name__)
                self._stop.wait(LOOK)

    def _may_go(self) -> bool:
        with self._lock:
            abandoned = not self._streams and time.monotonic() - self._left_at > LINGER
            if abandoned or self.is_stopped:
                self._thread, self._confirmed_at = None, -math.inf
        return abandoned or self.is_stopped

    def _listen(self, ear: wake.Ear) -> None:
        looked_at, heard = -math.inf, None
        while self._streams or time.monotonic() - self._left_at < LINGER:
            if heard is None or time.monotonic() - looked_at > LOOK:
                heard = _look(ear)
                self._confirmed_at = looked_at = time.monotonic()
            if heard:
                self._people_first()
            self._revisions.update(heard)
            waiting = self._wake()
            if self.is_stopped:
                return
            heard = ear.wait(TICK if waiting else LOOK / 4)

    def _wake(self) -> int:
        """Wake the next lot of those behind, the longest asleep first; return how many are left."""
        with self._lock:
            streams = list(self._streams)
        due = [s for s in streams if not s.rung and s.told != self.revision(s.site_id)]
        lot = 0 if self._is_crowded() else lot_of(len(streams))
        for stream in sorted(due, key=lambda stream: stream.rung_at)[:lot]:
            stream.ring()
        return max(0, len(due) - lot)


def lot_of(streams: int) -> int:
    """Return how many of so many open streams are woken in one TICK: all of a few, else a share of them."""
    if streams <= AT_ONCE:
        return AT_ONCE
    return math.ceil(streams * TICK / max(TICK, (streams - AT_ONCE) * STEP))


def _look(ear: wake.Ear) -> Mapping[str, int]:
    query = select(SiteHead.site_id, SiteHead.revision)
    return dict(ear.connection.execute(query).all())


_hubs: weakref.WeakSet[Hub] = weakref.WeakSet()


def _after_fork() -> None:
    for hub in list(_hubs):
        hub.start_anew()


os.register_at_fork(after_in_child=_after_fork)
