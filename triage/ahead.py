"""What a use case will ask for certain, asked together before the first answer is needed: one wait for all of them.

Only where somebody waits for answers at all (PostgreSQL); elsewhere each is asked when its turn comes.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from triage import pipeline
from triage.prepared import Prepared

#: Where a session keeps the answers until its transaction ends.
KEPT = "ahead"
Question = tuple[Prepared, Mapping[str, Any]]


def ask(db: Session, *questions: Question, values: Sequence[Question] = ()) -> None:
    """Ask inside a use case what it is going to read, in this order; each answer is good for one reading.

    ``values`` are questions after one value each, of which a name means the same in all: they are asked as one. The
    caller vouches that nothing which the use case writes before it reads an answer would change that answer.
    """
    db.flush()
    connection = db.connection()
    if connection.dialect.name == "sqlite":
        return
    with pipeline.at_once(connection):
        answers = [query.ask(connection, asked) for query, asked in questions]
        together = _one(*(query for query, _ in values)).ask(connection, _joined(values)) if values else list
    kept = [(*question, answer()) for question, answer in zip(questions, answers, strict=True)]
    for row in together():
        kept += [(*question, [(value,)]) for question, value in zip(values, row, strict=True)]
    db.info[KEPT] = kept


@cache
def _one(*queries: Prepared) -> Prepared:
    """Return the question that brings the values of all of these in one row."""
    parts: list[Any] = [query.statement.scalar_subquery() for query in queries]  # type: ignore[attr-defined]
    return Prepared(select(*(part.label(f"value_{n}") for n, part in enumerate(parts))))


def _joined(questions: Sequence[Question]) -> dict[str, Any]:
    return {name: value for _, asked in questions for name, value in asked.items()}


def take(db: Session, query: Prepared, values: Mapping[str, Any]) -> list[Any] | None:
    """Return the rows of a question that was asked ahead, None where it was not or was read already."""
    kept: list[tuple[Prepared, Mapping[str, Any], list[Any]]] = db.info.get(KEPT) or []
    for place, (known, asked, _rows) in enumerate(kept):
        if known is query and asked == values:
            return kept.pop(place)[2]
    return None
