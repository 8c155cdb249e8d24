"""Whose name holds these pieces, by the database's own trigram index: FTS5 on SQLite, pg_trgm on PostgreSQL.

Queries are built for a number of spellings and asked again with others; ``values`` gives what they are asked with.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, column, false, or_, select, table

from triage.db import session
from triage.domain.access import Actor
from triage.models import Patient

#: For each word typed, the spellings of which one must be in the key; a bar is where a part of a name begins or ends.
Pieces = Sequence[Sequence[str]]
#: How many spellings each word has.
Spellings = tuple[int, ...]

#: Kept by the database (migrations/name_index.py). The column of its own name is how FTS5 is asked.
_TRIGRAM = table("patient_trigram", column("rowid"), column("patient_trigram"))
_TRIGRAM_LENGTH = 3
_NAME = table("patient_name", column("id"), column("patient_id"), column("organisation_id"))


def database() -> str:
    """Return which database answers: each is asked in its own way."""
    return session.get_bind().dialect.name


def bearers(actor: Actor, asked: str, spellings: Spellings) -> Select[str]:
    """Return the query of the ids of the patients whom the actor may see and whose search key holds every piece.

    ``asked`` is the name of the pieces among the query's values.
    """
    if database() != "sqlite":
        return select(Patient.id).where(Patient.visible_to(actor), holds(asked, spellings))
    mine = _NAME.c.organisation_id == actor.organisation_id if actor.may("patients:open") else false()
    named = _TRIGRAM.join(_NAME, _NAME.c.id == _TRIGRAM.c.rowid)
    match = _TRIGRAM.c.patient_trigram.match(bindparam(asked, type_=String()))
    return select(_NAME.c.patient_id).select_from(named).where(match, mine)


def holds(asked: str, spellings: Spellings) -> ColumnElement[bool]:
    """Return the condition that a patient's search key holds every piece; by itself it reads the row, not the index."""
    likes = ([_like(asked, word, n) for n in range(count)] for word, count in enumerate(spellings))
    return and_(*(or_(*one) for one in likes))


def _like(asked: str, word: int, spelling: int) -> ColumnElement[bool]:
    return Patient.search_key.like(bindparam(f"{asked}_{word}_{spelling}"), escape="/")


def count(pieces: Pieces) -> Spellings:
    """Return how many spellings each word has."""
    return tuple(len(one) for one in pieces)


def values(asked: str, pieces: Pieces) -> dict[str, str]:
    """Return the values of these pieces, for the index and for the row itself."""
    inside = {
        f"{asked}_{word}_{n}": f"%{_escaped(piece)}%" for word, one in enumerate(pieces) for n, piece in enumerate(one)
    }
    return {asked: _phrases(pieces), **inside}


def _escaped(piece: str) -> str:
    return piece.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _phrases(pieces: Iterable[Iterable[str]]) -> str:
    """Return the pieces in FTS5's own language; its copy of the key has every bar twice."""
    return " AND ".join(f"({' OR '.join(_phrase(piece) for piece in one)})" for one in pieces)


def _phrase(piece: str) -> str:
    """Return a piece as a phrase: a single letter at a bar needs both of its bars, a longer one but one of them."""
    bars = "||" if len(piece) < _TRIGRAM_LENGTH else "|"
    inside = piece.strip("|").replace("|", "||").replace('"', '""')
    begins, ends = (bars if there else "" for there in (piece.startswith("|"), piece.endswith("|")))
    return f'"{begins}{inside}{ends}"'
