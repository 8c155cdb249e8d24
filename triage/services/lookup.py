"""Finding a patient: by birth date, number, ticket or name; and who may be on file already."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union, union_all

from triage.db import session
from triage.domain import lookup, names
from triage.domain.access import Actor
from triage.models import Encounter, Patient, PatientIdentifier
from triage.services import name_index
from triage.services.audit import record_read

#: Rows shown for one search; more are asked to be narrowed.
SHOWN = 8
#: Of each rank, so many patients are put in order: one letter fits thousands, and nobody reads on after the eighth.
SORTED = 100
#: The order among those whom the words fit equally well.
IN_ORDER = (Patient.family_kana, Patient.given_kana, Patient.birth_date, Patient.id)


@dataclass(frozen=True)
class Found:
    """The answer to one search: patients, whether there are more, how a date was read, who is here, last visits."""

    patients: Sequence[Patient] = ()
    more: bool = False
    read_as: date | None = None
    here: Mapping[str, Encounter] = field(default_factory=dict)
    last_seen: Mapping[str, datetime] = field(default_factory=dict)


def search(actor: Actor, text: str) -> Found:
    """Return the patients whom all typed words fit; the search is recorded.

    Exact names come first, then beginnings, then what is inside a name.
    """
    terms = lookup.read(text)
    if not terms:
        return Found()
    rows = list(session.scalars(_matching(actor, terms).limit(SHOWN + 1)))
    shown = rows[:SHOWN]
    record_read(actor, "patients_searched", words=names.normalise(text)[: lookup.LONGEST], found=len(shown))
    ids = [patient.id for patient in shown]
    day = next((term.day for term in terms if term.day), None)
    return Found(shown, len(rows) > SHOWN, day, here(actor, ids), last_seen(actor, ids))


def _matching(actor: Actor, terms: Sequence[lookup.Term]) -> Select[Patient]:
    """Return the query of the patients whom all terms fit, in order; each way of asking has its index."""
    words = [term for term in terms if term.words]
    if len(words) == len(terms):
        return _named(actor, words)
    query = select(Patient).where(Patient.visible_to(actor))
    for term in terms:
        if not term.words:
            # One look-up per index, joined by their ids: joined by "or", every row would be read.
            ids = union(*_by_index(actor, term)).subquery()
            query = query.join(ids, ids.c[0] == Patient.id)
    if not words:
        return query.order_by(*IN_ORDER)
    whole, begun, within = (name_index.holds(pieces) for pieces in _ranks(words))
    return query.where(within).order_by(case((whole, 0), (begun, 1), else_=2), *IN_ORDER)


def _named(actor: Actor, words: Sequence[lookup.Term]) -> Select[Patient]:
    """Return the query of the patients whose names fit; of a name that very many bear, the first found are sorted."""
    ranked = [
        select(name_index.bearers(actor, pieces).limit(SORTED).subquery(), literal(rank).label("rank"))
        for rank, pieces in enumerate(_ranks(words))
    ]
    found = union_all(*ranked).subquery()
    best = select(found.c[0].label("id"), func.min(found.c.rank).label("rank")).group_by(found.c[0]).subquery()
    return select(Patient).join(best, best.c.id == Patient.id).order_by(best.c.rank, *IN_ORDER)


def _ranks(words: Sequence[lookup.Term]) -> tuple[name_index.Pieces, ...]:
    """Return what the key must hold of each word: whole parts of a name, their beginnings, anything inside."""
    return [term.whole for term in words], [term.begun for term in words], [term.within for term in words]


def _by_index(actor: Actor, term: lookup.Term) -> Iterator[Select[str]]:
    mine = select(Patient.id).where(Patient.organisation_id == actor.organisation_id)
    yield mine.where(Patient.number.in_({term.number, term.number.zfill(6)}))
    yield select(PatientIdentifier.patient_id).where(
        PatientIdentifier.organisation_id == actor.organisation_id,
        PatientIdentifier.issuer.in_(lookup.ISSUERS),
        PatientIdentifier.value == term.number,
    )
    if term.day:
        yield mine.where(Patient.birth_date == term.day)
    if term.ticket:
        yield select(Encounter.patient_id).where(*_open(actor), Encounter.ticket == term.ticket)


def _open(actor: Actor) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Encounter.site_id == actor.site_id, Encounter.finished_at.is_(None)


def here(actor: Actor, ids: Sequence[str]) -> dict[str, Encounter]:
    """Return the open encounters of these patients at the actor's site, by patient."""
    query = select(Encounter).where(*_open(actor), Encounter.patient_id.in_(ids))
    return {encounter.patient_id: encounter for encounter in session.scalars(query)}


def last_seen(actor: Actor, ids: Sequence[str]) -> dict[str, datetime]:
    """Return when these patients last came to the actor's site and went again, by patient."""
    query = select(Encounter.patient_id, func.max(Encounter.arrived_at)).where(
        Encounter.patient_id.in_(ids), Encounter.visible_to(actor), Encounter.finished_at.is_not(None)
    )
    return dict(session.execute(query.group_by(Encounter.patient_id)).all())


def find_alike(actor: Actor, values: Mapping[str, Any]) -> list[Patient]:
    """Return who may be the same person: born the same day with a like name or telephone, or of the same full name."""
    born = values.get("birth_date")
    mine = select(Patient).where(Patient.visible_to(actor)).order_by(Patient.id)
    same_day = session.scalars(mine.where(Patient.birth_date == born)) if born else ()
    found = [patient for patient in same_day if _alike(patient, values)]
    return list(dict.fromkeys([*found, *of_name(actor, values, SHOWN)]))[:SHOWN]


def of_name(actor: Actor, values: Mapping[str, Any], limit: int | None = None) -> Sequence[Patient]:
    """Return the patients of the same full name, as written or as read, in a lasting order."""
    keys = [f"|{key}|" for key in _full_names(values) if key]
    if not keys:
        return []
    ids = name_index.bearers(actor, [keys])
    return session.scalars(select(Patient).where(Patient.id.in_(ids)).order_by(Patient.id).limit(limit)).all()


def _full_names(values: Mapping[str, Any]) -> Iterator[str]:
    for family, given in (("family_name", "given_name"), ("family_kana", "given_kana")):
        if values[family] and values[given]:
            yield names.fold(values[family] + values[given])


def _alike(patient: Patient, values: Mapping[str, Any]) -> bool:
    written = (values["family_name"], values["given_name"])
    read = values["family_kana"] + values["given_kana"], values["given_kana"] + values["family_kana"]
    return (
        (bool(values.get("phone")) and values["phone"] == patient.phone)
        or any(names.alike(a, b) for a in written for b in (patient.family_name, patient.given_name))
        or any(names.similar(kana, patient.family_kana + patient.given_kana) for kana in read)
        or names.alike(values["family_kana"], patient.family_kana)
    )
