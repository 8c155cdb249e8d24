"""Call: a patient's ticket called into a room, and how the call ended."""

from datetime import datetime

from sqlalchemy import ColumnClause, ForeignKey, Index, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.encounters import Encounter
from triage.models.organisations import Room

_OPEN: ColumnClause[bool] = literal_column("ended_at IS NULL")


class Call(Row, Base):
    """One call; at most one is open for a patient. Nothing about it ends a visit or moves a place in the queue."""

    __tablename__ = "call"
    __table_args__ = (
        Index("uq_call_open", "encounter_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_call_encounter_id_called_at", "encounter_id", "called_at"),
        Index("ix_call_site_id_ended_at_called_at", "site_id", "ended_at", "called_at"),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    room_id: Mapped[str] = mapped_column(ForeignKey("room.id"))
    called_at: Mapped[datetime]
    called_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")  # domain/calling.py
    came_at: Mapped[datetime | None]  # also after a "no answer": who turned up is on no list any more
    encounter: Mapped[Encounter] = relationship(lazy="raise")
    room: Mapped[Room] = relationship(lazy="raise")
    caller: Mapped[Staff] = relationship(lazy="raise")
