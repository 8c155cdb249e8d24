"""An arrival and its way through the stages: loading what the actor may see, checking in, moving, leaving."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from triage import ahead, clock
from triage.db import read, read_one, session, verb
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound, Stale, Untimely
from triage.models import Claim, Encounter, Patient, Staff, StageChange
from triage.models.encounters import sight
from triage.prepared import Prepared
from triage.services import booked, call_state, expected, late, notices, presence, tickets
from triage.services.audit import lock_site, record, record_read
from triage.services.insertion import insert_late, insert_row
from triage.services.keeping import columns, kept
from triage.services.leases import let_go
from triage.services.submissions import once, remember
from triage.services.trail import lock_of

# Built once: to build a statement takes longer than to run it.
_HERE = Prepared(
    select(Encounter.id, Encounter.ticket).where(
        Encounter.site_id == bindparam("site"),
        Encounter.patient_id == bindparam("patient"),
        Encounter.finished_at.is_(None),
    )
)
_TICKET = Prepared(select(Encounter.ticket).where(Encounter.id == bindparam("id"), Encounter.in_sight()))
_PARTS = (Encounter, Patient, Claim, Staff)
_WHOLE = Prepared(
    select(*(column for noun in _PARTS for column in columns(noun)))
    .select_from(Encounter)
    .join(Patient, Patient.id == Encounter.patient_id)
    .outerjoin(Claim, Claim.encounter_id == Encounter.id)
    .outerjoin(Staff, Staff.id == Claim.staff_id)
    .where(Encounter.id == bindparam("id"), Encounter.in_sight())
)


def get(actor: Actor, encounter_id: str) -> Encounter:
    """Return the encounter with its patient and claim, if the actor may see it; raises NotFound otherwise."""
    for row in read(_WHOLE, id=encounter_id, **sight(actor)):
        return _whole(iter(row))
    raise NotFound("encounter")


def _whole(values: Iterator[Any]) -> Encounter:
    here, who, claim, staff = (list(islice(values, len(columns(noun)))) for noun in _PARTS)
    encounter, held = kept(Encounter, here), kept(Claim, claim) if claim[0] else None
    set_committed_value(encounter, "patient", kept(Patient, who))
    if held is not None:
        set_committed_value(held, "staff", kept(Staff, staff))
    set_committed_value(encounter, "claim", held)
    return encounter


def ticket_of(actor: Actor, encounter_id: str) -> str:
    """Return the ticket alone, if the actor may see the encounter; raises NotFound otherwise."""
    ticket: str | None = read_one(_TICKET, id=encounter_id, **sight(actor))
    if ticket is None:
        raise NotFound("encounter")
    return ticket


def open_(actor: Actor, encounter_id: str, what: str) -> Encounter:
    """Return the encounter and record that the actor saw it; ``what`` names the page.

    Beside it stands who has the page open now, and that the actor knows what had to be told about this patient.
    """
    encounter = get(actor, encounter_id)
    record_read(
        actor, "patient_opened", patient_id=encounter.patient_id, encounter_id=encounter.id, what=what,
        beside=partial(_open_now, actor, encounter.id),
    )  # fmt: skip
    return encounter


def _open_now(actor: Actor, encounter_id: str, own: Session) -> None:
    presence.enter(own, actor, encounter_id)
    notices.told(own, actor, encounter_id)


def print_(actor: Actor, encounter_id: str, what: str) -> Encounter:
    """Return the encounter and record that the actor printed ``what`` of it."""
    encounter = get(actor, encounter_id)
    record_read(actor, "printed", patient_id=encounter.patient_id, encounter_id=encounter.id, what=what)
    return encounter


def for_writing(
    actor: Actor, encounter_id: str, *more: ahead.Question, values: Sequence[ahead.Question] = ()
) -> Encounter:
    """Return the encounter inside a verb, the site's writes in order; raises NotFound, or Conflict if closed.

    ``more`` and ``values`` are what the verb is going to ask about it, asked together with it.
    """
    ahead.ask(session(), lock_of(actor.site_id), (_WHOLE, {"id": encounter_id, **sight(actor)}), *more, values=values)
    lock_site(session(), actor.site_id)
    encounter = get(actor, encounter_id)
    if encounter.stage in lifecycle.CLOSED:
        raise Conflict("step_not_possible", stage=encounter.stage)
    late.check(encounter.arrived_at, code="late_before_arrival")
    return encounter


def check_version(row: Any, version: int | None) -> None:
    """Refuse a write that was prepared on an older row; raises Stale naming who changed it."""
    if version is not None and row.version != version:
        raise Stale(row.updated_by or "?", row.updated_at or clock.now())


def touch(actor: Actor, row: Any) -> None:
    """Note on the row who changes it now."""
    row.updated_by, row.updated_at = actor.name, clock.entered()


def move(actor: Actor, encounter: Encounter, step: str) -> None:
    """Take the encounter one step inside a verb; raises Conflict where the table of stages does not allow it."""
    before, at = encounter.stage, _in_sequence(encounter, step)
    encounter.stage = lifecycle.after(step, before)
    touch(actor, encounter)
    if encounter.stage != before:
        encounter.stage_since = at
    if encounter.stage in lifecycle.CLOSED:
        encounter.finished_at, encounter.outcome = at, encounter.stage
        # A visit and its place end together; the database keeps it too. Who had the patient hears of it.
        let_go(actor, encounter, tell=True)
    insert_late(
        StageChange, encounter_id=encounter.id, from_stage=before, to_stage=encounter.stage, step=step, at=at,
        staff_id=actor.staff_id or None, device="" if actor.staff_id else actor.name,
    )  # fmt: skip
    call_state.settle(encounter, step, at)


def _in_sequence(encounter: Encounter, step: str) -> datetime:
    """Return when the step was taken: one noted on paper does not come before the last; an emergency always counts."""
    if step != "raise_emergency":
        late.check(encounter.stage_since)
    return max(clock.now(), encounter.stage_since) if clock.entered_late() else clock.now()


@verb
def check_in(actor: Actor, patient_id: str, request_id: str, paper_ticket: str = "") -> str:
    """Open an encounter with the day's next ticket and return its id; the same form sent twice opens one.

    ``paper_ticket``: the patient bears this one already, from the pad. Raises NotFound for a patient out of sight,
    Conflict with the ticket when the patient is already here, Invalid for a paper ticket that is taken.
    """
    lock_site(session(), actor.site_id)  # first, so that the second of two presses finds what the first one made
    known = once(request_id)
    if known:
        return known
    patient = session.scalar(select(Patient).where(Patient.id == patient_id, Patient.visible_to(actor)))
    if patient is None:
        raise NotFound("patient")
    encounter = admit(actor, patient, paper_ticket)
    remember(actor, request_id, encounter.id)
    return encounter.id


def admit(actor: Actor, patient: Patient, paper_ticket: str = "", is_new: bool = False) -> Encounter:
    """Open an encounter inside a verb, under the site's lock; raises Conflict when the patient is already here.

    ``is_new``: the same use case has made the patient, who can be nowhere yet and is awaited by nobody.
    """
    if not is_new:
        _refuse_second_place(actor, patient)
    encounter = _new_encounter(actor, patient, paper_ticket)
    record(actor, "checked_in", patient_id=patient.id, encounter_id=encounter.id, ticket=encounter.ticket)
    if not is_new:
        booked.keep(actor, encounter)
        expected.receive(actor, encounter)
    return encounter


def _refuse_second_place(actor: Actor, patient: Patient) -> None:
    for visit in read(_HERE, site=actor.site_id, patient=patient.id):
        raise Conflict("already_open", ticket=visit.ticket, encounter=visit.id)
    if clock.entered_late():
        _refuse_overlap(actor, patient)


def _refuse_overlap(actor: Actor, patient: Patient) -> None:
    """Refuse an arrival from paper within a visit that has ended since: nobody is here twice."""
    within = (Encounter.arrived_at <= clock.now(), Encounter.finished_at > clock.now())
    mine = (Encounter.site_id == actor.site_id, Encounter.patient_id == patient.id)
    if session.scalar(select(Encounter.id).where(*mine, *within).limit(1)) is not None:
        raise Untimely("late_other_visit")


def _new_encounter(actor: Actor, patient: Patient, paper_ticket: str) -> Encounter:
    at = clock.now()
    day = tickets.day_of(actor, at)
    ticket = tickets.from_pad(actor, day, paper_ticket) if paper_ticket else tickets.following(actor, day)
    encounter = insert_row(
        Encounter, site_id=actor.site_id, patient_id=patient.id, ticket_date=day, ticket=ticket,
        arrived_at=at, stage=lifecycle.REGISTERED, stage_since=at, updated_by=actor.name, updated_at=at,
    )  # fmt: skip
    set_committed_value(encounter, "claim", None)  # nobody can have a patient who has just come
    return encounter


def timeline(encounter: Encounter) -> list[StageChange]:
    """Return the encounter's steps in order, each with who took it."""
    query = select(StageChange).where(StageChange.encounter_id == encounter.id).options(joinedload(StageChange.staff))
    return list(session.scalars(query.order_by(StageChange.at, StageChange.id)))


def earlier(actor: Actor, patient_id: str, limit: int = 10) -> list[Encounter]:
    """Return the patient's latest encounters at this site, newest first."""
    query = select(Encounter).where(Encounter.patient_id == patient_id, Encounter.visible_to(actor))
    return list(session.scalars(query.order_by(Encounter.arrived_at.desc()).limit(limit)))


def staff_names(ids: set[str | None]) -> dict[str, str]:
    """Return the names of staff by id."""
    wanted = [i for i in ids if i]
    return {row.id: row.name for row in session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(wanted)))}
