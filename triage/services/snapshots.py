"""The board as it stands at a revision: loaded once in each process, in order, and shared by everybody who looks."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import Engine, bindparam, select

from triage import clock
from triage.db import in_verb, read, read_one, session
from triage.domain.access import Actor
from triage.domain.calling import NO_ANSWER
from triage.domain.leases import LAPSES_AFTER
from triage.models import Change, SiteHead
from triage.prepared import Prepared
from triage.services import awaited, notices
from triage.services.awaited import Awaited
from triage.services.lines import Line, load
from triage.services.notices import News

#: Sites whose board each process keeps; a site's own is a few hundred kB.
SITES = 32
#: So many of the last changes are kept beside the rows; a screen that is further behind asks the database.
CHANGES = 200
#: Where more patients than this changed since, all rows are read anew.
FEW = 12


@dataclass(frozen=True)
class Tally:
    """How many rows there are of what: what the counts and the filters of the board say."""

    here: int
    emergencies: int
    over: int
    missing: int
    look: int
    carried: int  # came on an earlier day
    longest: int  # wait, in minutes
    average: int  # wait of who is here now; who has left does not count
    levels: tuple[tuple[int | None, int], ...]
    stages: tuple[tuple[str, int], ...]
    rooms: tuple[tuple[str, str, str, int], ...]  # id, name, Japanese name

    def level(self, level: int | None) -> int:
        """Return how many stand at a level, None: are not triaged."""
        return dict(self.levels).get(level, 0)

    def stage(self, stage: str) -> int:
        """Return how many are at a stage."""
        return dict(self.stages).get(stage, 0)


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
    recent: tuple[tuple[int, str], ...]
    news: tuple[News, ...] = ()  # what somebody has to be told of

    @cached_property
    def by_id(self) -> dict[str, Line]:
        """Return the rows by the encounter's id."""
        return {line.id: line for line in self.lines}

    @cached_property
    def holders(self) -> Counter[str | None]:
        """Return how many patients each person has."""
        return Counter(line.holder_id for line in self.lines)

    @cached_property
    def tally(self) -> Tally:
        """Count the rows."""
        return _tally(self.lines)

    def fits(self, revision: int, now: datetime) -> bool:
        """Tell whether this is how the board stands at a revision and a moment."""
        return self.revision >= revision and self.at <= now < self.until

    def changed_since(self, revision: int) -> set[str] | None:
        """Return which encounters changed after a revision, None where that is too long ago to be kept here."""
        if revision < self.revision - CHANGES:
            return None
        return {encounter_id for number, encounter_id in self.recent if number > revision}


def _tally(lines: Sequence[Line]) -> Tally:
    rooms = Counter([(line.room_id, line.room or "", line.room_ja or "") for line in lines if line.room_id])
    waits = [line.minutes for line in lines]
    return Tally(
        here=len(lines),
        emergencies=sum([line.is_emergency for line in lines]),
        over=sum([line.is_over for line in lines]),
        missing=sum([line.call_state == NO_ANSWER for line in lines]),
        look=sum([line.must_look for line in lines]),
        carried=sum([line.is_carried for line in lines]),
        longest=max(waits, default=0),
        average=sum(waits) // max(1, len(lines)),
        levels=tuple(Counter([line.acuity for line in lines]).items()),
        stages=tuple(Counter([line.stage for line in lines]).items()),
        rooms=tuple(
            (id_ or "", name, name_ja, rows) for (id_, name, name_ja), rows in sorted(rooms.items(), key=_name)
        ),
    )


def _name(room: tuple[tuple[str | None, str, str], int]) -> str:
    return room[0][1]


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
        return Snapshot(revision, now, now, (), Awaited(), ()), revision
    if in_verb():  # what is not committed yet may never be
        return _anew(None, actor, lapses_after, revision, now), revision
    shelf = _shelf(actor, lapses_after)
    kept = shelf.kept
    if kept is None or not kept.fits(revision, now):
        with shelf.loading:
            kept, now = shelf.kept, clock.now()  # somebody may have loaded it while this one waited
            if kept is None or not kept.fits(revision, now):
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
    touched = {encounter_id for _number, encounter_id in changes}
    recent = (*kept.recent, *changes) if kept else changes
    if kept is None or len(touched) > FEW:
        return _snapshot(actor, revision, now, load(actor, lapses_after, at=now), recent)
    others = (line for line in kept.lines if line.id not in touched)
    lines = [*others, *load(actor, lapses_after, touched, kept.at)]
    snapshot = _snapshot(actor, revision, kept.at, lines, recent, kept.awaited if topics <= awaited.APART else None)
    return snapshot if snapshot.fits(revision, now) else _anew(None, actor, lapses_after, revision, now)


def _snapshot(
    actor: Actor, revision: int, at: datetime, lines: Iterable[Line], recent: Iterable[tuple[int, str]],
    waiting: Awaited | None = None,
) -> Snapshot:  # fmt: skip
    ordered = tuple(in_order(lines))
    until = min((line.turns_at for line in ordered if line.turns_at is not None), default=_minute(at))
    newest = tuple(change for change in dict.fromkeys(recent) if change[0] > revision - CHANGES)
    told = (waiting or awaited.load(actor), newest, notices.untold(actor))
    return Snapshot(revision, at, min(until, _minute(at)), ordered, *told)


def _changes(actor: Actor, seen: int) -> tuple[tuple[tuple[int, str], ...], set[str]]:
    """Return what changed after a revision, and by which events."""
    rows = read(_CHANGES, site=actor.site_id, seen=seen)
    return tuple((row.revision, row.encounter_id) for row in rows), {row.topic for row in rows}


def in_order(lines: Iterable[Line]) -> list[Line]:
    """Return the rows in the order in which people are seen."""
    return sorted(lines, key=lambda line: line.key)


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
