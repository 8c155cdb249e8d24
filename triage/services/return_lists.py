"""Who is expected back, who has not come and is to be called, and who has come today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session
from triage.domain import comeback
from triage.domain.access import Actor
from triage.domain.comeback import Day
from triage.domain.errors import NotFound
from triage.domain.hours import Opening
from triage.models import Encounter, ReturnCall, ReturnVisit
from triage.models.encounters import sight
from triage.services import hours
from triage.services.audit import record_read


@dataclass(frozen=True)
class Expected:
    """One return, the hours of its day, where it stands on the lists ("" where it has ended), and the calls so far.

    ``opening``: None where the clinic has come to be closed on that day.
    """

    row: ReturnVisit
    opening: Opening | None
    place: str
    calls: Sequence[ReturnCall] = ()

    @property
    def is_over(self) -> bool:
        """Tell whether the patient has to be called: did not come, or would stand before a closed door."""
        return self.place in (comeback.ABSENT, comeback.TO_MOVE)

    @property
    def window(self) -> Opening | None:
        """Return from when until when the patient is expected, None where the clinic is closed then by now."""
        return _day(self.row).within(self.opening) if self.opening else None


@dataclass(frozen=True)
class Lists:
    """To call back first, then whose day is closed by now, who is expected today and later, and who has come today."""

    absent: list[Expected]
    to_move: list[Expected]
    today: list[Expected]
    later: list[Expected]
    came: list[Expected]


_WHOLE: Any = (
    select(ReturnVisit)
    .where(ReturnVisit.in_sight())
    .options(joinedload(ReturnVisit.patient), joinedload(ReturnVisit.asker))
    .execution_options(populate_existing=True)
)
_STANDING = _WHOLE.where(ReturnVisit.status == comeback.EXPECTED).order_by(ReturnVisit.return_on, ReturnVisit.begins)
_WINDOWS = select(ReturnVisit.return_on, ReturnVisit.begins, ReturnVisit.ends).where(
    ReturnVisit.in_sight(), ReturnVisit.status == comeback.EXPECTED
)
_CAME = (
    _WHOLE.join(Encounter, Encounter.id == ReturnVisit.came_id)
    .where(Encounter.site_id == bindparam("sight"), Encounter.ticket_date == bindparam("day"))
    .order_by(Encounter.arrived_at)
)


def find(actor: Actor, return_id: str) -> ReturnVisit:
    """Return the return with its patient and visit, if the actor may see it; raises NotFound."""
    found: ReturnVisit | None = session.scalar(_WHOLE.where(ReturnVisit.id == return_id), sight(actor))
    if found is None:
        raise NotFound("return")
    return found


def find_expected(actor: Actor, return_id: str) -> Expected:
    """Return one return with the hours of its day; raises NotFound."""
    return _with_hours(actor, [find(actor, return_id)])[0]


def of_visit(actor: Actor, encounter: Encounter) -> ReturnVisit | None:
    """Return the return that this visit ended with, or that it is; None where there is neither."""
    either = (ReturnVisit.encounter_id == encounter.id) | (ReturnVisit.came_id == encounter.id)
    query = _WHOLE.where(either, ReturnVisit.status != comeback.UNDONE).order_by(ReturnVisit.at.desc()).limit(1)
    found: ReturnVisit | None = session.scalars(query, sight(actor)).first()
    return found


def look(actor: Actor) -> Lists:
    """Return everybody who is expected back, whatever the day, and who has come today."""
    day = clock.now().astimezone(ZoneInfo(actor.time_zone)).date()
    standing = session.scalars(_STANDING, sight(actor)).all()
    came = session.scalars(_CAME, {**sight(actor), "day": day}).all()
    found = _with_hours(actor, [*standing, *came])
    places = {name: [one for one in found if one.place == name] for name in comeback.PLACES}
    return Lists(**places, came=found[len(standing) :])


def print_(actor: Actor) -> Lists:
    """Return the same for paper, and record that the actor printed who is expected and who is to be called."""
    lists = look(actor)
    shown = [*lists.absent, *lists.to_move, *lists.today, *lists.later]
    record_read(actor, "returns_printed", encounters=[one.row.encounter_id for one in shown])
    return lists


def count(actor: Actor) -> tuple[int, int]:
    """Return how many are expected today, and how many are to be called: absent, or their day is closed by now."""
    rows = session.execute(_WINDOWS, sight(actor)).all()
    places = _places(actor, rows, _hours(actor, rows))
    return places.count(comeback.TODAY), places.count(comeback.ABSENT) + places.count(comeback.TO_MOVE)


def _with_hours(actor: Actor, rows: Sequence[ReturnVisit]) -> list[Expected]:
    open_on, calls = _hours(actor, rows), _calls(rows)
    places = _places(actor, rows, open_on)
    return [
        Expected(row, open_on[row.return_on], place if row.status == comeback.EXPECTED else "", calls[row.id])
        for row, place in zip(rows, places, strict=True)
    ]


def _hours(actor: Actor, rows: Sequence[Any]) -> dict[date, Opening | None]:
    days = [row.return_on for row in rows]
    return hours.openings(actor.site_id, min(days), max(days)) if days else {}


def _places(actor: Actor, rows: Sequence[Any], open_on: dict[date, Opening | None]) -> list[str]:
    local = clock.now().astimezone(ZoneInfo(actor.time_zone))
    return [comeback.place(_day(row), open_on[row.return_on], local.date(), local.time()) for row in rows]


def _day(row: Any) -> Day:
    return Day(row.return_on, row.begins, row.ends)


def _calls(rows: Sequence[ReturnVisit]) -> dict[str, list[ReturnCall]]:
    """Return the telephone calls about each return, the latest first; asks only where there were any."""
    found: dict[str, list[ReturnCall]] = {row.id: [] for row in rows}
    called = [row.id for row in rows if row.attempts]
    if called:
        query = select(ReturnCall).where(ReturnCall.return_id.in_(called)).options(joinedload(ReturnCall.staff))
        for call in session.scalars(query.order_by(ReturnCall.at.desc(), ReturnCall.id)):
            found[call.return_id].append(call)
    return found
