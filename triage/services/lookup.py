"""Finding a patient: by birth date, number, ticket or name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    union,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import aliased

from triage.db import read, session
from triage.domain import lookup, names
from triage.domain.access import Actor
from triage.models import Encounter, Patient, PatientIdentifier
from triage.models.patients import Named
from triage.prepared import Prepared
from triage.services import name_index
from triage.services.audit import record_read

#: Rows shown for one search; more are asked to be narrowed.
SHOWN = 8
#: Of each rank, so many patients are put in order: one letter fits thousands, and nobody reads on after the eighth. A
#: clinic of a hundred thousand patients pays for these few more than one of a hundred.
SORTED = 24
#: How well words fit, best first: whole parts of a name, their beginnings, anything inside.
RANKS = ("whole", "begun", "within")
#: The order among those whom the words fit equally well.
IN_ORDER = (Patient.family_kana, Patient.given_kana, Patient.birth_date, Patient.id)
#: Queries kept built: one for each person who searches and each kind of thing typed.
KEPT = 256


@dataclass(frozen=True)
class Person(Named):
    """What a list of people found shows of a patient."""

    id: str
    number: str
    family_name: str
    given_name: str
    family_kana: str
    given_kana: str
    birth_date: date | None
    sex: str
    language: str
    interpreter: bool
    call_by_number: bool
    mobility: str
    anticoagulant: str
    implants: str
    allergies: str
    same_name: bool


class Visit(NamedTuple):
    """The open visit of somebody who is here."""

    id: str
    ticket: str


@dataclass(frozen=True)
class Found:
    """The answer to one search: patients, whether there are more, how a date was read, who is here, last visits."""

    patients: Sequence[Person] = ()
    more: bool = False
    read_as: date | None = None
    here: Mapping[str, Visit] = field(default_factory=dict)
    last_seen: Mapping[str, datetime] = field(default_factory=dict)


def search(actor: Actor, text: str) -> Found:
    """Return the patients whom all typed words fit; the search is recorded.

    Exact names come first, then beginnings, then what is inside a name.
    """
    terms = lookup.read(text)
    if not terms:
        return Found()
    rows = read(_shown(name_index.database(), actor, kinds(terms)), **values(terms))
    shown = [(Person(*person), Visit(visit, ticket), seen) for *person, visit, ticket, seen in rows[:SHOWN]]
    record_read(actor, "patients_searched", words=names.normalise(text)[: lookup.LONGEST], found=len(shown))
    here = {person.id: visit for person, visit, _seen in shown if visit.id}
    last = {person.id: seen for person, _visit, seen in shown if seen}
    day = next((term.day for term in terms if term.day), None)
    return Found([person for person, _visit, _seen in shown], len(rows) > SHOWN, day, here, last)


class Kind(NamedTuple):
    """What a term may be: a word in so many spellings of each rank, or a number, and as one also a day or a ticket.

    ``inside``: what is looked for inside a name is more than what it may begin with.
    """

    spellings: tuple[int, ...]
    inside: bool
    is_day: bool
    is_ticket: bool


@lru_cache(KEPT)
def _shown(_database: str, actor: Actor, asked: tuple[Kind, ...]) -> Prepared:
    """Return the query of what is shown of those whom terms of these kinds fit, with who is here and was last seen."""
    found, past = matching(actor, asked).limit(SHOWN + 1).subquery(), aliased(Encounter)
    seen = select(past.arrived_at).where(
        past.patient_id == Patient.id, past.visible_to(actor), past.finished_at.is_not(None)
    )
    query = select(
        *(getattr(Patient, one.name) for one in fields(Person)), Encounter.id, Encounter.ticket,
        seen.order_by(past.arrived_at.desc()).limit(1).scalar_subquery(),
    )  # fmt: skip
    query = query.join(found, found.c.id == Patient.id)
    query = query.outerjoin(Encounter, and_(Encounter.patient_id == Patient.id, *_open(actor)))
    # Planned once for any name, it would read every patient where few bear the one that is typed.
    return Prepared(query.order_by(found.c.rank, *IN_ORDER), anew=any(kind.spellings for kind in asked))


def kinds(terms: Sequence[lookup.Term]) -> tuple[Kind, ...]:
    """Return what the terms may be: on this alone depends the query."""
    return tuple(
        Kind(
            tuple(len(getattr(term, rank)) for rank in RANKS) if term.words else (),
            term.within != term.begun, term.day is not None, bool(term.ticket),
        )
        for term in terms
    )  # fmt: skip


def values(terms: Sequence[lookup.Term]) -> dict[str, Any]:
    """Return what the query is asked with."""
    words = [term for term in terms if term.words]
    asked: dict[str, Any] = {}
    for rank in RANKS:
        asked |= name_index.values(rank, [getattr(term, rank) for term in words])
    for n, term in enumerate(terms):
        asked |= {f"number{n}": term.number, f"padded{n}": term.number.zfill(6)}
        asked |= {f"day{n}": term.day, f"ticket{n}": term.ticket}
    return asked


def matching(actor: Actor, asked: Sequence[Kind]) -> Select[Any]:
    """Return the query of the patients whom terms of these kinds fit, in order; each way of asking has its index."""
    words = [kind for kind in asked if kind.spellings]
    if len(words) == len(asked):
        return _named(actor, words)
    query = select(Patient.id).where(Patient.visible_to(actor))
    for n, kind in enumerate(asked):
        if not kind.spellings:
            # One look-up per index, joined by their ids: joined by "or", every row would be read.
            ids = union(*_by_index(actor, n, kind)).subquery()
            query = query.join(ids, ids.c[0] == Patient.id)
    if not words:
        return query.add_columns(literal(0).label("rank")).order_by(*IN_ORDER)
    whole, begun, within = (name_index.holds(rank, spellings) for rank, spellings in _by_rank(words).items())
    rank = case((whole, 0), (begun, 1), else_=2).label("rank")
    return query.add_columns(rank).where(within).order_by(rank, *IN_ORDER)


def _by_rank(words: Sequence[Kind]) -> dict[str, name_index.Spellings]:
    return {rank: tuple(kind.spellings[n] for kind in words) for n, rank in enumerate(RANKS)}


def _named(actor: Actor, words: Sequence[Kind]) -> Select[Any]:
    """Return the query of the patients whose names fit; of a name that very many bear, the first found are sorted.

    Who fits less well is looked for only where those who fit better are too few to be shown.
    """
    ranks = RANKS if any(kind.inside for kind in words) else RANKS[:-1]
    better: list[CTE] = []
    for rank in ranks:
        few = [select(func.count()).select_from(one).scalar_subquery() <= SHOWN for one in better]
        better.append(name_index.bearers(actor, rank, _by_rank(words)[rank]).where(*few).limit(SORTED).cte(rank))
    found = union_all(*(select(one.c[0].label("id"), literal(n).label("rank")) for n, one in enumerate(better)))
    each = found.subquery()
    best = select(each.c.id, func.min(each.c.rank).label("rank")).group_by(each.c.id).subquery()
    return select(Patient.id, best.c.rank).join(best, best.c.id == Patient.id).order_by(best.c.rank, *IN_ORDER)


def _by_index(actor: Actor, n: int, kind: Kind) -> Iterator[Select[str]]:
    number: BindParameter[str] = bindparam(f"number{n}", type_=String())
    mine = select(Patient.id).where(Patient.organisation_id == actor.organisation_id)
    yield mine.where(Patient.number.in_([number, bindparam(f"padded{n}", type_=String())]))
    yield select(PatientIdentifier.patient_id).where(
        PatientIdentifier.organisation_id == actor.organisation_id,
        PatientIdentifier.issuer.in_(lookup.ISSUERS),
        PatientIdentifier.value == number,
    )
    if kind.is_day:
        yield mine.where(Patient.birth_date == bindparam(f"day{n}"))
    if kind.is_ticket:
        yield select(Encounter.patient_id).where(*_open(actor), Encounter.ticket == bindparam(f"ticket{n}"))


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
    return dict(read(query.group_by(Encounter.patient_id)))
