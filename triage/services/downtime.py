"""What the clinic works from on paper when the system is away: the board as of a moment, and a slip for everybody."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import aside, session
from triage.domain import lifecycle
from triage.domain.access import PRINTER, Actor
from triage.domain.errors import Refused
from triage.models import Claim, Emergency, Encounter, ImagingOrder, PaperCopy, Site, Task
from triage.services import board
from triage.services.audit import record_read

#: What was printed, as the audit trail names it.
SNAPSHOT, TIMER, SLIPS = "snapshot", "snapshot on the timer", "slips"


@dataclass(frozen=True)
class Row:
    """One patient on paper: all that the board's row says, and what the row leads to."""

    encounter: Encounter
    line: board.Line
    emergency: Emergency | None
    orders: Sequence[ImagingOrder]
    tasks: Sequence[Task]


@dataclass(frozen=True)
class Snapshot:
    """The board as it stood at a moment, in its order."""

    at: datetime
    rows: Sequence[Row]


def snapshot(actor: Actor, what: str = SNAPSHOT) -> Snapshot:
    """Return every open patient in the board's order, with all that is needed without a screen; it is recorded."""
    at, shown = clock.now(), board.look(actor, board.Filters())
    record_read(actor, "board_printed", what=what, encounters=shown.ids)
    found = {row.id: row for row in session.scalars(_open(actor))}
    alarms = {row.encounter_id: row for row in session.scalars(_of(Emergency, found, Emergency.closed_at.is_(None)))}
    orders = _grouped(session.scalars(_of(ImagingOrder, found, ImagingOrder.status.in_(lifecycle.IMAGING_OPEN))))
    tasks = _grouped(session.scalars(_of(Task, found, Task.done_at.is_(None)).order_by(Task.due_at)))
    rows = [
        Row(found[i], line, alarms.get(i), orders[i], tasks[i])
        for i, line in zip(shown.ids, shown.shown, strict=True)
        if i in found
    ]
    return Snapshot(at, rows)


def slips(actor: Actor) -> Sequence[Encounter]:
    """Return every open visit, for its slip, in the order of the tickets; printing is recorded."""
    # Sorted here: in their order the database would read every ticket there ever was.
    rows = sorted(session.scalars(_open(actor)), key=lambda row: (row.ticket_date, row.ticket))
    record_read(actor, "board_printed", what=SLIPS, encounters=[row.id for row in rows])
    return rows


@dataclass(frozen=True)
class Copy:
    """The last file of the timer (``at`` None: there is none yet), and whether a further one is overdue."""

    at: datetime | None
    is_old: bool


def last_copy(actor: Actor, minutes: int) -> Copy | None:
    """Return how old the paper is, None where no timer is set up; twice its interval without a file is too old."""
    if not minutes:
        return None
    row = session.get(PaperCopy, actor.site_id)
    at = row.at if row else None
    return Copy(at, at is None or clock.now() - at > timedelta(minutes=2 * minutes))


def note_copy(actor: Actor, at: datetime) -> None:
    """Note that a file of the board as of ``at`` is safely on the disk."""
    with aside() as own:
        row = own.get(PaperCopy, actor.site_id)
        if row is None:
            own.add(PaperCopy(site_id=actor.site_id, at=at))
        else:
            row.at = max(at, row.at)


def printers(code: str | None = None) -> list[tuple[str, Actor]]:
    """Return code and actor of the timer for every site, or for one; raises Refused where there is none."""
    query = select(Site).order_by(Site.code)
    sites = session.scalars(query.where(Site.code == code) if code else query).all()
    if not sites:
        raise Refused("no_site")
    may = frozenset({PRINTER})
    return [(s.code, Actor("", "Timer", s.organisation_id, s.id, s.name, s.time_zone, may, s.name_ja)) for s in sites]


def _open(actor: Actor) -> Select[Encounter]:
    people = (joinedload(Encounter.patient), joinedload(Encounter.claim).joinedload(Claim.staff))
    return select(Encounter).where(Encounter.visible_to(actor), Encounter.finished_at.is_(None)).options(*people)


def _of(table: Any, visits: Iterable[str], condition: Any) -> Any:
    query = select(table).where(table.encounter_id.in_(list(visits)), condition)
    return query.options(joinedload(Emergency.acknowledger)) if table is Emergency else query


def _grouped(rows: Iterable[Any]) -> defaultdict[str, list[Any]]:
    found = defaultdict[str, list[Any]](list)
    for row in rows:
        found[row.encounter_id].append(row)
    return found
