"""Who is at work at this moment and may have a patient: for whoever hands one over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from triage import clock
from triage.db import session
from triage.domain.access import GRANTS, Actor
from triage.domain.lifecycle import IMAGING
from triage.models import Claim, Grant, LoginSession, Staff

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
    roles, holds = _roles(actor, seen, stage), _holds(seen)
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


def _holds(ids: Iterable[str]) -> dict[str, int]:
    query = select(Claim.staff_id, func.count()).where(Claim.staff_id.in_(list(ids))).group_by(Claim.staff_id)
    return dict(row for row in session.execute(query))
