"""The queue board: who is here, in which order, since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import select

from triage.db import session
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.domain.calling import NO_ANSWER
from triage.domain.leases import LAPSES_AFTER
from triage.models import Change
from triage.services import snapshots
from triage.services.lines import Line, load
from triage.services.snapshots import Snapshot, current_revision
from triage.services.tally import Counts, Tally

__all__ = [
    "LAPSES_AFTER", "Board", "Filters", "Line", "Seen", "changed_since", "current_revision", "find_line", "look",
    "offered",
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
            and (not self.mine or staff_id in (line.holder_id, line.answerer_id))
            and (not self.over or line.is_over)
            and self.room in ("", line.room_id)
            and (not self.missing or line.call_state == NO_ANSWER)
            and (not self.look or line.must_look)
            and (not self.carried or line.is_carried)
        )

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> "Filters":
        """Return the filters that stand in an address; what is no filter counts as none."""
        level = "0" if asked.get("untriaged") == "1" else asked.get("level", "")
        stage, room = asked.get("stage", ""), asked.get("room", "")
        flags = {name: asked.get(name) == "1" for name in ("mine", "over", "missing", "look", "carried")}
        return cls(
            level=level if level in (*"12345", "0") else "", stage=stage if stage in lifecycle.OPEN else "",
            room=room if room.isalnum() and room.isascii() else "", **flags,
        )  # fmt: skip

    def query(self, **changes: str | bool) -> dict[str, str]:
        """Return these filters, some of them changed, as they stand in an address."""
        new = replace(self, **changes)  # type: ignore[arg-type]
        asked = {"level": new.level, "stage": new.stage, "mine": "1" * new.mine, "over": "1" * new.over}
        asked |= {"room": new.room, "missing": "1" * new.missing, "look": "1" * new.look}
        asked |= {"carried": "1" * new.carried}
        if new.level == "0":
            asked |= {"level": "", "untriaged": "1"}
        return {name: value for name, value in asked.items() if value}


EVERYTHING = Filters()


@dataclass(frozen=True)
class Seen:
    """What a screen shows already: the revision it stands for, and a moment at or before it was made."""

    revision: int
    at: datetime


@dataclass(frozen=True)
class Board:
    """All rows of the site in order, those shown, the revision they stand for, and which rows look different now."""

    snapshot: Snapshot
    shown: Sequence[Line]
    revision: int
    mine: int
    changed: set[str] = field(default_factory=set)

    @property
    def lines(self) -> Sequence[Line]:
        """Return all rows, in order."""
        return self.snapshot.lines

    @property
    def tally(self) -> Tally:
        """Return how many rows there are of what."""
        return self.snapshot.tally

    @cached_property
    def ids(self) -> list[str]:
        """Return the ids of the rows shown, in order."""
        return self.snapshot.ids if self.shown is self.lines else [line.id for line in self.shown]

    def on_screen(self, known: str) -> list[str]:
        """Return the ids that a screen named as the elements of its rows, in its order: the board's own where equal."""
        if known == (self.snapshot.known if self.shown is self.lines else snapshots.named(self.ids)):
            return self.ids
        return [row.removeprefix("e-") for row in known.split(",") if row.isprintable() and row]


def look(actor: Actor, filters: Filters, seen: Seen | None = None, lapses_after: timedelta = LAPSES_AFTER) -> Board:
    """Return the site's board, and which rows look different than on the screen that ``seen`` describes."""
    snapshot, revision = snapshots.of(actor, lapses_after)
    shown: Sequence[Line] = snapshot.lines
    if filters != EVERYTHING:
        shown = [line for line in shown if filters.admits(line, actor.staff_id)]
    changed = _changed(actor, seen, snapshot)
    return Board(snapshot, shown, revision, snapshot.holders[actor.staff_id], changed)


def offered(actor: Actor, state: Board, filters: Filters) -> tuple[Tally, int]:
    """Return how many rows each filter would show together with the others that are set, and how many "mine" would."""
    if filters == EVERYTHING:
        return state.tally, state.mine

    def left(**changes: str | bool) -> Tally:
        wanted = replace(filters, **changes)  # type: ignore[arg-type]
        return Counts.of([line for line in state.lines if wanted.admits(line, actor.staff_id)]).tally

    flags = {name: left(**{name: True}).here for name in ("over", "missing", "look", "carried")}
    levels, stages, rooms = left(level="").levels, left(stage="").stages, left(room="").rooms
    return replace(state.tally, levels=levels, stages=stages, rooms=rooms, **flags), left(mine=True).here


def _changed(actor: Actor, seen: Seen | None, snapshot: Snapshot) -> set[str]:
    if seen is None:
        return set(snapshot.by_id)
    by_time = snapshot.turned_since(seen.at)
    noted = snapshot.changed_since(seen.revision)
    return by_time | (changed_since(actor, seen.revision) if noted is None else noted)


def find_line(actor: Actor, encounter_id: str, lapses_after: timedelta = LAPSES_AFTER) -> Line | None:
    """Return one encounter as a row of the board, or None when it is no longer there."""
    return next(iter(load(actor, lapses_after, [encounter_id])), None)


def changed_since(actor: Actor, seen: int) -> set[str]:
    """Return the ids of the encounters that changed after a revision."""
    query = select(Change.encounter_id).where(Change.site_id == actor.site_id, Change.revision > seen).distinct()
    return set(session.scalars(query))
