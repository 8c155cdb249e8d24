"""Calling patients: into a room, answered or not, once more, taken back. No call ends a visit or moves its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session, verb
from triage.domain import calling
from triage.domain.access import Actor
from triage.domain.errors import Conflict
from triage.domain.leases import LAPSES_AFTER
from triage.models import Call, Encounter, Room
from triage.services import late
from triage.services.audit import record
from triage.services.call_state import note
from triage.services.encounters import for_writing
from triage.services.leases import find_holder, taken
from triage.services.rooms import get_offered


@dataclass(frozen=True)
class Shown:
    """A call as the waiting room sees it: no name, no acuity."""

    ticket: str
    room: str
    room_ja: str
    called_at: datetime


def showing(site_id: str) -> list[Shown]:
    """Return the calls that nobody has answered yet, of the last 15 minutes, the newest first."""
    query = (
        select(Encounter.ticket, Room.name, Room.name_ja, Call.called_at)
        .join(Encounter, Encounter.id == Call.encounter_id)
        .join(Room, Room.id == Call.room_id)
        .where(Call.site_id == site_id, Call.ended_at.is_(None), Call.called_at > clock.now() - calling.SHOWN)
        .order_by(Call.called_at.desc(), Encounter.ticket)
    )
    return [Shown(*row) for row in session.execute(query)]


@verb
def call(actor: Actor, encounter_id: str, room_id: str, lapses_after: timedelta = LAPSES_AFTER) -> str:
    """Call the patient into a room, or once more, and return the call's id; place and arrival stay.

    Raises Refused for no room, Conflict for a stage that others call from, or where somebody else has the patient.
    """
    encounter = for_writing(actor, encounter_id)
    held = find_holder(actor, encounter, lapses_after)
    if held is not None and actor.may("encounters:claim"):
        raise taken(actor, held)  # the desk calls for whoever has the patient; a colleague does not
    return call_in(actor, encounter, room_id)


def call_in(actor: Actor, encounter: Encounter, room_id: str) -> str:
    """Call the patient inside a verb, under the site's lock; raises as ``call`` does. An open call ends as "again"."""
    _check(actor, encounter)
    room, at = get_offered(actor, room_id), clock.now()
    earlier = _open_call(encounter)
    if earlier is not None:
        earlier.ended_at, earlier.outcome = at, calling.AGAIN
        session.flush()  # one open call at most: the earlier one ends before the next begins
    made = Call(
        site_id=encounter.site_id, encounter_id=encounter.id, room_id=room.id, called_at=at, called_by=actor.staff_id
    )
    session.add(made)
    session.flush()
    count = encounter.call_count + 1
    note(encounter, call_state=calling.CALLED, call_count=count, called_at=at, room_id=room.id)
    record(actor, "patient_called", **_ids(encounter), call=made.id, room=room.id, count=count)
    return made.id


@verb
def answered(actor: Actor, encounter_id: str) -> None:
    """Note that the patient has come; the calls before are forgotten. Raises Conflict when nobody has called."""
    encounter = for_writing(actor, encounter_id)
    _check(actor, encounter)
    last = _latest(encounter)
    if last is None or not encounter.call_state:
        raise Conflict("not_called")
    last.came_at = clock.now()
    if last.ended_at is None:
        last.ended_at, last.outcome = last.came_at, calling.ANSWERED
    note(encounter, call_state="", call_count=0, called_at=None)
    record(actor, "call_answered", **_ids(encounter), call=last.id, room=last.room_id)


@verb
def no_answer(actor: Actor, encounter_id: str) -> None:
    """Note that nobody came: the patient keeps place and arrival, and is on the recall list until found.

    An emergency is never put aside by it: the alarm strip of every page says that the patient does not answer.
    """
    encounter = for_writing(actor, encounter_id)
    _check(actor, encounter)
    last = _open_call(encounter)
    if last is None:
        raise Conflict("not_called")
    last.ended_at, last.outcome = clock.now(), calling.NO_ANSWER
    note(encounter, call_state=calling.NO_ANSWER)
    ids, count = _ids(encounter), encounter.call_count
    record(actor, "call_not_answered", **ids, call=last.id, room=last.room_id, count=count)


@verb
def undo(actor: Actor, encounter_id: str) -> None:
    """Take back the last thing noted of a call, within 10 minutes: its end, or the call itself."""
    encounter = for_writing(actor, encounter_id)
    _check(actor, encounter)
    last = _latest(encounter)
    if last is None or last.outcome not in ("", calling.ANSWERED, calling.NO_ANSWER):
        raise Conflict("not_called")
    if not calling.may_undo(last.came_at or last.ended_at or last.called_at, clock.now()):
        raise Conflict("call_undo_too_late")
    was = _take_back(last)
    session.flush()
    _restore(encounter)
    record(actor, "call_undone", **_ids(encounter), call=last.id, was=was)


