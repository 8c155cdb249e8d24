"""What stands around a row of the board, in one query: who has the page open, and what may still be undone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, literal, select, union_all

from triage.db import read
from triage.domain.access import Actor
from triage.domain.gate import RECALL_LIMIT
from triage.domain.leases import UNDOABLE
from triage.models import ClaimStep, Encounter, Presence, Staff
from triage.prepared import Prepared
from triage.services.presence import GONE_AFTER, SWEPT_AFTER, Visitor


@dataclass(frozen=True, slots=True)
class Undo:
    """The last act upon a claim, while who did it may take it back."""

    step_id: str
    by: str


@dataclass(frozen=True, slots=True)
class Around:
    """Who has the page open, what may be undone, and the moments at which that changes by time alone."""

    visitors: tuple[Visitor, ...] = ()
    undo: Undo | None = None
    turns: tuple[datetime, ...] = ()

    def values(self, line: Any, at: datetime) -> dict[str, Any]:
        """Return what of a row of the board is different by this."""
        past = [turn for turn in (line.turned_at, *self.turns) if turn is not None and turn <= at]
        ahead = [turn for turn in (line.turns_at, *self.turns) if turn is not None and turn > at]
        turns = {"turned_at": max(past, default=None), "turns_at": min(ahead, default=None)}
        return {"visitors": self.visitors, "undo": self.undo, **turns}


def around(actor: Actor, at: datetime, only: Collection[str] | None = None) -> dict[str, Around]:
    """Return what stands around the site's rows (or ``only`` those with these ids), by encounter."""
    query, asked = (_ALL, {}) if only is None else (_ONLY, {"only": list(only)})
    since = {"opened": at - SWEPT_AFTER, "acted": at - 2 * RECALL_LIMIT}
    found: dict[str, list[Any]] = {}
    for row in read(query, site=actor.site_id, **since, **asked):
        found.setdefault(row.encounter_id, []).append(row)
    return {encounter_id: _of(rows, at) for encounter_id, rows in found.items()}


def dress(actor: Actor, lines: dict[str, Any], at: datetime, only: Collection[str] | None = None) -> list[Any]:
    """Return the rows of the board with what stands around each."""
    for encounter_id, found in around(actor, at, only).items():
        if encounter_id in lines:
            lines[encounter_id] = replace(lines[encounter_id], **found.values(lines[encounter_id], at))
    return list(lines.values())


def _query(only: bool) -> Any:
    here = (
        select(
            Presence.encounter_id, Presence.staff_id, Staff.name.label("what"), Presence.since.label("at"),
            Presence.seen_at.label("ends"), literal("").label("step_id"), literal(0).label("number"),
        )
        .join(Staff, Staff.id == Presence.staff_id)
        .join(Encounter, Encounter.id == Presence.encounter_id)
        .where(Encounter.site_id == bindparam("site"), Presence.seen_at > bindparam("opened"))
    )  # fmt: skip
    steps = select(
        ClaimStep.encounter_id, ClaimStep.staff_id, ClaimStep.act.label("what"), ClaimStep.at,
        ClaimStep.at.label("ends"), ClaimStep.id.label("step_id"), ClaimStep.number,
    ).where(ClaimStep.site_id == bindparam("site"), ClaimStep.at > bindparam("acted"))  # fmt: skip
    if only:
        asked: BindParameter[Any] = bindparam("only", expanding=True)
        here, steps = here.where(Presence.encounter_id.in_(asked)), steps.where(ClaimStep.encounter_id.in_(asked))
    return union_all(here, steps).order_by("number", "at")


#: Built once: to build such a query costs more than to answer it.
_ALL, _ONLY = Prepared(_query(only=False)), Prepared(_query(only=True))


def _of(rows: Iterable[Any], at: datetime) -> Around:
    visits = [row for row in rows if not row.number]
    last = next((row for row in reversed(list(rows)) if row.number), None)
    turns = [_ends(row, GONE_AFTER) for row in visits]
    undo = None
    if last is not None and last.what in UNDOABLE:
        turns.append(_ends(last, RECALL_LIMIT))
        undo = Undo(last.step_id, last.staff_id) if turns[-1] > at else None
    open_now = [Visitor(row.staff_id, row.what, row.at) for row in visits if _ends(row, GONE_AFTER) > at]
    return Around(tuple(open_now), undo, tuple(turns))


def _ends(row: Any, after: timedelta) -> datetime:
    moment: datetime = row.ends + after
    return moment
