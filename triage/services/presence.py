"""Who has a patient's page open at this moment: noted when it is opened, kept alive by a heartbeat, gone when left.

Boards are told when somebody comes or goes, not at each heartbeat. The audit keeps that the page was opened.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from triage import clock
from triage.db import aside, session
from triage.domain.access import Actor
from triage.domain.errors import NotFound
from triage.models import Encounter, Presence, Staff
from triage.services.audit import lock_site, note_change

#: Without a heartbeat for this long a page counts as left; a hidden tab is allowed one a minute by its browser.
GONE_AFTER = timedelta(seconds=150)
#: A heartbeat is written down at most this often.
WRITTEN_EVERY = timedelta(seconds=30)
#: What was left behind is swept when a page is opened.
SWEPT_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody else who has the page open, and since when."""

    staff_id: str
    name: str
    since: datetime


def enter(own: Session, actor: Actor, encounter_id: str) -> None:
    """Note, in a transaction that is open, that the person has opened the patient's page."""
    lock_site(own, actor.site_id)  # first: two that wait for each other's rows would wait for ever
    at = clock.now()
    row = own.get(Presence, (encounter_id, actor.staff_id))
    if row is None or at - row.seen_at > GONE_AFTER:
        own.merge(Presence(encounter_id=encounter_id, staff_id=actor.staff_id, since=at, opened_at=at, seen_at=at))
        note_change(own, actor.site_id, encounter_id, "page_opened")
    else:
        row.opened_at = row.seen_at = at
    own.execute(delete(Presence).where(Presence.seen_at < at - SWEPT_AFTER))


def beat(actor: Actor, encounter_id: str) -> list[Visitor]:
    """Keep the person's page counted as open, and return who else has it open; raises NotFound out of sight."""
    _visible(actor, encounter_id)
    row = session.get(Presence, (encounter_id, actor.staff_id), populate_existing=True)
    at = clock.now()
    if row is None or at - row.seen_at > GONE_AFTER:
        with aside() as own:
            enter(own, actor, encounter_id)
    elif at - row.seen_at > WRITTEN_EVERY:
        with aside() as own:
            own.execute(update(Presence).where(*_mine(actor, encounter_id)).values(seen_at=at))
    return others(actor, encounter_id)


def leave(actor: Actor, encounter_id: str, shown_at: datetime) -> None:
    """Note that the person left the page that was shown then; one opened later stays. Raises NotFound out of sight."""
    _visible(actor, encounter_id)
    with aside() as own:
        lock_site(own, actor.site_id)
        row = own.get(Presence, (encounter_id, actor.staff_id))
        if row is not None and row.opened_at <= shown_at:
            own.delete(row)
            note_change(own, actor.site_id, encounter_id, "page_left")


def _visible(actor: Actor, encounter_id: str) -> None:
    if session.scalar(select(Encounter.id).where(Encounter.id == encounter_id, Encounter.visible_to(actor))) is None:
        raise NotFound("encounter")


def _mine(actor: Actor, encounter_id: str) -> tuple[ColumnElement[bool], ...]:
    return Presence.encounter_id == encounter_id, Presence.staff_id == actor.staff_id


def others(actor: Actor, encounter_id: str) -> list[Visitor]:
    """Return who else has the patient's page open, the first who came first."""
    return open_pages(actor, [encounter_id]).get(encounter_id, [])


def open_pages(actor: Actor, encounter_ids: Iterable[str]) -> dict[str, list[Visitor]]:
    """Return who else has a page open, by encounter, the first who came first; one query for all."""
    query = (
        select(Presence.encounter_id, Presence.staff_id, Staff.name, Presence.since)
        .join(Staff, Staff.id == Presence.staff_id)
        .join(Encounter, Encounter.id == Presence.encounter_id)
        .where(Presence.encounter_id.in_(list(encounter_ids)), Presence.staff_id != actor.staff_id)
        .where(Encounter.visible_to(actor), Presence.seen_at > clock.now() - GONE_AFTER)
    )
    found: dict[str, list[Visitor]] = {}
    for encounter_id, staff_id, name, since in session.execute(query.order_by(Presence.since)):
        found.setdefault(encounter_id, []).append(Visitor(staff_id, name, since))
    return found
