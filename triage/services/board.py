"""The queue board: who is here, in which order, since when."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import select

from triage.db import session
from triage.domain.access import Actor
from triage.domain.calling import NO_ANSWER
from triage.domain.leases import LAPSES_AFTER
from triage.models import Change, SiteHead
from triage.services.claims import claim, release
from triage.services.lines import Line, load

__all__ = [
    "LAPSES_AFTER", "Board", "Filters", "Line", "Seen", "changed_since", "claim", "current_revision", "find_line",
    "look", "release",
]  # fmt: skip


@dataclass(frozen=True)
class Filters:
    """Which rows are shown; everything empty shows all. Level "0" is: not triaged."""

    level: str = ""
    stage: str = ""
    mine: bool = False
    over: bool = False
    room: str = ""
    missing: bool = False
    look: bool = False
    carried: bool = False

    def admits(self, line: Line, staff_id: str) -> bool:
        """Tell whether a row is shown."""
        level = "0" if line.acuity is None else str(line.acuity)
        return (
            self.level in ("", level)
            and self.stage in ("", line.stage)
            and (not self.mine or line.holder_id == staff_id)
            and (not self.over or line.is_over)
            and self.room in ("", line.room_id)
            and (not self.missing or line.call_state == NO_ANSWER)
            and (not self.look or line.must_look)
            and (not self.carried or line.is_carried)
        )

    def query(self, **changes: str | bool) -> dict[str, str]:
        """Return these filters, some of them changed, as they stand in an address."""
        new = replace(self, **changes)  # type: ignore[arg-type]
        asked = {"level": new.level, "stage": new.stage, "mine": "1" * new.mine, "over": "1" * new.over}
        asked |= {"room": new.room, "missing": "1" * new.missing, "look": "1" * new.look}
        asked |= {"carried": "1" * new.carried}
        if new.level == "0":
            asked |= {"level": "", "untriaged": "1"}
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True)
class Seen:
    """What a screen shows already: the revision it stands for, and a moment at or before it was made."""

    revision: int
    at: datetime


@dataclass(frozen=True)
class Board:
    """All rows of the site in order, those shown, the revision they stand for, and which rows look different now."""

    lines: list[Line]
    shown: list[Line]
    revision: int
    changed: set[str] = field(default_factory=set)

    @cached_property
    def ids(self) -> list[str]:
        """Return the ids of the rows shown, in order."""
        return [line.id for line in self.shown]

    @cached_property
    def rooms(self) -> list[tuple[str, str, str]]:
        """Return the rooms in which somebody is or to which somebody is called: id, name, Japanese name."""
        found = {(line.room_id, line.room or "", line.room_ja or "") for line in self.lines if line.room_id}
        return sorted(found, key=lambda room: room[1])

    @cached_property
    def longest(self) -> int:
        """Return the longest wait of all who are here, in minutes."""
        return max((line.minutes for line in self.lines), default=0)

    @cached_property
    def average(self) -> int:
        """Return the average wait of all who are here now, in whole minutes; who has left does not count."""
        return sum(line.minutes for line in self.lines) // max(1, len(self.lines))

    def count(self, fits: Callable[[Line], bool]) -> int:
        """Return how many of all rows fit."""
        return sum(1 for line in self.lines if fits(line))


def look(actor: Actor, filters: Filters, seen: Seen | None = None, lapses_after: timedelta = LAPSES_AFTER) -> Board:
    """Return the site's board, and which rows look different than on the screen that ``seen`` describes."""
    revision = current_revision(actor)  # read first: a change that comes now is shown again, never lost
    lines = sorted(load(actor, lapses_after), key=lambda line: line.key)
    shown = [line for line in lines if filters.admits(line, actor.staff_id)]
    return Board(lines, shown, revision, _changed(actor, seen, lines))


def _changed(actor: Actor, seen: Seen | None, lines: list[Line]) -> set[str]:
    if seen is None:
        return {line.id for line in lines}
    by_time = {line.id for line in lines if line.turned_since(seen.at)}
    return by_time | changed_since(actor, seen.revision)


def find_line(actor: Actor, encounter_id: str, lapses_after: timedelta = LAPSES_AFTER) -> Line | None:
    """Return one encounter as a row of the board, or None when it is no longer there."""
    return next(iter(load(actor, lapses_after, encounter_id)), None)


def current_revision(actor: Actor) -> int:
    """Return the number of the site's last change."""
    return session.scalar(select(SiteHead.revision).where(SiteHead.site_id == actor.site_id)) or 0


def changed_since(actor: Actor, seen: int) -> set[str]:
    """Return the ids of the encounters that changed after a revision."""
    query = select(Change.encounter_id).where(Change.site_id == actor.site_id, Change.revision > seen).distinct()
    return set(session.scalars(query))
