"""Who is on duty, inside other use cases: an open sign-on found, and ended with the session or the day."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select

from triage import clock
from triage.db import session
from triage.domain.access import Actor
from triage.models import LoginSession, SignOn
from triage.services.audit import record


def find_open(staff_id: str) -> SignOn | None:
    """Return the person's open sign-on, or None."""
    return session.scalar(select(SignOn).where(SignOn.staff_id == staff_id, SignOn.until.is_(None)))


def end(actor: Actor, signed: SignOn) -> None:
    """End a sign-on inside a verb."""
    signed.until, signed.ended_by = clock.now(), actor.staff_id or None
    session.flush()  # one open at most: this one ends before another begins
    record(actor, "duty_ended", whose=signed.staff_id, room=signed.room_id)


def end_with_session(actor: Actor) -> None:
    """End the actor's sign-on inside the verb that ends a session, unless they are signed in elsewhere still."""
    signed = find_open(actor.staff_id)
    others = select(LoginSession.token_hash).where(
        LoginSession.staff_id == actor.staff_id, LoginSession.ended_at.is_(None)
    )
    if signed is not None and session.scalar(others.limit(1)) is None:
        end(actor, signed)


def end_of_earlier_days(actor: Actor) -> None:
    """End inside a verb what was left open on an earlier day: nobody is on duty since yesterday by oversight."""
    signed = find_open(actor.staff_id)
    if signed is not None and signed.since < midnight(actor):
        end(actor, signed)


def midnight(actor: Actor) -> datetime:
    """Return when the site's day began."""
    zone = ZoneInfo(actor.time_zone)
    return datetime.combine(clock.now().astimezone(zone).date(), time(), zone)


def room_of(actor: Actor) -> str | None:
    """Return the id of the room in which the actor is on duty, or None."""
    query = select(SignOn.room_id).where(SignOn.staff_id == actor.staff_id, SignOn.until.is_(None))
    return session.scalar(query.where(SignOn.site_id == actor.site_id))
