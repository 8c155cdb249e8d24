"""Patients: made once, changed with the other person's change in view, opened with a trace."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from triage import ahead, clock
from triage.db import read_one, session, verb
from triage.domain import names
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound, Stale
from triage.models import Encounter, Organisation, Patient, TreatmentDecision
from triage.prepared import Prepared
from triage.services import doubles, drafts, encounters, intakes, issued, lookup, name_index, tickets
from triage.services.audit import lock_site, record, record_read
from triage.services.insertion import insert_row
from triage.services.notices import note_rows
from triage.services.submissions import MADE, once, remember
from triage.services.trail import lock_of

#: A request id that ends so answers for the check-in that came with the patient.
_ADMITTED = "-in"
# Built once: to build a statement takes longer than to run it.
_LOCK = Prepared(select(Organisation.id).where(Organisation.id == bindparam("organisation")).with_for_update())
_LAST_NUMBER = Prepared(
    select(Patient.number)
    .where(Patient.organisation_id == bindparam("organisation"), Patient.number.between("000000", "999999"))
    .order_by(Patient.number.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Visit:
    """One encounter of the patient, and the surgeon's last decision in it."""

    encounter: Encounter
    decision: TreatmentDecision | None


def get(actor: Actor, patient_id: str) -> Patient:
    """Return the patient with identifiers, if the actor may see the record; raises NotFound otherwise."""
    query = select(Patient).where(Patient.id == patient_id, Patient.visible_to(actor))
    patient = session.scalar(query.options(joinedload(Patient.identifiers)).execution_options(populate_existing=True))
    if patient is None:
        raise NotFound("patient")
    return patient


def open_(actor: Actor, patient_id: str, what: str) -> Patient:
    """Return the patient and record that the actor saw the record."""
    patient = get(actor, patient_id)
    record_read(actor, "patient_opened", patient_id=patient.id, what=what)
    return patient


def list_visits(actor: Actor, patient_id: str, limit: int = 50) -> list[Visit]:
    """Return the patient's visits at this site, newest first, each with the last decision."""
    visits = encounters.earlier(actor, patient_id, limit)
    query = select(TreatmentDecision).where(TreatmentDecision.encounter_id.in_([visit.id for visit in visits]))
    last = {row.encounter_id: row for row in session.scalars(query.order_by(TreatmentDecision.at))}
    return [Visit(visit, last.get(visit.id)) for visit in visits]


@verb
def create(
    actor: Actor,
    values: Mapping[str, Any],
    identifiers: Mapping[str, str],
    request_id: str,
    different: Collection[str] = (),
) -> str:
    """Add a patient and return the id; the same form sent twice adds one.

    Raises Conflict while somebody on file may be the same person, unless their id is among ``different``: then both
    records are marked. Raises Invalid for a number that another record bears.
    """
    made = _made(actor, request_id, values)
    return made.id if made else _create(actor, values, identifiers, request_id, different).id


@verb
def create_and_check_in(
    actor: Actor,
    values: Mapping[str, Any],
    identifiers: Mapping[str, str],
    request_id: str,
    different: Collection[str] = (),
    paper_ticket: str = "",
) -> str:
    """Add a patient who is standing at the desk, and return the id of the encounter; sent twice, it is one."""
    ticket = tickets.question(actor, tickets.day_of(actor, clock.now()))
    made = _made(actor, request_id, values, ticket)
    admitted = once(f"{request_id}{_ADMITTED}") if made else None
    if admitted:
        return admitted
    patient = made or _create(actor, values, identifiers, request_id, different)
    encounter = encounters.admit(actor, patient, paper_ticket, is_new=made is None)
    remember(actor, f"{request_id}{_ADMITTED}" if request_id else "", encounter.id)
    return encounter.id


def add_caller(actor: Actor, values: Mapping[str, Any], request_id: str, different: Collection[str] = ()) -> Patient:
    """Add inside a verb somebody who is on the telephone, not verified until arrival; the same form adds one.

    Raises Conflict as ``create`` does while somebody on file may be the same person.
    """
    patient = _made(actor, request_id, values) or _create(
        actor, {**values, "unverified": True}, {}, request_id, different
    )
    session.flush()
    return patient


def _made(actor: Actor, request_id: str, values: Mapping[str, Any], *more: ahead.Question) -> Patient | None:
    """Return the patient whom this request has made before, looked for under the lock.

    Asked with it is what a new patient of these values makes necessary to know, and ``more``, one value each.
    """
    numbers = ((MADE, {"request": request_id}), (_LAST_NUMBER, {"organisation": actor.organisation_id}))
    _lock(actor, doubles.question(actor, values), values=(*numbers, *more))
    made = once(request_id)
    return get(actor, made) if made else None


