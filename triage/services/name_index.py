"""Whose name holds these pieces, by the database's own trigram index: FTS5 on SQLite, pg_trgm on PostgreSQL."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, and_, column, false, or_, select, table

from triage.db import session
from triage.domain.access import Actor
from triage.models import Patient

#: For each word typed, the spellings of which one must be in the key; a bar is where a part of a name begins or ends.
Pieces = Sequence[Iterable[str]]

#: Kept by the database (migrations/name_index.py). The column of its own name is how FTS5 is asked.
_TRIGRAM = table("patient_trigram", column("rowid"), column("patient_trigram"))
_NAME = table("patient_name", column("id"), column("patient_id"), column("organisation_id"))


def bearers(actor: Actor, pieces: Pieces) -> Select[str]:
    """Return the query of the ids of the patients whom the actor may see and whose search key holds every piece."""
    if session.get_bind().dialect.name != "sqlite":
        return select(Patient.id).where(Patient.visible_to(actor), holds(pieces))
    asked = _TRIGRAM.c.patient_trigram.match(_phrases(pieces))
    mine = _NAME.c.organisation_id == actor.organisation_id if actor.may("patients:open") else false()
    named = _TRIGRAM.join(_NAME, _NAME.c.id == _TRIGRAM.c.rowid)
    return select(_NAME.c.patient_id).select_from(named).where(asked, mine)


def holds(pieces: Pieces) -> ColumnElement[bool]:
    """Return the condition that a patient's search key holds every piece; by itself it reads the row, not the index."""
    spelled = ([Patient.search_key.contains(piece, autoescape=True) for piece in one] for one in pieces)
    return and_(*(or_(*spellings) for spellings in spelled))


def _phrases(pieces: Pieces) -> str:
    """Return the pieces in FTS5's own language; its copy of the key has every bar twice."""
    return " AND ".join(f"({' OR '.join(_phrase(piece) for piece in one)})" for one in pieces)


def _phrase(piece: str) -> str:
    return '"' + piece.replace("|", "||").replace('"', '""') + '"'
