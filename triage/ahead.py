"""What a use case will ask for certain, asked together before the first answer is needed: one wait for all of them.

Only where somebody waits for answers at all (PostgreSQL); elsewhere each is asked when its turn comes.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from triage import pipeline
from triage.prepared import Prepared

#: Where a session keeps the answers until its transaction ends.
KEPT = "ahead"
Question = tuple[Prepared, Mapping[str, Any]]


def ask(db: Session, *questions: Question) -> None:
    """Ask inside a use case what it is going to read, in this order; each answer is good for one reading.

    The caller vouches that nothing which the use case writes before it reads an answer would change that answer.
    """
    db.flush()
    connection = db.connection()
    if connection.dialect.name == "sqlite":
        return
    with pipeline.at_once(connection):
        answers = [(_key(query, values), query.ask(connection, values)) for query, values in questions]
    db.info[KEPT] = {key: answer() for key, answer in answers}


def take(db: Session, query: Prepared, values: Mapping[str, Any]) -> list[Any] | None:
    """Return the rows of a question that was asked ahead, None where it was not or was read already."""
    answers: dict[Any, list[Any]] | None = db.info.get(KEPT)
    return answers.pop(_key(query, values), None) if answers else None


def _key(query: Prepared, values: Mapping[str, Any]) -> tuple[int, str]:
    return id(query), repr(sorted(values.items()))
