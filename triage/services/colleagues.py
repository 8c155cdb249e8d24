"""Who is at work at this moment and may have a patient: for whoever hands one over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, or_, select, union

from triage import clock
from triage.db import session
from triage.domain.access import GRANTS, Actor
from triage.domain.lifecycle import IMAGING
from triage.models import Claim, Emergency, Grant, LoginSession, Staff

#: Whoever has not done anything for longer than this is not at work.
ACTIVE_WITHIN = timedelta(minutes=60)


@dataclass(frozen=True)
class Colleague:
    """Somebody at work: the roles of today, when they last did something, and how many patients they have."""

    staff_id: str
    name: str
    roles: tuple[str, ...]
    seen_at: datetime
    holds: int


def list_active(
    actor: Actor, stage: str, within: timedelta = ACTIVE_WITHIN, only: str | None = None
) -> list[Colleague]:
    """Return the others at the site who are signed in, did something of late and may have a patient there, by name."""
    seen = _seen(actor, within, only)
    if not seen:
        return []
    roles, holds = _roles(actor, seen, stage), _holds(actor, seen)
    names = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(roles), Staff.deactivated_at.is_(None)))
    found = [Colleague(i, name, tuple(roles[i]), seen[i], holds.get(i, 0)) for i, name in names]
    return sorted(found, key=lambda colleague: colleague.name)


def find_active(actor: Actor, stage: str, staff_id: str, within: timedelta = ACTIVE_WITHIN) -> Colleague | None:
    """Return this person if they are at work and may have a patient at this stage, or None."""
    return next(iter(list_active(actor, stage, within, staff_id)), None)


def _seen(actor: Actor, within: timedelta, only: str | None) -> dict[str, datetime]:
    query = select(LoginSession.staff_id, func.max(LoginSession.seen_at)).where(
        LoginSession.site_id == actor.site_id,
        LoginSession.ended_at.is_(None),
        LoginSession.seen_at > clock.now() - within,
        LoginSession.staff_id != actor.staff_id,
    )
    if only is not None:
        query = query.where(LoginSession.staff_id == only)
    return dict(row for row in session.execute(query.group_by(LoginSession.staff_id)))


def _roles(actor: Actor, ids: Iterable[str], stage: str) -> dict[str, list[str]]:
    needed = "claims:hold" if stage == IMAGING else "encounters:claim"  # a radiographer has those who are imaged
    able = [role for role, permissions in GRANTS.items() if needed in permissions]
    today = clock.now().astimezone(ZoneInfo(actor.time_zone)).date()
    query = select(Grant.staff_id, Grant.role).where(
        Grant.staff_id.in_(list(ids)), Grant.site_id == actor.site_id, Grant.role.in_(able),
        Grant.valid_from <= today, or_(Grant.valid_until.is_(None), Grant.valid_until > today),
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for staff_id, role in session.execute(query.order_by(Grant.role)):
        found.setdefault(staff_id, []).append(role)
    return found


def _holds(actor: Actor, ids: Iterable[str]) -> dict[str, int]:
    """Count the patients of each: who was taken, and the emergencies that the person answers for."""
    claims = select(Claim.staff_id, Claim.encounter_id).where(Claim.staff_id.in_(list(ids)))
    both = union(claims, answers_for(actor)).subquery()
    return dict(row for row in session.execute(select(both.c[0], func.count()).group_by(both.c[0])))


def answers_for(actor: Actor) -> Select[str | None, str]:
    """Return the query of who answers for which emergency that is open: staff id, encounter id."""
    query = select(Emergency.acknowledged_by, Emergency.encounter_id).where(Emergency.site_id == actor.site_id)
    return query.where(Emergency.closed_at.is_(None), Emergency.acknowledged_by.is_not(None))
