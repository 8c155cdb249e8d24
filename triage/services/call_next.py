"""Call next: the most urgent patient for whom a person's role is next, taken in the board's own order by one person."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from triage.db import session, verb
from triage.domain import leases
from triage.domain.access import Actor
from triage.domain.calling import NO_ANSWER
from triage.domain.errors import Conflict, NotAllowed
from triage.models import Encounter, Room
from triage.services import board, calls, duty, emergencies
from triage.services.audit import lock_site
from triage.services.claims import take
from triage.services.encounters import get
from triage.services.lines import Line
from triage.services.submissions import once, remember


@dataclass(frozen=True)
class Next:
    """Who was taken: an emergency is answered for, and nothing takes that back; else the step that undo names."""

    encounter_id: str
    ticket: str
    is_emergency: bool = False
    step_id: str = ""


@verb
def call_next(
    actor: Actor, request_id: str = "", lapses_after: timedelta = leases.LAPSES_AFTER, room_id: str = ""
) -> Next:
    """Take the most urgent free patient for whom the actor's role is next, and call the ticket into ``room_id``.

    Without one it is the room in which the actor is on duty, if any. An emergency that nobody answers for goes first:
    taking it is answering for it. One that somebody answers for is never taken. The same press sent twice takes one.
    Raises Conflict where nobody waits for this role.
    """
    if not actor.may("claims:hold"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)  # first, so that of twenty who press each finds what the ones before took
    known = once(request_id)
    if known:
        return _again(actor, known)
    line = _find(actor, lapses_after)
    if line is None:
        raise Conflict("nobody_next")
    taken = _answer(actor, line) if line.is_emergency else _take(actor, line, lapses_after, room_id)
    remember(actor, request_id, line.id)
    return taken


def _find(actor: Actor, lapses_after: timedelta) -> Line | None:
    """Return who is next: in the board's order, those who were called in vain after those who are there."""
    everybody = board.look(actor, board.Filters(), lapses_after=lapses_after).lines
    lines = [line for line in everybody if _is_next(actor, line)]
    here = select(Encounter.id).where(Encounter.site_id == actor.site_id, Encounter.finished_at.is_(None))
    absent = set(session.scalars(here.where(Encounter.call_state == NO_ANSWER)))
    present = (line for line in lines if line.is_emergency or line.id not in absent)
    return next(present, next(iter(lines), None))


def _is_next(actor: Actor, line: Line) -> bool:
    if line.is_emergency:
        return line.acknowledged_at is None and actor.may("emergencies:work")
    return line.is_free and leases.is_turn(actor.roles, line.stage, line.imaging)


def _answer(actor: Actor, line: Line) -> Next:
    encounter = get(actor, line.id)
    emergencies.answer_for(actor, encounter)
    return Next(encounter.id, encounter.ticket, is_emergency=True)


def _take(actor: Actor, line: Line, lapses_after: timedelta, room_id: str) -> Next:
    encounter = get(actor, line.id)
    step = take(actor, encounter, leases.CALLED, lapses_after)
    if room_id := room_id or _own_room(actor):
        calls.call_in(actor, encounter, room_id)
    return Next(encounter.id, encounter.ticket, step_id=step.id if step else "")


def _own_room(actor: Actor) -> str:
    """Return the room in which the actor is on duty, "" for none and for one that is no longer offered."""
    room = session.get(Room, duty.room_of(actor) or "")
    return room.id if room is not None and room.retired_at is None else ""


def _again(actor: Actor, encounter_id: str) -> Next:
    encounter = get(actor, encounter_id)
    mine = encounter.claim is not None and encounter.claim.staff_id == actor.staff_id
    lease = encounter.claim.lease if encounter.claim and mine else ""
    return Next(encounter.id, encounter.ticket, encounter.is_emergency, lease)