def _create(
    actor: Actor, values: Mapping[str, Any], identifiers: Mapping[str, str], request_id: str, different: Collection[str]
) -> Patient:
    alike = doubles.find_alike(actor, values)
    if any(other.id not in different for other in alike):
        raise Conflict("maybe_on_file")
    patient = _add(actor, values)
    issued.write(actor, patient, identifiers)
    _mark_same_name(actor, patient, alike)
    remember(actor, request_id, patient.id)
    record(actor, "patient_created", patient_id=patient.id, number=patient.number)
    drafts.forget(actor, drafts.new_patient(request_id))
    return patient


def _lock(actor: Actor, *more: ahead.Question, values: Sequence[ahead.Question] = ()) -> None:
    """Let one desk write at a time: the site's in order, then the organisation's, whose numbers all sites share."""
    organisation = {"organisation": actor.organisation_id}
    ahead.ask(session(), lock_of(actor.site_id), (_LOCK, organisation), *more, values=values)
    lock_site(session(), actor.site_id)
    if name_index.database() != "sqlite":  # there whoever writes has locked everything
        read_one(_LOCK, **organisation)


def _add(actor: Actor, values: Mapping[str, Any]) -> Patient:
    return insert_row(
        Patient, organisation_id=actor.organisation_id, number=_next_number(actor), created_at=clock.now(),
        updated_by=actor.name, updated_at=clock.entered(), **_keys(values), **values,
    )  # fmt: skip


def _keys(values: Mapping[str, Any]) -> dict[str, str]:
    return names.keys(*(values[name] for name in names.PARTS))


def _next_number(actor: Actor) -> str:
    last = read_one(_LAST_NUMBER, organisation=actor.organisation_id)
    return f"{int(last or 0) + 1:06d}"


def _mark_same_name(actor: Actor, patient: Patient, others: Iterable[Patient]) -> None:
    """Mark, for good, both records of people who could be taken for each other."""
    for other in others:
        patient.same_name = True
        if not other.same_name:
            other.same_name = True
            encounters.touch(actor, other)
            record(
                actor, "patient_changed", patient_id=other.id, before={"same_name": False}, after={"same_name": True}
            )
            note_rows(actor, Encounter.patient_id == other.id, "patient_changed")


@verb
def update(
    actor: Actor, patient_id: str, version: int, values: Mapping[str, Any], identifiers: Mapping[str, str] | None = None
) -> None:
    """Change the record; raises Stale, with what stands now, when somebody changed it after the page was opened."""
    _lock(actor)
    patient = get(actor, patient_id)
    if patient.version != version:
        raise Stale(patient.updated_by, patient.updated_at or clock.now(), _current(patient, values, identifiers or {}))
    before = {name: getattr(patient, name) for name in values}
    changed = {name: value for name, value in values.items() if before[name] != value}
    old_numbers = {issuer: patient.identifier(issuer) for issuer in identifiers or {}}
    numbers = issued.change(actor, patient, identifiers or {})
    if not changed and not numbers:
        return
    for name, value in changed.items():
        setattr(patient, name, value)
    encounters.touch(actor, patient)
    if changed.keys() & set(names.PARTS):
        _renamed(actor, patient)
    _record_change(
        actor, patient, {name: before[name] for name in changed} | {name: old_numbers[name] for name in numbers},
        changed | numbers,
    )  # fmt: skip


def _current(patient: Patient, values: Mapping[str, Any], identifiers: Mapping[str, str]) -> dict[str, Any]:
    stands = {name: getattr(patient, name) for name in values}
    return stands | {issuer: patient.identifier(issuer) for issuer in identifiers} | {"version": patient.version}


def _renamed(actor: Actor, patient: Patient) -> None:
    called = {name: getattr(patient, name) for name in names.PARTS}
    for column, key in _keys(called).items():
        setattr(patient, column, key)
    same = doubles.of_name(actor, called)
    _mark_same_name(actor, patient, [other for other in same if other.id != patient.id])


def _record_change(actor: Actor, patient: Patient, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    visit = lookup.here(actor, [patient.id]).get(patient.id)
    encounter_id = visit.id if visit else None
    record(actor, "patient_changed", patient_id=patient.id, encounter_id=encounter_id, before=before, after=after)
    if visit and {"birth_date", "sex"} & after.keys():
        intakes.reassess(actor, encounters.get(actor, visit.id))  # the rules read both
