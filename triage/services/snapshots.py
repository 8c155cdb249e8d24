"""The board as it stands at a revision: loaded once in each process, in order, and shared by everybody who looks."""

import threading
from bisect import insort
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter, itemgetter

from sqlalchemy import Engine, bindparam, select

from triage import clock
from triage.db import apart, in_verb, read, read_one, session
from triage.domain.access import Actor
from triage.domain.leases import LAPSES_AFTER
from triage.models import Change, SiteHead
from triage.prepared import Prepared
from triage.services import awaited, notices
from triage.services.awaited import Awaited
from triage.services.lines import Line, load
from triage.services.notices import News
from triage.services.tally import NONE, Counts, Tally

#: Sites whose board each process keeps; a site's own is a few hundred kB.
SITES = 32
#: So many of the last changes are kept beside the rows; a screen that is further behind asks the database.
CHANGES = 200
#: Where more patients than this changed since, all rows are read anew.
FEW = 12


def named(ids: Iterable[str]) -> str:
    """Return rows as a screen names them: the elements' ids in their order."""
    return ",".join([f"e-{encounter_id}" for encounter_id in ids])


@dataclass(frozen=True)
class Snapshot:
    """The rows in order, what waits for somebody to act, the last changes, and what is to be told.

    The rows are at least as new as the revision. From ``until`` on time alone makes them look different.
    """

    revision: int
    at: datetime
    until: datetime
    lines: tuple[Line, ...]
    awaited: Awaited
    recent: Mapping[int, str]  # who changed, by the number of the change
    news: tuple[News, ...] = ()  # what somebody has to be told of
    counts: Counts = NONE

    @cached_property
    def by_id(self) -> dict[str, Line]:
        """Return the rows by the encounter's id."""
        return dict(zip(self.ids, self.lines, strict=True))

    @cached_property
    def ids(self) -> list[str]:
        """Return the ids of the rows, in order."""
        return [line.id for line in self.lines]

    @cached_property
    def known(self) -> str:
        """Return the rows as a screen that shows them all names them."""
        return named(self.ids)

    @cached_property
    def holders(self) -> Counter[str | None]:
        """Return how many patients each person has, emergencies answered for among them."""
        found = Counter(map(attrgetter("holder_id"), self.lines))
        found.update(line.answerer_id for line in self.emergencies if line.answerer_id not in (None, line.holder_id))
        return found

    @property
    def tally(self) -> Tally:
        """Return how many rows there are of what."""
        return self.counts.tally

    def fits(self, revision: int, now: datetime) -> bool:
        """Tell whether this is how the board stands at a revision and a moment."""
        return self.revision >= revision and self.at <= now < self.until

    @cached_property
    def emergencies(self) -> list[Line]:
        """Return the rows with an open alarm."""
        return [line for line in self.lines if line.is_emergency]

    @cached_property
    def to_look(self) -> list[tuple[datetime, Line]]:
        """Return who is to be looked at again, and when, the first due first."""
        found = [(line.reassess_at, line) for line in self.lines if line.reassess_at is not None]
        return sorted(found, key=itemgetter(0))

    @cached_property
    def idle(self) -> dict[str | None, list[Line]]:
        """Return the rows whose claim has lapsed, by who has the patient."""
        found: dict[str | None, list[Line]] = {}
        for line in self.lines:
            if line.is_idle:
                found.setdefault(line.holder_id, []).append(line)
        return found

    @cached_property
    def _turned(self) -> list[tuple[datetime, str]]:
        return [(line.turned_at, line.id) for line in self.lines if line.turned_at is not None]

    def turned_since(self, moment: datetime) -> set[str]:
        """Return which rows time alone has made look different."""
        return {encounter_id for at, encounter_id in self._turned if moment < at}

    def changed_since(self, revision: int) -> set[str] | None:
        """Return which encounters changed after a revision, None where that is too long ago to be kept here."""
        if revision < self.revision - CHANGES:
            return None
        return {self.recent[number] for number in range(revision + 1, self._newest + 1) if number in self.recent}

    @cached_property
    def _newest(self) -> int:
        return max(self.recent, default=0)


@dataclass
class _Shelf:
    """Where one site's snapshot lies; who finds it too old loads it while the others wait for that."""

    loading: threading.Lock
    kept: Snapshot | None = None


_shelves: OrderedDict[tuple[Engine, str, timedelta], _Shelf] = OrderedDict()
_ordering = threading.Lock()


