"""The audit trail: record what was done or seen, read it back, and prove that nobody changed it."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.util import identity_key

from triage import clock
from triage.db import aside, new_id, session
from triage.domain.access import Actor
from triage.domain.events import EVENTS
from triage.models import AuditEvent, AuditPayload, Claim, Encounter, Patient, SiteHead, Staff
from triage.services import trail
from triage.services.trail import lock_site
from triage.stored_json import to_json

__all__ = [
    "Filters", "Verification", "list_events", "lock_site", "note_change", "note_news", "patient_numbers", "record",
    "record_read", "use_key", "verify", "verify_own",
]  # fmt: skip

#: So often at most is a claim renewed: what has just been taken is not written twice.
RENEWED_EVERY = timedelta(seconds=1)
#: How what is signed is written: the same for the same, whoever writes it.
_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=str, separators=(",", ":")).encode
_keys: dict[str, bytes] = {}
_current: list[str] = []
#: What the signature of an event covers, in this order; behind it the moment it tells of, where that was earlier.
_SIGNED = (
    "previous_hash", "site_id", "sequence", "at", "name", "staff_id", "patient_id", "encounter_id", "payload_hash",
)  # fmt: skip


def use_key(secret: str) -> None:
    """Sign new events with this secret; events signed with an earlier one stay verifiable when it was used before."""
    key = hashlib.sha256(b"audit:" + secret.encode()).digest()
    key_id = hashlib.sha256(key).hexdigest()[:8]
    _keys[key_id] = key
    _current[:] = [key_id]


def record(
    actor: Actor,
    name: str,
    /,
    *,
    patient_id: str | None = None,
    encounter_id: str | None = None,
    **payload: Any,
) -> None:
    """Add the event to the transaction of the running verb; raises ValueError unless the payload is as declared."""
    _append(session(), actor.site_id, actor.staff_id or None, name, patient_id, encounter_id, payload)
    if encounter_id:
        note_change(session(), actor.site_id, encounter_id, name)
        _renew_claim(session(), actor, encounter_id)
        _mark_late(session(), encounter_id)


def record_read(
    actor: Actor, name: str, /, *, patient_id: str | None = None, encounter_id: str | None = None,
    beside: Callable[[Session], object] = lambda own: None, **payload: Any,
) -> None:  # fmt: skip
    """Record that something was seen or refused, in a short transaction of its own, before the answer leaves.

    ``beside`` writes in the same transaction what need not be audited.
    """
    with aside() as own:
        _append(own, actor.site_id, actor.staff_id or None, name, patient_id, encounter_id, payload)
        beside(own)


def _append(
    db: Session,
    site_id: str,
    staff_id: str | None,
    name: str,
    patient_id: str | None,
    encounter_id: str | None,
    payload: Mapping[str, Any],
) -> None:
    if EVENTS[name] != payload.keys():
        raise ValueError(f"{name} carries {sorted(EVENTS[name])}, not {sorted(payload)}")
    head = lock_site(db, site_id)
    text = _canonical(payload)
    body = json.loads(text)  # as it will be read: keys within keys may come in another order
    event = {
        "id": new_id(), "site_id": site_id, "sequence": head.audit_count + 1, "at": clock.entered(),
        "occurred_at": clock.happened(), "name": name, "staff_id": staff_id, "patient_id": patient_id,
        "encounter_id": encounter_id, "key_id": _current[0], "previous_hash": head.audit_hash,
        "payload_hash": _sign(_current[0], text if text.rfind("{") == 0 else _canonical(body)),
    }  # fmt: skip
    event["hash"] = _sign(_current[0], _signed_part(event))
    trail.append(db, event, body)


def note_change(db: Session, site_id: str, encounter_id: str, topic: str) -> None:
    """Tell the open boards, with the commit of the open transaction, that this encounter's row looks different."""
    trail.note_change(db, site_id, encounter_id, topic, clock.entered())


def note_news(db: Session, site_id: str) -> None:
    """Tell the open lists, with the commit of the open transaction, of something that belongs to no encounter yet."""
    trail.note_news(db, site_id)


def _renew_claim(db: Session, actor: Actor, encounter_id: str) -> None:
    # Whoever records something of a patient they took is at work on that patient: the claim does not lapse.
    encounter = db.identity_map.get(identity_key(Encounter, encounter_id))
    if encounter is None or "claim" not in encounter.__dict__:
        mine = (Claim.encounter_id == encounter_id, Claim.staff_id == actor.staff_id)
        db.execute(update(Claim).where(*mine).values(active_at=clock.entered()))
        return
    held, now = encounter.claim, clock.entered()
    if held is not None and held.staff_id == actor.staff_id and now - held.active_at > RENEWED_EVERY:
        held.active_at = now


