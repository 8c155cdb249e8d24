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
from triage.domain.errors import NotFound
from triage.domain.hours import Opening
from triage.models import Encounter, ReturnCall, ReturnVisit
from triage.models.encounters import sight
from triage.services import hours


@dataclass(frozen=True)
class Expected:
    """One return with the hours of its day: None where the clinic has come to be closed then."""

    row: ReturnVisit
    opening: Opening | None
    is_absent: bool

    @property
    def window(self) -> Opening | None:
        """Return from when until when the patient is expected, None on a day that is closed now."""
        if self.opening is None:
            return None
        return Opening(self.row.begins or self.opening.opens, self.row.ends or self.opening.closes)


@dataclass(frozen=True)
class Lists:
    """To call back first, then who is expected today, then on other days, then who has come today."""

    absent: list[Expected]
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
    standing = _with_hours(actor, session.scalars(_STANDING, sight(actor)).all())
    came = _with_hours(actor, session.scalars(_CAME, {**sight(actor), "day": day}).all())
    absent = [one for one in standing if one.is_absent]
    awaited = [one for one in standing if not one.is_absent]
    here = [one for one in awaited if one.row.return_on == day]
    return Lists(absent, here, [one for one in awaited if one.row.return_on != day], came)


def count(actor: Actor) -> tuple[int, int]:
    """Return how many are expected today, and how many have not come and are to be called back."""
    lists = look(actor)
    return len(lists.today), len(lists.absent)


def calls_of(row: ReturnVisit) -> Sequence[ReturnCall]:
    """Return the telephone calls about a return, the latest first."""
    query = select(ReturnCall).where(ReturnCall.return_id == row.id).options(joinedload(ReturnCall.staff))
    return session.scalars(query.order_by(ReturnCall.at.desc())).all()


def _with_hours(actor: Actor, rows: Sequence[ReturnVisit]) -> list[Expected]:
    if not rows:
        return []
    days = [row.return_on for row in rows]
    open_on = hours.openings(actor.site_id, min(days), max(days))
    local = clock.now().astimezone(ZoneInfo(actor.time_zone))
    return [_one(row, open_on[row.return_on], local.date(), local) for row in rows]


def _one(row: ReturnVisit, opening: Opening | None, today: date, local: Any) -> Expected:
    ends = row.ends or (opening.closes if opening else None)
    absent = row.status == comeback.EXPECTED and comeback.is_absent(row.return_on, ends, today, local.time())
    closed = row.status == comeback.EXPECTED and opening is None  # nobody can come: they have to hear of it
    return Expected(row, opening, absent or closed)
