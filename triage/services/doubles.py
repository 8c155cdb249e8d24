"""Who may be on file already: people born the same day with a like name, or of the same full name."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select

from triage import ahead
from triage.db import read, session
from triage.domain import names
from triage.domain.access import Actor
from triage.models import Patient
from triage.prepared import Prepared
from triage.services import name_index
from triage.services.lookup import KEPT, SHOWN


def questions(actor: Actor, values: Mapping[str, Any]) -> Iterator[ahead.Question]:
    """Yield what ``find_alike`` asks, for who asks it together with other things."""
    if values.get("birth_date"):
        yield _born_on(actor), {"day": values["birth_date"]}
    keys = _keys(values)
    if keys:
        yield _bearers(name_index.database(), actor, len(keys), SHOWN), name_index.values("whole", [keys])


def find_alike(actor: Actor, values: Mapping[str, Any]) -> list[Patient]:
    """Return who may be the same person: born the same day with a like name or telephone, or of the same full name."""
    born = values.get("birth_date")
    same_day = read(_born_on(actor), day=born) if born else ()
    ids = [row.id for row in same_day if _alike(row, values)]
    found = session.scalars(select(Patient).where(Patient.id.in_(ids)).order_by(Patient.id)) if ids else ()
    return list(dict.fromkeys([*found, *of_name(actor, values, SHOWN)]))[:SHOWN]


@lru_cache(KEPT)
def _born_on(actor: Actor) -> Prepared:
    name = (Patient.family_name, Patient.given_name, Patient.family_kana, Patient.given_kana)
    born = (Patient.visible_to(actor), Patient.birth_date == bindparam("day"))
    return Prepared(select(Patient.id, *name, Patient.phone).where(*born).order_by(Patient.id))  # what is compared


def of_name(actor: Actor, values: Mapping[str, Any], limit: int | None = None) -> Sequence[Patient]:
    """Return the patients of the same full name, as written or as read, in a lasting order."""
    keys = _keys(values)
    if not keys:
        return []
    query = _bearers(name_index.database(), actor, len(keys), limit)
    ids = [row.id for row in read(query, **name_index.values("whole", [keys]))]
    return session.scalars(select(Patient).where(Patient.id.in_(ids)).order_by(Patient.id)).all() if ids else []


@lru_cache(KEPT)
def _bearers(_database: str, actor: Actor, spellings: int, limit: int | None) -> Prepared:
    ids = name_index.bearers(actor, "whole", (spellings,))
    return Prepared(select(Patient.id).where(Patient.id.in_(ids)).order_by(Patient.id).limit(limit))


def _keys(values: Mapping[str, Any]) -> list[str]:
    return [f"|{key}|" for key in _full_names(values) if key]


def _full_names(values: Mapping[str, Any]) -> Iterator[str]:
    for family, given in (("family_name", "given_name"), ("family_kana", "given_kana")):
        if values[family] and values[given]:
            yield names.fold(values[family] + values[given])


def _alike(patient: Any, values: Mapping[str, Any]) -> bool:
    written = (values["family_name"], values["given_name"])
    read = values["family_kana"] + values["given_kana"], values["given_kana"] + values["family_kana"]
    return (
        (bool(values.get("phone")) and values["phone"] == patient.phone)
        or any(names.alike(a, b) for a in written for b in (patient.family_name, patient.given_name))
        or any(names.similar(kana, patient.family_kana + patient.given_kana) for kana in read)
        or names.alike(values["family_kana"], patient.family_kana)
    )
