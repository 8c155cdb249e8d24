"""Enrolled screens: adding one, the one-time code that makes a browser that screen, renaming, shutting out.

``last seen`` is no audit event: it moves every minute and says nothing about a person or a patient.
"""

import hashlib
import hmac
import secrets
import unicodedata
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import aside, session, verb
from triage.domain.access import DEVICE_GRANTS, Actor, Screen
from triage.domain.errors import Conflict, NotFound, Refused, Stale
from triage.models import Device, DeviceToken, LoginAttempt, Room, Site
from triage.services.accounts import LockOut, system_actor, wait_left
from triage.services.audit import record, record_read

#: A code is read off one screen and typed at another: no character that is mistaken for a second one.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8
CODE_LASTS = timedelta(minutes=15)
#: Devices of one site; a screen nobody uses any more is shut out.
MOST = 50
#: Under this name wrong codes are counted, address by address, beside the wrong passwords.
ATTEMPTS = "(device code)"


@verb
def add(actor: Actor, kind: str, name: str, room_id: str | None = None) -> tuple[str, str]:
    """Add a device of the site and return its id and its code; raises Refused when there are too many."""
    if kind not in DEVICE_GRANTS:
        raise Refused("not_a_choice")
    _check_room(actor, room_id)
    here = select(func.count()).select_from(Device).where(Device.site_id == actor.site_id, Device.revoked_at.is_(None))
    if (session.scalar(here) or 0) >= MOST:
        raise Refused("too_many_devices", count=MOST)
    device = Device(
        site_id=actor.site_id, room_id=room_id, kind=kind, name=name, added_by=actor.staff_id, added_at=clock.now(),
        updated_by=actor.name, updated_at=clock.now(),
    )  # fmt: skip
    code = _give_code(device)
    session.add(device)
    session.flush()
    record(actor, "device_added", device=device.id, kind=kind, name=name, room=room_id or "")
    return device.id, code


@verb
def give_code(actor: Actor, device_id: str) -> str:
    """Return a new code for a device whose browser lost its cookie; whoever is enrolled is shut out at once."""
    device = _get(actor, device_id)
    if device.revoked_at:
        raise Conflict("device_revoked")
    code = _give_code(device)
    _shut_out(device)
    record(actor, "device_code_given", device=device.id)
    return code


@verb
def rename(actor: Actor, device_id: str, version: int, name: str) -> None:
    """Give the device another name; raises Stale when somebody was faster."""
    device = _get(actor, device_id)
    if device.version != version:
        raise Stale(device.updated_by, device.updated_at or clock.now(), {"name": device.name})
    before, device.name = device.name, name
    device.updated_by, device.updated_at = actor.name, clock.now()
    record(actor, "device_renamed", device=device.id, before=before, after=name)


@verb
def revoke(actor: Actor, device_id: str) -> None:
    """Shut the device out for good: its next refresh is refused. A second time changes nothing."""
    device = _get(actor, device_id)
    if device.revoked_at:
        return
    device.revoked_at, device.revoked_by = clock.now(), actor.staff_id
    device.code_hash = device.code_until = None
    _shut_out(device)
    record(actor, "device_revoked", device=device.id)


def list_devices(actor: Actor) -> list[Device]:
    """Return the site's devices, those in use first, by name, each with when it was last seen."""
    query = select(Device).where(Device.site_id == actor.site_id).order_by(Device.revoked_at.desc(), Device.name)
    loads = (joinedload(Device.token), joinedload(Device.room), joinedload(Device.adder), joinedload(Device.revoker))
    found = session.scalars(query.options(*loads).execution_options(populate_existing=True))
    return sorted(found, key=lambda device: device.revoked_at is not None)


def enrol(typed: str, address: str, lock_out: LockOut) -> tuple[str, Screen]:
    """Turn a code into the token of this browser; raises Refused for a wrong code or after too many of them."""
    wait = wait_left(ATTEMPTS, address, lock_out)
    session.close()
    if wait:
        raise Refused("locked_out", minutes=max(1, round(wait.total_seconds() / 60 + 0.5)))
    token = secrets.token_urlsafe(32)
    device_id = _enrol(None, _hash(_read(typed)), token, address)
    if not device_id:
        _note_wrong_code(address)
        raise Refused("device_code_wrong")
    found = find(token)
    if found is None:  # shut out in this very moment
        raise Refused("device_code_wrong")
    return token, found


@verb
def _enrol(actor: None, code_hash: str, token: str, address: str) -> str:
    now = clock.now()
    fits = (Device.code_hash == code_hash, Device.code_until > now, Device.revoked_at.is_(None))
    device = session.scalar(select(Device).where(*fits).with_for_update())
    if device is None:
        return ""
    device.code_hash = device.code_until = None  # used once
    _shut_out(device)
    session.add(DeviceToken(device_id=device.id, token_hash=_hash(token), enrolled_at=now, seen_at=now))
    site = session.get_one(Site, device.site_id)
    record(Actor("", device.name, site.organisation_id, site.id), "device_enrolled", device=device.id, address=address)
    return device.id


def find(token: str) -> Screen | None:
    """Return which device holds this token, or None; notes at most once a minute that it was seen."""
    if not 20 <= len(token) <= 100:
        return None
    hashed = _hash(token)
    query = select(Device, DeviceToken, Site.time_zone).join(DeviceToken).join(Site)
    row = session.execute(query.where(DeviceToken.token_hash == hashed, Device.revoked_at.is_(None))).first()
    if row is None or not hmac.compare_digest(row.DeviceToken.token_hash, hashed):
        return None
    _note_seen(row.DeviceToken)
    device = row.Device
    return Screen(device.id, device.site_id, device.kind, device.name, row.time_zone, device.room_id)


def _note_seen(token: DeviceToken) -> None:
    if clock.now() - token.seen_at <= timedelta(minutes=1):
        return
    with aside() as own:
        same = update(DeviceToken).where(DeviceToken.token_hash == token.token_hash)
        own.execute(same.values(seen_at=clock.now()))


def _note_wrong_code(address: str) -> None:
    with aside() as own:
        own.add(LoginAttempt(user_name=ATTEMPTS, address=address, at=clock.now()))
    record_read(system_actor(), "device_refused", address=address)
    session.close()


def _get(actor: Actor, device_id: str) -> Device:
    device = session.scalar(select(Device).where(Device.id == device_id, Device.site_id == actor.site_id))
    if device is None:
        raise NotFound("device")
    return device


def _check_room(actor: Actor, room_id: str | None) -> None:
    room = session.get(Room, room_id) if room_id else None
    if room_id and (room is None or room.site_id != actor.site_id):
        raise Refused("not_a_choice")


def _give_code(device: Device) -> str:
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    device.code_hash, device.code_until = _hash(code), clock.now() + CODE_LASTS
    return f"{code[:4]}-{code[4:]}"


def _shut_out(device: Device) -> None:
    session.execute(delete(DeviceToken).where(DeviceToken.device_id == device.id))


def _read(typed: str) -> str:
    wide = unicodedata.normalize("NFKC", typed[:40]).upper()
    return "".join(character for character in wide if character in ALPHABET)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
