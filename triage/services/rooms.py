"""The rooms of a site: those that are offered for a patient, and the names of all that ever were."""

from collections.abc import Sequence

from sqlalchemy import select

from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import NotFound, Refused
from triage.models import Encounter, Room
from triage.services.audit import lock_site, record
from triage.services.notices import note_rows


def list_rooms(actor: Actor, retired: bool = False) -> Sequence[Room]:
    """Return the rooms that are offered, by name; ``retired`` adds those that no longer are, at the end."""
    query = select(Room).where(Room.site_id == actor.site_id)
    if not retired:
        query = query.where(Room.retired_at.is_(None))
    return session.scalars(query.order_by(Room.retired_at.is_not(None), Room.name, Room.id)).all()


def get_offered(actor: Actor, room_id: str) -> Room:
    """Return the room of the actor's site that a patient may be sent to now; raises Refused where there is none."""
    room = session.get(Room, room_id) if room_id else None
    if room is None or room.site_id != actor.site_id or room.retired_at is not None:
        raise Refused("room_needed")
    return room


def _get(actor: Actor, room_id: str) -> Room:
    lock_site(session(), actor.site_id)
    room = session.get(Room, room_id)
    if room is None or room.site_id != actor.site_id:
        raise NotFound("room")
    return room


def _refuse_same_name(actor: Actor, name: str, room_id: str = "") -> None:
    if not name.strip():
        raise Refused("name_needed")
    same = select(Room.id).where(Room.site_id == actor.site_id, Room.name == name.strip(), Room.id != room_id)
    if session.scalar(same) is not None:
        raise Refused("room_name_taken")


@verb
def add(actor: Actor, name: str, name_ja: str = "", modality: str | None = None) -> str:
    """Add a room and return its id; raises Refused for an empty name or one that another room has or had."""
    lock_site(session(), actor.site_id)
    _refuse_same_name(actor, name)
    room = Room(site_id=actor.site_id, name=name.strip(), name_ja=name_ja.strip(), modality=modality or None)
    session.add(room)
    session.flush()
    record(actor, "room_added", room=room.id, name=room.name)
    return room.id


@verb
def rename(actor: Actor, room_id: str, name: str, name_ja: str = "") -> None:
    """Give a room other names; what happened in it stays with it."""
    room = _get(actor, room_id)
    _refuse_same_name(actor, name, room_id)
    before = [room.name, room.name_ja]
    room.name, room.name_ja = name.strip(), name_ja.strip()
    record(actor, "room_renamed", room=room.id, before=before, after=[room.name, room.name_ja])
    note_rows(actor, Encounter.room_id == room.id, "room_renamed")


@verb
def retire(actor: Actor, room_id: str, back: bool = False) -> None:
    """Offer a room no longer, or (``back``) again; it is never deleted, and its history keeps its name."""
    room = _get(actor, room_id)
    if (room.retired_at is None) == back:
        return  # a second press
    room.retired_at = None if back else clock.now()
    record(actor, "room_restored" if back else "room_retired", room=room.id)


def name_of(room_id: str | None, locale: str) -> str:
    """Return what the room is called in a language, "" for no room."""
    room = session.get(Room, room_id) if room_id else None
    return room.label(locale) if room else ""
