"""What the rules read of a visit's answers: all of them as one value of JSON, which the database puts together.

Each as a row of its own takes many times as long to read, and a decision reads fifty. Names, whether they are known,
and values come as three lists: the database need not make a list of each answer.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import JSON, String, bindparam, func, literal_column, select, type_coerce

from triage import ahead
from triage.db import read_one, session
from triage.domain.findings import Answer
from triage.models import Finding
from triage.prepared import Prepared

_OF = Finding.encounter_id == bindparam("encounter")
#: SQLite keeps JSON as a text, which goes between commas as it is.
_TEXT = func.coalesce(type_coerce(Finding.value, String), literal_column("'null'"))
_SQLITE = (
    literal_column("'['", String) + func.json_group_array(Finding.name) + literal_column("','")
    + func.json_group_array(Finding.known) + literal_column("',['") + func.group_concat(_TEXT) + literal_column("']]'")
)  # fmt: skip
_POSTGRESQL = func.json_build_array(
    func.json_agg(Finding.name), func.json_agg(Finding.known), func.json_agg(Finding.value)
)
_TOGETHER = {"sqlite": type_coerce(_SQLITE, JSON), "postgresql": type_coerce(_POSTGRESQL, JSON)}
_ALL = {name: Prepared(select(together).where(_OF)) for name, together in _TOGETHER.items()}
_THESE = Finding.encounter_id.in_(bindparam("encounters", expanding=True))
_MANY = {
    name: select(Finding.encounter_id, together).where(_THESE).group_by(Finding.encounter_id)
    for name, together in _TOGETHER.items()
}
#: A tuple with names from one without; its own way, which names the parts, takes twice as long.
_answer = partial(tuple.__new__, Answer)


def question(encounter_id: str) -> ahead.Question:
    """Return the question after the answers, for who asks it together with others."""
    return _ALL[session.get_bind().dialect.name], {"encounter": encounter_id}


def recorded(encounter_id: str) -> dict[str, Answer]:
    """Return what is recorded of an encounter, by name."""
    query, asked = question(encounter_id)
    found: tuple[Any, Any, Any] | None = read_one(query, **asked)
    if found is None or found[0] is None:  # no rows: SQLite says nothing, PostgreSQL that each of the three is nothing
        return {}
    return _answers(*found)


def recorded_of(encounter_ids: Iterable[str]) -> dict[str, dict[str, Answer]]:
    """Return what is recorded of encounters, by their ids; of whom nothing is recorded there is nothing."""
    rows = session.execute(_MANY[session.get_bind().dialect.name], {"encounters": list(encounter_ids)})
    return {encounter_id: _answers(*found) for encounter_id, found in rows}


def _answers(names: Sequence[str], known: Sequence[Any], values: Sequence[Any]) -> dict[str, Answer]:
    return dict(zip(names, map(_answer, zip(map(bool, known), values, strict=True)), strict=True))
