"""Who is on duty, in which room, and the load each carries: how many patients, and the most urgent of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, NotFound
from triage.domain.leases import LAPSES_AFTER
from triage.models import LoginSession, Room, SignOn, Staff
from triage.services import duty, snapshots
from triage.services.audit import lock_site, record
from triage.services.lines import Line
from triage.services.rooms import get_offered

#: Whoever has not done anything for longer than this is away.
AWAY_AFTER = timedelta(minutes=60)


@dataclass(frozen=True)
class Member:
    """Somebody on duty, or with a patient and not signed on (``since`` None): where, when last seen, and the load."""

    staff_id: str
    name: str
    room_id: str | None
    room: str | None
    room_ja: str | None
    since: datetime | None
    seen_at: datetime | None
    is_away: bool
    patients: Sequence[Line]  # the most urgent first

    @property
    def most_urgent(self) -> Line | None:
        """Return the most urgent patient in this person's hands, None for no patient."""
        return self.patients[0] if self.patients else None


def on_duty(actor: Actor, away_after: timedelta = AWAY_AFTER) -> list[Member]:
    """Return who is on duty by room and name, then whoever has a patient without being signed on."""
    held, names = _held(actor)
    rows = _signed_on(actor)
    seen = _seen({row.staff_id for row in rows} | held.keys())
    members = [_member(row, held.pop(row.staff_id, []), seen, away_after) for row in rows]
    others = [
        Member(staff_id, names[staff_id], None, None, None, None, seen.get(staff_id), False, lines)
        for staff_id, lines in held.items()
    ]
    return members + sorted(others, key=lambda member: member.name)


def _held(actor: Actor) -> tuple[dict[str, list[Line]], dict[str, str]]:
    """Return by person who was taken and the emergencies answered for, the most urgent first; and the names."""
    held: dict[str, list[Line]] = {}
    names: dict[str, str] = {}
    for line in snapshots.of(actor, LAPSES_AFTER)[0].lines:
        for staff_id, name in {line.holder_id: line.holder, line.answerer_id: line.acknowledged_by}.items():
            if staff_id and name:
                held.setdefault(staff_id, []).append(line)
                names[staff_id] = name
    return held, names


def _signed_on(actor: Actor) -> Sequence[Any]:
    query = (
        select(SignOn.staff_id, Staff.name, SignOn.room_id, Room.name.label("room"), Room.name_ja, SignOn.since)
        .join(Staff, Staff.id == SignOn.staff_id)
        .outerjoin(Room, Room.id == SignOn.room_id)
        .where(SignOn.site_id == actor.site_id, SignOn.until.is_(None), Staff.deactivated_at.is_(None))
        .order_by(Room.name.is_(None), Room.name, Staff.name)
    )
    return session.execute(query).all()


def _seen(ids: set[str]) -> dict[str, datetime]:
    query = (
        select(LoginSession.staff_id, func.max(LoginSession.seen_at))
        .where(LoginSession.staff_id.in_(ids), LoginSession.ended_at.is_(None))
        .group_by(LoginSession.staff_id)
    )
    return dict(row for row in session.execute(query))


def _member(row: Any, lines: list[Line], seen: dict[str, datetime], away_after: timedelta) -> Member:
    last = seen.get(row.staff_id)
    away = last is None or clock.now() - last > away_after
    return Member(row.staff_id, row.name, row.room_id, row.room, row.name_ja, row.since, last, away, lines)


@verb
def sign_on(actor: Actor, room_id: str = "") -> None:
    """Go on duty in a room ("" for none), or move to another one; raises Refused for a room that is not offered."""
    lock_site(session(), actor.site_id)
    room = get_offered(actor, room_id) if room_id else None
    signed = duty.find_open(actor.staff_id)
    if signed is not None and (signed.room_id, signed.site_id) == (room.id if room else None, actor.site_id):
        return  # a second press
    if signed is not None:
        duty.end(actor, signed)
    session.add(
        SignOn(
            site_id=actor.site_id, staff_id=actor.staff_id, room_id=room.id if room else None, since=clock.now()
        )
    )  # fmt: skip
    session.flush()
    record(actor, "duty_began", room=room.id if room else None)


@verb
def sign_off(actor: Actor, staff_id: str = "") -> None:
    """Go off duty, or sign a colleague off as the lead; patients in hand stay in hand. Raises NotAllowed, Conflict."""
    lock_site(session(), actor.site_id)
    whose = staff_id or actor.staff_id
    if whose != actor.staff_id and not actor.may("claims:take_over"):
        raise NotAllowed("not_allowed")
    person = session.get(Staff, whose)
    if person is None or person.organisation_id != actor.organisation_id:
        raise NotFound("staff")
    signed = duty.find_open(whose)
    if signed is None or signed.site_id != actor.site_id:
        raise Conflict("not_on_duty")
    duty.end(actor, signed)