def of(actor: Actor, lapses_after: timedelta = LAPSES_AFTER) -> tuple[Snapshot, int]:
    """Return the site's board and the revision that a screen which shows it may call its own.

    The revision is read first: a change that comes now is shown again, never lost. Nothing is seen by who may not.
    """
    revision, now = current_revision(actor), clock.now()
    if not actor.may("patients:open"):
        return Snapshot(revision, now, now, (), Awaited(), {}), revision
    if in_verb():  # what is not committed yet may never be
        return _anew(None, actor, lapses_after, revision, now), revision
    shelf = _shelf(actor, lapses_after)
    kept = shelf.kept
    if kept is None or not kept.fits(revision, now):
        with shelf.loading:
            kept, now = shelf.kept, clock.now()  # somebody may have loaded it while this one waited
            if kept is None or not kept.fits(revision, now):
                with apart():
                    shelf.kept = kept = _anew(kept, actor, lapses_after, revision, now)
    return kept, revision


def _shelf(actor: Actor, lapses_after: timedelta) -> _Shelf:
    key = (session.get_bind(), actor.site_id, lapses_after)
    with _ordering:
        shelf = _shelves.setdefault(key, _Shelf(threading.Lock()))  # type: ignore[arg-type]
        _shelves.move_to_end(key)  # type: ignore[arg-type]
        while len(_shelves) > SITES:
            _shelves.popitem(last=False)
    return shelf


def _anew(kept: Snapshot | None, actor: Actor, lapses_after: timedelta, revision: int, now: datetime) -> Snapshot:
    """Return the board; where only few patients changed within the minute, their rows alone are read.

    Those are judged at the kept board's moment: only rows judged at the same moment can be put in order.
    """
    if kept is not None and not kept.at <= now < kept.until:
        kept = None
    # Before the rows: what changes in between is read now and once more at the next look, never missed.
    changes, topics = _changes(actor, kept.revision if kept else revision - CHANGES)
    touched = set(changes.values())
    if kept is None or len(touched) > FEW:
        lines = in_order(load(actor, lapses_after, at=now))
        recent = {**kept.recent, **changes} if kept else changes
        return _snapshot(actor, revision, now, lines, Counts.of(lines), recent)
    return _amended(kept, actor, lapses_after, (revision, now), changes, topics)


def _amended(
    kept: Snapshot, actor: Actor, lapses_after: timedelta, present: tuple[int, datetime], changes: Mapping[int, str],
    topics: set[str],
) -> Snapshot:  # fmt: skip
    touched = set(changes.values())
    gone = [line for encounter_id in touched if (line := kept.by_id.get(encounter_id))]
    come = load(actor, lapses_after, touched, kept.at)
    lines = [line for line in kept.lines if line.id not in touched]
    for line in come:
        insort(lines, line, key=_key)
    waiting = kept.awaited if topics <= awaited.APART else None
    news = kept.news if topics <= notices.APART else None
    told = (kept.counts.brought_on(gone, come, lines), {**kept.recent, **changes}, waiting, news)
    snapshot = _snapshot(actor, present[0], kept.at, lines, *told)
    return snapshot if snapshot.fits(*present) else _anew(None, actor, lapses_after, *present)


def _snapshot(
    actor: Actor, revision: int, at: datetime, lines: Sequence[Line], counts: Counts, recent: Mapping[int, str],
    waiting: Awaited | None = None, news: tuple[News, ...] | None = None,
) -> Snapshot:  # fmt: skip
    until = min([line.turns_at for line in lines if line.turns_at is not None], default=_minute(at))
    if len(recent) > 2 * CHANGES:
        recent = {number: who for number, who in recent.items() if number > revision - CHANGES}
    waiting, news = waiting or awaited.load(actor), notices.untold(actor) if news is None else news
    return Snapshot(revision, at, min(until, _minute(at)), tuple(lines), waiting, recent, news, counts)


def _changes(actor: Actor, seen: int) -> tuple[Mapping[int, str], set[str]]:
    """Return what changed after a revision, and by which events."""
    rows = read(_CHANGES, site=actor.site_id, seen=seen)
    return {row.revision: row.encounter_id for row in rows}, {row.topic for row in rows}


_key = attrgetter("key")


def in_order(lines: Iterable[Line]) -> list[Line]:
    """Return the rows in the order in which people are seen."""
    return sorted(lines, key=_key)


def _minute(now: datetime) -> datetime:
    """Return the end of the minute: at least so often the rows are read anew, whatever was not noted as a change."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


_HEAD = Prepared(select(SiteHead.revision).where(SiteHead.site_id == bindparam("site")))
_CHANGES = Prepared(
    select(Change.revision, Change.encounter_id, Change.topic).where(
        Change.site_id == bindparam("site"), Change.revision > bindparam("seen")
    )
)


def current_revision(actor: Actor) -> int:
    """Return the number of the site's last change; this transaction may know it already from the session's query."""
    known = session.info.get("revision", {}).get(actor.site_id)
    return known if known is not None else read_one(_HEAD, site=actor.site_id) or 0
