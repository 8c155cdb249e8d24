"""Signing in and out, sessions, and who an actor is."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import apart, aside, read, session, verb
from triage.domain.access import Actor
from triage.domain.errors import NotFound, Refused
from triage.models import Grant, LoginAttempt, LoginSession, Site, SiteHead, Staff
from triage.prepared import Prepared
from triage.services import duty
from triage.services.audit import record, record_read

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_DUMMY = _hasher.hash(secrets.token_hex())  # so that an unknown name takes as long as a wrong password


@dataclass(frozen=True)
class LockOut:
    """How many wrong passwords in a row make a wait, and how long it can grow."""

    after: int = 5
    longest: timedelta = timedelta(minutes=15)


@dataclass(frozen=True)
class Limits:
    """How long a session lasts without activity, and at most."""

    idle: timedelta
    longest: timedelta


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _hasher.hash(password)


def sign_in(user_name: str, password: str, address: str, lock_out: LockOut) -> tuple[str, Actor]:
    """Return the token of a new session and its actor; raises Refused for a wrong password or while locked out."""
    staff = session.scalar(select(Staff).where(Staff.user_name == user_name))
    wait = wait_left(user_name, address, lock_out)
    session.close()  # no lock and no snapshot is held while the hash is computed
    if wait:
        _refuse(staff, user_name, address, "locked out")
        raise Refused("locked_out", minutes=max(1, round(wait.total_seconds() / 60 + 0.5)))
    if not _password_fits(staff, password):
        _refuse(staff, user_name, address, "wrong name or password")
        raise Refused("wrong_password")
    actor = actor_of(staff.id) if staff else None
    if actor is None:
        _refuse(staff, user_name, address, "no role today")
        raise Refused("wrong_password")
    return _open_session(actor, user_name, address), actor


@verb
def _open_session(actor: Actor, user_name: str, address: str) -> str:
    token = secrets.token_urlsafe(32)
    at = clock.now()
    session.add(
        LoginSession(token_hash=_hash(token), staff_id=actor.staff_id, site_id=actor.site_id, created_at=at, seen_at=at)
    )
    session.execute(delete(LoginAttempt).where(LoginAttempt.user_name == user_name, LoginAttempt.address == address))
    duty.end_of_earlier_days(actor)
    record(actor, "signed_in", address=address)
    return token


@verb
def sign_out(actor: Actor, token: str) -> None:
    """End the session at once."""
    session.execute(update(LoginSession).where(LoginSession.token_hash == _hash(token)).values(ended_at=clock.now()))
    duty.end_with_session(actor)
    record(actor, "signed_out")


@verb
def end_sessions(actor: Actor, staff_id: str) -> None:
    """End every session of a person at once; raises NotFound for who has never had a role at the actor's site."""
    if session.scalar(select(Staff.id).where(Staff.id == staff_id, _known_to(actor))) is None:
        raise NotFound("staff")
    end_sessions_of(staff_id)
    record(actor, "session_ended", whose=staff_id)


def end_sessions_of(staff_id: str) -> None:
    """End a person's sessions inside the running verb."""
    running = update(LoginSession).where(LoginSession.staff_id == staff_id, LoginSession.ended_at.is_(None))
    session.execute(running.values(ended_at=clock.now()))


def find_sessions(tokens: Sequence[str], more: bool = False) -> dict[str, list[Any]]:
    """Return what the database tells of each session token: a row for each grant, none where the session has ended.

    One query, asked anew every time: an ended session, a deactivated person or a changed grant counts at once. It
    brings the number of the site's last change along. ``more`` will be asked in the same transaction.
    """
    by_hash = {_hash(token): token for token in tokens}
    hashes = list(by_hash)
    hashes += hashes[-1:] * ((1 << (len(hashes) - 1).bit_length()) - len(hashes))  # few lengths, so few statements
    found: dict[str, list[Any]] = {token: [] for token in tokens}
    with nullcontext() if more else apart():
        for row in read(_SESSION, token_hashes=hashes, today=_today(clock.now())):
            found[by_hash[row.token_hash]].append(row)
    return found


def find_actor(
    token: str, limits: Limits, extend: bool, more: bool = False, look: Callable[..., Any] | None = None
) -> Actor | None:
    """Return who holds this session token, or None when it has ended; only a person's own act extends it.

    The number of the site's last change, which comes along, is good until this transaction or the next use case ends
    it. ``more`` will be asked in the same transaction. ``look`` asks for others at the same time (``triage/crowd.py``).
    """
    rows = look(token, find_sessions) if look else find_sessions([token], more)[token]
    at = clock.now()
    if not rows or at - rows[0].seen_at > limits.idle or at - rows[0].created_at > limits.longest:
        return None
    if extend and at - rows[0].seen_at > timedelta(minutes=1):
        with aside() as own:
            own.execute(update(LoginSession).where(LoginSession.token_hash == _hash(token)).values(seen_at=at))
    found = _actor(rows)
    session.info["revision"] = {found.site_id: rows[0].revision or 0}
    return found


