"""Patients: found by name, kana, birth date or number; made once; changed with the other person's change in view."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session, verb
from triage.domain import names
from triage.domain.access import Actor
from triage.domain.dates import find_date
from triage.domain.errors import Conflict, NotFound, Stale
from triage.models import Draft, Encounter, Patient, PatientIdentifier
from triage.services import intakes
from triage.services.audit import lock_site, record, record_read
from triage.services.encounters import admit, touch
from triage.services.encounters import get as get_encounter
from triage.services.submissions import once, remember

#: Rows shown for one search; more are asked to be narrowed.
SHOWN = 8
#: Name of the draft of a patient who is not yet on file.
NEW_PATIENT = "patient"


@dataclass(frozen=True)
class Found:
    """The answer to one search: the patients, whether there are more, and how a date was read."""

    patients: Sequence[Patient] = ()
    more: bool = False
    read_as: date | None = None
    here: Mapping[str, Encounter] | None = None
    last_seen: Mapping[str, Any] | None = None


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


def search(actor: Actor, text: str) -> Found:
    """Return the patients that a birth date, number, ticket or name fits, best first; the search is recorded."""
    text = names.normalise(text)[:100]
    if not text:
        return Found()
    day = find_date(text)
    conditions = Patient.birth_date == day if day else _by_words(actor, text)
    query = select(Patient).where(Patient.visible_to(actor), conditions)
    rows = list(session.scalars(query.order_by(Patient.family_kana, Patient.given_kana, Patient.id).limit(SHOWN + 1)))
    ids = [patient.id for patient in rows[:SHOWN]]
    record_read(actor, "patients_searched", words=text, found=len(ids))
    return Found(rows[:SHOWN], len(rows) > SHOWN, day, _here(actor, ids), _last_seen(actor, ids))


def _by_words(actor: Actor, text: str) -> ColumnElement[bool]:
    number = text.replace("-", "").replace(" ", "")
    ticket = select(Encounter.patient_id).where(
        Encounter.site_id == actor.site_id, Encounter.finished_at.is_(None), Encounter.ticket == number.upper()
    )
    options: list[ColumnElement[bool]] = [Patient.number == number, Patient.id.in_(ticket)]
    if number.isdigit():
        issued = select(PatientIdentifier.patient_id).where(
            PatientIdentifier.organisation_id == actor.organisation_id, PatientIdentifier.value == number
        )
        return or_(*options, Patient.id.in_(issued))
    for key in {names.fold(text), names.from_romaji(text) or names.fold(text)}:
        options.append(Patient.search_key.contains(f"|{key}", autoescape=True))
    return or_(*options)


def _here(actor: Actor, ids: list[str]) -> dict[str, Encounter]:
    query = select(Encounter).where(
        Encounter.site_id == actor.site_id, Encounter.finished_at.is_(None), Encounter.patient_id.in_(ids)
    )
    return {encounter.patient_id: encounter for encounter in session.scalars(query)}


def _last_seen(actor: Actor, ids: list[str]) -> dict[str, Any]:
    query = select(Encounter.patient_id, func.max(Encounter.arrived_at)).where(
        Encounter.patient_id.in_(ids), Encounter.visible_to(actor), Encounter.finished_at.is_not(None)
    )
    return {patient: at for patient, at in session.execute(query.group_by(Encounter.patient_id))}


def find_alike(actor: Actor, values: Mapping[str, Any]) -> list[Patient]:
    """Return patients who may be the same person: born the same day with a like name or phone, or namesakes."""
    born = values.get("birth_date")
    query = select(Patient).where(Patient.visible_to(actor))
    candidates = list(session.scalars(query.where(Patient.birth_date == born).limit(200))) if born else []
    same_day = [patient for patient in candidates if _alike(patient, values)]
    key = names.fold(f"{values['family_name']}{values['given_name']}")
    named = session.scalars(query.where(Patient.search_key.contains(f"|{key}|", autoescape=True)).limit(SHOWN))
    return list(dict.fromkeys([*same_day, *named]))[:SHOWN]


def _alike(patient: Patient, values: Mapping[str, Any]) -> bool:
    mine = {values["family_name"], values["given_name"], values["family_kana"], values["given_kana"]}
    theirs = (patient.family_name, patient.given_name, patient.family_kana, patient.given_kana)
    phone = bool(values.get("phone")) and values["phone"] == patient.phone
    return phone or any(names.alike(a, b) for a in mine for b in theirs)


@verb
def create(actor: Actor, values: Mapping[str, Any], identifiers: Mapping[str, str], request_id: str) -> str:
    """Add a patient and return the id; the same form sent twice adds one. A same name marks both records."""
    known = once(request_id)
    return known or _create(actor, values, identifiers, request_id).id


@verb
def create_and_check_in(
    actor: Actor, values: Mapping[str, Any], identifiers: Mapping[str, str], request_id: str
) -> str:
    """Add a patient who is standing at the desk, and return the id of the encounter; sent twice, it is one."""
    known = once(f"{request_id}-in")
    if known:
        return known
    encounter = admit(actor, _create(actor, values, identifiers, request_id))
    remember(actor, f"{request_id}-in", encounter.id)
    return encounter.id


def _create(actor: Actor, values: Mapping[str, Any], identifiers: Mapping[str, str], request_id: str) -> Patient:
    lock_site(session(), actor.site_id)
    patient = Patient(
        organisation_id=actor.organisation_id, number=_next_number(actor), created_at=clock.now(), **dict(values)
    )
    patient.search_key = _key(patient)
    touch(actor, patient)
    session.add(patient)
    session.flush()
    _write_identifiers(actor, patient, identifiers)
    _mark_same_name(actor, patient)
    remember(actor, request_id, patient.id)
    record(actor, "patient_created", patient_id=patient.id, number=patient.number)
    session.execute(delete(Draft).where(Draft.staff_id == actor.staff_id, Draft.form == NEW_PATIENT))
    return patient


def _key(patient: Patient) -> str:
    return names.search_key(patient.family_name, patient.given_name, patient.family_kana, patient.given_kana)


def _next_number(actor: Actor) -> str:
    query = select(func.max(Patient.number)).where(
        Patient.organisation_id == actor.organisation_id, func.length(Patient.number) == 6
    )
    return f"{int(session.scalar(query) or 0) + 1:06d}"


def _mark_same_name(actor: Actor, patient: Patient) -> None:
    key = names.fold(patient.family_name + patient.given_name)
    same = select(Patient).where(
        Patient.organisation_id == actor.organisation_id,
        Patient.search_key.contains(f"|{key}|", autoescape=True),
        Patient.id != patient.id,
    )
    for other in session.scalars(same):
        patient.same_name = True
        if not other.same_name:
            other.same_name = True
            touch(actor, other)
            record(
                actor, "patient_changed", patient_id=other.id, before={"same_name": False}, after={"same_name": True}
            )


def _write_identifiers(actor: Actor, patient: Patient, identifiers: Mapping[str, str]) -> None:
    for issuer, value in identifiers.items():
        same = select(PatientIdentifier.id).where(
            PatientIdentifier.organisation_id == actor.organisation_id,
            PatientIdentifier.issuer == issuer,
            PatientIdentifier.value == value,
        )
        if value and session.scalar(same):
            raise Conflict("number_taken")
        if value:
            session.add(
                PatientIdentifier(
                    organisation_id=actor.organisation_id, patient_id=patient.id, issuer=issuer, value=value
                )
            )


@verb
def update(
    actor: Actor, patient_id: str, version: int, values: Mapping[str, Any], identifiers: Mapping[str, str] | None = None
) -> None:
    """Change the record; raises Stale, with what stands now, when somebody changed it after the page was opened."""
    lock_site(session(), actor.site_id)
    patient = get(actor, patient_id)
    before = {name: getattr(patient, name) for name in values}
    if patient.version != version:
        raise Stale(patient.updated_by, patient.updated_at or clock.now(), {**before, "version": patient.version})
    changed = {name: value for name, value in values.items() if before[name] != value}
    numbers = _change_identifiers(actor, patient, identifiers or {})
    if not changed and not numbers:
        return
    for name, value in changed.items():
        setattr(patient, name, value)
    patient.search_key = _key(patient)
    touch(actor, patient)
    _mark_same_name(actor, patient)
    here = _here(actor, [patient.id]).get(patient.id)
    record(
        actor, "patient_changed", patient_id=patient.id, encounter_id=here.id if here else None,
        before={name: before[name] for name in changed}, after={**changed, **numbers},
    )  # fmt: skip
    if here and {"birth_date", "sex"} & changed.keys():
        intakes.reassess(actor, get_encounter(actor, here.id))  # the rules read both


def _change_identifiers(actor: Actor, patient: Patient, identifiers: Mapping[str, str]) -> dict[str, str]:
    changed = {issuer: value for issuer, value in identifiers.items() if patient.identifier(issuer) != value}
    for row in [row for row in patient.identifiers if row.issuer in changed]:
        patient.identifiers.remove(row)
        session.delete(row)
    session.flush()
    _write_identifiers(actor, patient, changed)
    return changed


def find_made(request_id: str | None) -> str | None:
    """Return the id of the patient that this form already made, or None."""
    return once(request_id or "")
