"""A visit that ends beside its way: warned of what is open, noted, undone for ten minutes, called back afterwards."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import leaving, lifecycle
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.findings import not_known_urgent, unanswered_urgent
from triage.knowledge.types import Labelled
from triage.models import CallBack, Departure, Encounter, Finding
from triage.services import intakes, late
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, for_writing, get, move, touch
from triage.services.orders import cancel_imaging, is_started
from triage.services.reopening import open_again, refuse_second_visit, standing


@dataclass(frozen=True)
class Open:
    """What stays open, by name: findings the rules fear, urgent questions without an answer or not known."""

    flags: tuple[str, ...]
    unanswered: tuple[str, ...]
    not_known: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return all of it, as the second confirmation has to name it."""
        marks = (("flag", self.flags), ("unanswered", self.unanswered), ("not_known", self.not_known))
        return tuple(f"{mark}:{name}" for mark, names in marks for name in names)


def open_of(encounter: Encounter) -> Open:
    """Return what a visit that ends now would leave open."""
    known, answers = knowledge.load(), intakes.answers_of(encounter)
    return Open(
        tuple(encounter.suggested_flags.split()), tuple(unanswered_urgent(known, answers)),
        tuple(not_known_urgent(known, answers)),
    )  # fmt: skip


def reasons_of(kind: str) -> dict[str, Labelled]:
    """Return the coded reasons why a visit ends this way, by id."""
    flow = knowledge.load().flow
    return {known.id: known for known in (flow.leave_reasons if kind == leaving.UNSEEN else flow.end_reasons)}


@verb
def leave(
    actor: Actor, encounter_id: str, version: int, reason: str, note: str = "", confirmed: Collection[str] = (),
    kind: str = leaving.UNSEEN,
) -> str:  # fmt: skip
    """End the visit of who left without being seen (or was finished, and nobody noted it); return the departure's id.

    Never an emergency, never during an examination (Conflict). Refused without a coded reason, and as "leaves_open"
    until a second confirmation names everything that is open: red flags, and urgent questions without an answer.
    """
    encounter = for_writing(actor, encounter_id)
    check_version(encounter, version)
    lifecycle.after(leaving.STEPS[kind], encounter.stage)
    if is_started(encounter):
        raise Conflict("imaging_runs")
    if reason not in reasons_of(kind):
        raise Refused("reason_needed")
    if clock.entered_late():
        late.check(session.scalar(select(func.max(Finding.recorded_at)).where(Finding.encounter_id == encounter.id)))
    left_open = open_of(encounter).names
    if set(left_open) - set(confirmed):
        raise Refused("leaves_open")
    departure = _note(actor, encounter, kind, reason, note.strip(), left_open)
    cancel_imaging(actor, encounter, leaving.LEFT)
    move(actor, encounter, leaving.STEPS[kind])
    return departure.id


def _note(
    actor: Actor, encounter: Encounter, kind: str, reason: str, words: str, left_open: Sequence[str]
) -> Departure:
    departure = Departure(
        site_id=encounter.site_id, encounter_id=encounter.id, kind=kind, at=clock.now(), noted_by=actor.staff_id,
        reason=reason, note=words, confirmed=list(left_open), before=standing(encounter),
        status=leaving.TO_CALL if kind == leaving.UNSEEN else "", updated_by=actor.name, updated_at=clock.now(),
    )  # fmt: skip
    session.add(departure)
    session.flush()
    name = "left_unseen" if kind == leaving.UNSEEN else "visit_ended"
    record(
        actor, name, patient_id=encounter.patient_id, encounter_id=encounter.id, departure=departure.id, reason=reason,
        note=words, confirmed=list(left_open), **{"from": encounter.stage},
    )  # fmt: skip
    return departure


@verb
def undo(actor: Actor, departure_id: str) -> str:
    """Open the visit again within 10 minutes, with the same ticket and arrival, where it stood; return its id.

    Imaging that was called off is asked for again, calls without answer count again, whoever had the patient has the
    patient again. Raises Conflict when it is too
    late, or the patient was checked in anew.
    """
    lock_site(session(), actor.site_id)
    departure = find(actor, departure_id)
    if departure.undone_at is not None or not leaving.may_undo(departure.entered_at or departure.at, clock.now()):
        raise Conflict("departure_undo_too_late")
    encounter = get(actor, departure.encounter_id)
    refuse_second_visit(encounter)
    departure.undone_at, departure.status = clock.now(), ""
    touch(actor, departure)
    open_again(actor, encounter, departure.before, departure.at)
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "departure_undone", **ids, departure=departure.id, kind=departure.kind)
    return encounter.id


def find(actor: Actor, departure_id: str) -> Departure:
    """Return the departure with its patient, if the actor may see it; raises NotFound."""
    found: Departure | None = session.scalar(_departures(actor).where(Departure.id == departure_id))
    if found is None:
        raise NotFound("departure")
    return found


def _departures(actor: Actor) -> Any:
    return (
        select(Departure)
        .where(Departure.visible_to(actor))
        .options(joinedload(Departure.encounter).joinedload(Encounter.patient), joinedload(Departure.noter))
        .execution_options(populate_existing=True)
    )


def latest_of(actor: Actor, encounter: Encounter) -> Departure | None:
    """Return how this visit ended beside its way, None where it did not."""
    query = _departures(actor).where(Departure.encounter_id == encounter.id, Departure.undone_at.is_(None))
    found: Departure | None = session.scalars(query.order_by(Departure.at.desc()).limit(1)).first()
    return found


def list_unseen(actor: Actor) -> Sequence[Departure]:
    """Return who left without being seen: everybody still to be called back, whatever the day, and all of today."""
    zone = ZoneInfo(actor.time_zone)
    midnight = datetime.combine(clock.now().astimezone(zone).date(), time(), zone)
    mine = select(Departure.id).where(Departure.visible_to(actor))
    # Found first, each by its index: in one query with "or", everybody who ever left would be read.
    waiting, today = mine.where(Departure.status == leaving.TO_CALL), mine.where(Departure.at >= midnight)
    ids = session.scalars(union_all(waiting, today)).all()
    query = _departures(actor).where(Departure.id.in_(ids))
    query = query.where(Departure.kind == leaving.UNSEEN, Departure.undone_at.is_(None))
    rows: Sequence[Departure] = session.scalars(query.order_by(Departure.at)).all()
    return sorted(rows, key=lambda row: (row.status != leaving.TO_CALL, not row.confirmed))


@verb
def call_back(actor: Actor, departure_id: str, version: int, result: str, words: str = "") -> None:
    """Append an attempt to reach who left: reached, not reached (stays on the list), or stopped, which needs a note."""
    lock_site(session(), actor.site_id)
    departure = find(actor, departure_id)
    check_version(departure, version)
    if departure.status != leaving.TO_CALL:
        raise Conflict("nobody_to_call")
    if result not in leaving.RESULTS:
        raise Refused("result_needed")
    if result == leaving.STOPPED and not words.strip():
        raise Refused("note_needed")
    at = clock.now()
    session.add(CallBack(departure_id=departure.id, at=at, staff_id=actor.staff_id, result=result, note=words.strip()))
    departure.attempts, departure.attempted_at = departure.attempts + 1, at
    departure.status = leaving.status_after(result)
    touch(actor, departure)
    ids = {"patient_id": departure.encounter.patient_id, "encounter_id": departure.encounter_id}
    record(
        actor, "called_back", **ids, departure=departure.id, result=result, attempts=departure.attempts,
        note=words.strip(),
    )  # fmt: skip