def actor_of(staff_id: str) -> Actor | None:
    """Return the person with today's roles at the site of the first one granted, or None."""
    rows = read(_PERSON, staff_id=staff_id, today=_today(clock.now()))
    return _actor(rows) if rows else None


def _actor(rows: Sequence[Any]) -> Actor:
    """Return who the rows tell of, one row a grant; the first one's site counts."""
    first = rows[0]
    roles = frozenset(row.role for row in rows if row.site_id == first.site_id)
    return Actor(
        first.staff_id, first.name, first.organisation_id, first.site_id, first.site_name, first.time_zone, roles,
        first.site_name_ja,
    )  # fmt: skip


def _granted() -> Select[Any]:
    """Return the query for people who work here today, one row a grant."""
    day: BindParameter[date] = bindparam("today", type_=Date())
    in_force = and_(Grant.valid_from <= day, or_(Grant.valid_until.is_(None), Grant.valid_until > day))
    columns: tuple[Any, ...] = (
        Staff.id.label("staff_id"), Staff.name, Site.organisation_id, Site.id.label("site_id"),
        Site.name.label("site_name"), Site.name_ja.label("site_name_ja"), Site.time_zone, Grant.role,
    )  # fmt: skip
    people = (
        select(*columns).join(Grant, and_(Grant.staff_id == Staff.id, in_force)).join(Site, Site.id == Grant.site_id)
    )
    return people.where(Staff.deactivated_at.is_(None)).order_by(Grant.valid_from, Grant.id)


_PERSON = Prepared(_granted().where(Staff.id == bindparam("staff_id")))
_SESSION = Prepared(
    _granted()
    .add_columns(LoginSession.token_hash, LoginSession.seen_at, LoginSession.created_at, SiteHead.revision)
    .join(LoginSession, and_(LoginSession.staff_id == Staff.id, LoginSession.site_id == Grant.site_id))
    .outerjoin(SiteHead, SiteHead.site_id == Grant.site_id)
    .where(LoginSession.token_hash.in_(bindparam("token_hashes", expanding=True)), LoginSession.ended_at.is_(None))
)


def _today(at: datetime) -> date:
    return at.astimezone(ZoneInfo("Asia/Tokyo")).date()


def system_actor(name: str = "command line") -> Actor:
    """Return the actor of a command: no person, the first site."""
    site = session.scalars(select(Site).order_by(Site.code)).first()
    if site is None:
        raise Refused("no_site")
    return Actor("", name, site.organisation_id, site.id, site.name, site.time_zone)


def list_staff(actor: Actor) -> list[Staff]:
    """Return who has or had a role at the actor's site, with all grants, by user name."""
    query = select(Staff).where(_known_to(actor)).options(joinedload(Staff.grants))
    return list(session.scalars(query.order_by(Staff.user_name)).unique())


def _known_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which somebody's account is the actor's business; a command serves every site."""
    here = Staff.grants.any(Grant.site_id == actor.site_id) if actor.staff_id else true()
    return and_(Staff.organisation_id == actor.organisation_id, here)


def _password_fits(staff: Staff | None, password: str) -> bool:
    try:
        fits = _hasher.verify(staff.password_hash if staff and staff.password_hash else _DUMMY, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return fits and staff is not None and staff.deactivated_at is None


def wait_left(user_name: str, address: str, lock_out: LockOut) -> timedelta | None:
    """Return how long this name has to wait at this address after too many wrong tries, or None."""
    since = clock.now() - lock_out.longest
    where = (LoginAttempt.user_name == user_name, LoginAttempt.address == address, LoginAttempt.at > since)
    count, last = session.execute(select(func.count(), func.max(LoginAttempt.at)).where(*where)).one()
    if count < lock_out.after:
        return None
    wait = min(lock_out.longest, timedelta(minutes=2 ** (count - lock_out.after)))
    left: timedelta = last + wait - clock.now()
    return left if left > timedelta(0) else None


def _refuse(staff: Staff | None, user_name: str, address: str, why: str) -> None:
    with aside() as own:
        if why != "locked out":
            own.add(LoginAttempt(user_name=user_name[:200], address=address, at=clock.now()))
    actor = (actor_of(staff.id) if staff else None) or system_actor()
    record_read(actor, "sign_in_refused", user_name=user_name[:200], address=address, why=why)
    session.close()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