def _mark_late(db: Session, encounter_id: str) -> None:
    # The visit bears the mark for good: the board and every page of it say that not all of it was entered at once.
    if clock.entered_late():
        db.get_one(Encounter, encounter_id).late_at = clock.entered()


def _signed_part(event: Mapping[str, Any]) -> str:
    names = (*_SIGNED, "occurred_at") if event["occurred_at"] else _SIGNED  # what is not late is signed as ever
    parts = (event[name] for name in names)  # words and whole numbers: ``to_json`` writes them as ``_canonical`` does
    return to_json([part.isoformat() if isinstance(part, datetime) else part for part in parts])


def _sign(key_id: str, text: str) -> str:
    return hmac.digest(_keys[key_id], text.encode(), "sha256").hex()


@dataclass(frozen=True)
class Verification:
    """The result of walking one site's chain: how many events, and the first damage found, if any."""

    site_id: str
    count: int
    damage: str = ""


def verify() -> list[Verification]:
    """Walk every site's chain and compare it with the site's head; the first damage of each is named."""
    return [_verify_site(head) for head in session.scalars(select(SiteHead).order_by(SiteHead.site_id))]


def _verify_site(head: SiteHead) -> Verification:
    query = (
        select(AuditEvent, AuditPayload)
        .outerjoin(AuditPayload)
        .where(AuditEvent.site_id == head.site_id)
        .order_by(AuditEvent.sequence)
    )
    with closing(session.execute(query.execution_options(yield_per=500))) as rows:
        return _walk(head, rows)


def _walk(head: SiteHead, rows: Iterable[Any]) -> Verification:
    previous, count = "", 0
    for event, payload in rows:
        count += 1
        damage = _damage(event, payload, previous, count)
        if damage:
            return Verification(head.site_id, count, f"broken at event {count}: {damage}")
        previous = event.hash
    if (count, previous) != (head.audit_count, head.audit_hash):
        return Verification(head.site_id, count, f"the chain ends at {count}, the head says {head.audit_count}")
    return Verification(head.site_id, count)


def _damage(event: AuditEvent, payload: AuditPayload | None, previous: str, count: int) -> str:
    if event.sequence != count:
        return f"number {event.sequence} stands where {count} belongs"
    if event.key_id not in _keys:
        return f"signed with the unknown key {event.key_id}"
    if event.previous_hash != previous or event.hash != _sign(
        event.key_id, _signed_part({name: getattr(event, name) for name in (*_SIGNED, "occurred_at")})
    ):
        return "the event was changed"
    if payload is not None and event.payload_hash != _sign(event.key_id, _canonical(payload.body)):
        return "its payload was changed"
    return ""


#: Events on one page.
PAGE = 200


@dataclass(frozen=True)
class Filters:
    """What the auditor asks for; empty means all."""

    patient: str = ""
    staff: str = ""
    name: str = ""
    since: datetime | None = None
    until: datetime | None = None


def list_events(actor: Actor, filters: Filters, before: int | None = None) -> list[AuditEvent]:
    """Return a page of the site's events, newest first, that fit the filters; looking is itself recorded."""
    query = _filtered(actor, filters).order_by(AuditEvent.sequence.desc()).limit(PAGE)
    if before is not None:
        query = query.where(AuditEvent.sequence < before)
    events = list(session.scalars(query.options(joinedload(AuditEvent.staff), joinedload(AuditEvent.payload))))
    shown = {key: str(value) for key, value in vars(filters).items() if value}
    record_read(actor, "audit_viewed", filters=shown, found=len(events))
    return events


def _filtered(actor: Actor, filters: Filters) -> Select[AuditEvent]:
    return select(AuditEvent).where(AuditEvent.site_id == actor.site_id, *_conditions(filters))


def _conditions(filters: Filters) -> Iterator[Any]:
    if filters.patient:
        yield AuditEvent.patient_id.in_(select(Patient.id).where(Patient.number == filters.patient))
    if filters.staff:
        yield AuditEvent.staff_id.in_(select(Staff.id).where(Staff.user_name == filters.staff))
    if filters.name:
        yield AuditEvent.name == filters.name
    if filters.since:
        yield AuditEvent.at >= filters.since
    if filters.until:
        yield AuditEvent.at < filters.until


def patient_numbers(events: list[AuditEvent]) -> dict[str, str]:
    """Return the clinic's number of each patient in the events, by id; the auditor opens no record."""
    ids = {event.patient_id for event in events if event.patient_id}
    query = select(Patient.id, Patient.number).where(Patient.id.in_(ids))
    return dict(row for row in session.execute(query))


def verify_own(actor: Actor) -> Verification:
    """Walk the chain of the actor's site."""
    return _verify_site(_head(actor.site_id))


def _head(site_id: str) -> SiteHead:
    return session.get(SiteHead, site_id) or SiteHead(site_id=site_id, audit_count=0, audit_hash="", revision=0)
