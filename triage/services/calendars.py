"""Calendar feeds: one address a surgeon and site, given and revoked by the surgeon; only its hash is kept."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select, update

from triage import clock
from triage.db import aside, session, verb
from triage.domain.access import Actor
from triage.domain.errors import NotFound
from triage.models import Appointment, CalendarFeed, Grant, Site, Staff
from triage.services.audit import lock_site, record
from triage.services.organisations import today

#: What lies so far back or ahead stands in the calendar.
BACK, AHEAD = timedelta(days=30), timedelta(days=183)
#: When the calendar was last fetched is noted at most this often: programs fetch every few minutes.
_NOTED = timedelta(hours=1)


@dataclass(frozen=True)
class Shown:
    """What an address shows: whose appointments, where, and which."""

    staff: Staff
    site: Site
    appointments: Sequence[Appointment]


def find(actor: Actor) -> CalendarFeed | None:
    """Return the actor's feed at this site that is in use, or None."""
    return session.scalar(select(CalendarFeed).where(*_mine(actor)))


def _mine(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return (
        CalendarFeed.staff_id == actor.staff_id, CalendarFeed.site_id == actor.site_id,
        CalendarFeed.revoked_at.is_(None),
    )  # fmt: skip


@verb
def give(actor: Actor) -> str:
    """Make a new address and return its secret part, which is shown this once; the one before it is revoked."""
    lock_site(session(), actor.site_id)
    _revoke(actor)
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed(site_id=actor.site_id, staff_id=actor.staff_id, token_hash=_hash(token), created_at=clock.now())
    session.add(feed)
    session.flush()
    record(actor, "calendar_given", feed=feed.id)
    return token


@verb
def revoke(actor: Actor) -> None:
    """Let the address show nothing any more; raises NotFound where there is none."""
    lock_site(session(), actor.site_id)
    if not _revoke(actor):
        raise NotFound("calendar")


def _revoke(actor: Actor) -> bool:
    feed = find(actor)
    if feed is None:
        return False
    feed.revoked_at = clock.now()
    record(actor, "calendar_revoked", feed=feed.id)
    return True


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def read(token: str) -> Shown:
    """Return what an address shows; raises NotFound for one that is unknown or revoked, or whose surgeon has left."""
    feed = session.scalar(
        select(CalendarFeed).where(CalendarFeed.token_hash == _hash(token), CalendarFeed.revoked_at.is_(None))
    )
    if feed is None or not _works_here(feed):
        raise NotFound("calendar")
    at = clock.now()
    if feed.read_at is None or at - feed.read_at > _NOTED:
        with aside() as own:
            own.execute(update(CalendarFeed).where(CalendarFeed.id == feed.id).values(read_at=at))
    query = select(Appointment).where(
        Appointment.site_id == feed.site_id, Appointment.staff_id == feed.staff_id,
        Appointment.starts_at.between(at - BACK, at + AHEAD),
    )  # fmt: skip
    rows = session.scalars(query.order_by(Appointment.starts_at, Appointment.id)).all()
    return Shown(session.get_one(Staff, feed.staff_id), session.get_one(Site, feed.site_id), rows)


def _works_here(feed: CalendarFeed) -> bool:
    day = today(feed.site_id)
    query = select(Grant.id).join(Staff, Staff.id == Grant.staff_id).where(
        Grant.staff_id == feed.staff_id, Grant.site_id == feed.site_id, Grant.role == "surgeon",
        Grant.valid_from <= day, or_(Grant.valid_until.is_(None), Grant.valid_until > day),
        Staff.deactivated_at.is_(None),
    )  # fmt: skip
    return session.scalar(query.limit(1)) is not None
