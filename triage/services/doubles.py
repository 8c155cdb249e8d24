"""Who may be on file already: people born the same day with a like name, or of the same full name."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, false, select, true, union, union_all

from triage import ahead
from triage.db import read, session
from triage.domain import names
from triage.domain.access import Actor
from triage.models import Patient
from triage.prepared import Prepared
from triage.services.lookup import KEPT, SHOWN


def question(actor: Actor, values: Mapping[str, Any]) -> ahead.Question:
    """Return what ``find_alike`` asks, for who asks it together with other things."""
    return _candidates(actor), {"day": values.get("birth_date"), **_wholes(values)}


def find_alike(actor: Actor, values: Mapping[str, Any]) -> list[Patient]:
    """Return who may be the same person: born the same day with a like name or telephone, or of the same full name."""
    query, asked = question(actor, values)
    rows = read(query, **asked)
    alike = [row.id for row in rows if not row.named and _alike(row, values)]
    ids = list(dict.fromkeys([*alike, *(row.id for row in rows if row.named)]))[:SHOWN]
    return sorted(_load(ids), key=lambda patient: ids.index(patient.id))


@lru_cache(KEPT)
def _candidates(actor: Actor) -> Prepared:
    compared = [getattr(Patient, name) for name in ("id", *names.PARTS, "phone")]
    born = select(*compared, false().label("named")).where(
        Patient.visible_to(actor), Patient.birth_date == bindparam("day")
    )
    named = _bearers(actor).order_by("id").limit(SHOWN).subquery()
    bearers = select(*compared, true().label("named")).join(named, named.c.id == Patient.id)
    return Prepared(union_all(born, bearers).order_by("id"))


def of_name(actor: Actor, values: Mapping[str, Any]) -> Sequence[Patient]:
    """Return the patients of the same full name, as written or as read, in a lasting order."""
    return _load([row.id for row in session.execute(_bearers(actor), _wholes(values))])


def _bearers(actor: Actor) -> CompoundSelect[tuple[str]]:
    # Each of the two has its own index; neither would help a database that has to look for both at once.
    parts = (Patient.whole_name, ("name", "name_back")), (Patient.whole_kana, ("kana", "kana_back"))
    found = (
        select(Patient.id).where(Patient.visible_to(actor), column.in_([bindparam(name) for name in asked]))
        for column, asked in parts
    )
    return union(*found)


def _wholes(values: Mapping[str, Any]) -> dict[str, str | None]:
    return names.wholes(*(values[name] for name in names.PARTS))


def _load(ids: Sequence[str]) -> Sequence[Patient]:
    return session.scalars(select(Patient).where(Patient.id.in_(ids)).order_by(Patient.id)).all() if ids else []


def _alike(patient: Any, values: Mapping[str, Any]) -> bool:
    written = (values["family_name"], values["given_name"])
    read = values["family_kana"] + values["given_kana"], values["given_kana"] + values["family_kana"]
    return (
        (bool(values.get("phone")) and values["phone"] == patient.phone)
        or any(names.alike(a, b) for a in written for b in (patient.family_name, patient.given_name))
        or any(names.similar(kana, patient.family_kana + patient.given_kana) for kana in read)
        or names.alike(values["family_kana"], patient.family_kana)
    )
