"""What the rules read of a visit's answers: all of them as one value of JSON, which the database puts together.

Each as a row of its own takes six times as long to read, and a decision reads fifty.
"""

from typing import Any

from sqlalchemy import JSON, bindparam, func, select

from triage import ahead
from triage.db import read_one, session
from triage.domain.findings import Answer
from triage.models import Finding
from triage.prepared import Prepared

_OF = Finding.encounter_id == bindparam("encounter")
_ROW = (Finding.name, Finding.known)
#: What the databases call it.
_ALL = {
    "sqlite": Prepared(
        select(func.json_group_array(func.json_array(*_ROW, func.json(Finding.value)), type_=JSON)).where(_OF)
    ),
    "postgresql": Prepared(select(func.json_agg(func.json_build_array(*_ROW, Finding.value), type_=JSON)).where(_OF)),
}


def question(encounter_id: str) -> ahead.Question:
    """Return the question after the answers, for who asks it together with others."""
    return _ALL[session.get_bind().dialect.name], {"encounter": encounter_id}


def recorded(encounter_id: str) -> dict[str, Answer]:
    """Return what is recorded of an encounter, by name."""
    query, asked = question(encounter_id)
    found: list[tuple[str, Any, Any]] = read_one(query, **asked) or []  # PostgreSQL calls no rows nothing
    return {name: Answer(known == 1, value) for name, known, value in found}