def _take_back(last: Call) -> str:
    if last.came_at and last.outcome == calling.NO_ANSWER:  # called, no answer, turned up: not here after all
        last.came_at = None
        return calling.ANSWERED
    was = last.outcome or calling.CALLED
    last.came_at = None
    last.ended_at, last.outcome = (None, "") if last.ended_at else (clock.now(), calling.UNDONE)
    return was


def _restore(encounter: Encounter) -> None:
    """Write on the visit what its calls say since somebody last saw the patient."""
    count, newest = 0, None
    for row in _calls(encounter):
        if row.came_at or row.outcome == calling.MET:
            break
        newest, count = newest or row, count + 1
    if newest is None:
        note(encounter, call_state="", call_count=0, called_at=None, room_id=None)
        return
    if newest.outcome == calling.AGAIN:  # ended by the call that is taken back, and by nobody's word
        newest.ended_at, newest.outcome = None, ""
    state = calling.CALLED if newest.ended_at is None else calling.NO_ANSWER
    note(encounter, call_state=state, call_count=count, called_at=newest.called_at, room_id=newest.room_id)


@verb
def place(actor: Actor, encounter_id: str, room_id: str) -> None:
    """Note in which room the patient is, without a call; "" for in no room. Raises Refused for no such room."""
    encounter = for_writing(actor, encounter_id)
    _check(actor, encounter)
    room, before = get_offered(actor, room_id).id if room_id else None, encounter.room_id
    if room != before:
        note(encounter, room_id=room)
        record(actor, "room_assigned", **_ids(encounter), room=room, before=before)


def _check(actor: Actor, encounter: Encounter) -> None:
    if not calling.may_call(actor.roles, encounter.stage):
        raise Conflict("not_your_stage")
    late.check(encounter.called_at)


def _ids(encounter: Encounter) -> dict[str, str]:
    return {"patient_id": encounter.patient_id, "encounter_id": encounter.id}


def _calls(encounter: Encounter) -> Sequence[Call]:
    query = select(Call).where(Call.encounter_id == encounter.id, Call.outcome != calling.UNDONE)
    return session.scalars(query.order_by(Call.called_at.desc(), Call.ended_at.is_(None).desc())).all()


def _latest(encounter: Encounter) -> Call | None:
    return next(iter(_calls(encounter)), None)


def _open_call(encounter: Encounter) -> Call | None:
    return session.scalar(select(Call).where(Call.encounter_id == encounter.id, Call.ended_at.is_(None)))


def list_called(actor: Actor) -> list[Call]:
    """Return the calls that are open now, the oldest first, with patient, room and caller."""
    query = _with_people(actor).where(Call.ended_at.is_(None), Encounter.finished_at.is_(None))
    return list(session.scalars(query.order_by(Call.called_at)))


def list_missing(actor: Actor) -> list[Call]:
    """Return the last call of everybody who did not answer and is to be called again: emergencies, then the oldest."""
    last = Call.called_at == Encounter.called_at
    query = _with_people(actor).where(
        Encounter.call_state == calling.NO_ANSWER, Encounter.finished_at.is_(None), last, Call.ended_at.is_not(None)
    )
    rows = session.scalars(query.order_by(Call.called_at))
    return sorted(rows, key=lambda row: not row.encounter.is_emergency)


def _with_people(actor: Actor) -> Select[Call]:
    return (
        select(Call)
        .join(Call.encounter)
        .where(Encounter.visible_to(actor))
        .options(joinedload(Call.encounter).joinedload(Encounter.patient))
        .options(joinedload(Call.room), joinedload(Call.caller))
    )


def list_of(encounter: Encounter) -> Sequence[Call]:
    """Return the visit's calls, the newest first, with room and caller."""
    query = select(Call).where(Call.encounter_id == encounter.id).options(joinedload(Call.room))
    return session.scalars(query.options(joinedload(Call.caller)).order_by(Call.called_at.desc(), Call.id)).all()


def may_call(actor: Actor, encounter: Encounter) -> bool:
    """Tell whether the actor calls this patient now."""
    return encounter.finished_at is None and calling.may_call(actor.roles, encounter.stage)


def withdraw(actor: Actor, encounter: Encounter) -> None:
    """Take back the actor's own open call of this patient inside a verb, if there is one."""
    last = _open_call(encounter)
    if last is None or last.called_by != actor.staff_id:
        return
    was = _take_back(last)
    session.flush()
    _restore(encounter)
    record(actor, "call_undone", **_ids(encounter), call=last.id, was=was)
