"""Departure: a visit that ended beside its way. CallBack: an attempt to reach who left. CarryOver: stays open."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.encounters import AtSite, Encounter
from triage.models.versioned import Entered, Versioned


class Departure(AtSite, Versioned, Entered, Base):
    """Who left when, why, what was warned of and confirmed, and whether they were reached afterwards."""

    __tablename__ = "departure"
    __table_args__ = (
        Index("ix_departure_site_id_status_at", "site_id", "status", "at"),
        Index("ix_departure_site_id_at", "site_id", "at"),
        Index("ix_departure_encounter_id", "encounter_id"),
    )

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    kind: Mapped[str]  # domain/leaving.py: unseen, finished
    at: Mapped[datetime]
    noted_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    confirmed: Mapped[list[str]]  # what the second confirmation named: red flags, urgent questions without an answer
    before: Mapped[dict[str, Any]]  # where the visit stood, to open it there again
    status: Mapped[str] = mapped_column(default="")  # of calling back; "" where nobody has to be called
    attempts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    encounter: Mapped[Encounter] = relationship(lazy="raise")
    noter: Mapped[Staff] = relationship(lazy="raise")


class CallBack(Row, Base):
    """Appended, never edited: one attempt to reach somebody who left without being seen."""

    __tablename__ = "call_back"
    __table_args__ = (Index("ix_call_back_departure_id_at", "departure_id", "at"),)

    departure_id: Mapped[str] = mapped_column(ForeignKey("departure.id"))
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    result: Mapped[str]  # domain/leaving.py: reached, not_reached, stopped
    note: Mapped[str] = mapped_column(default="")
    staff: Mapped[Staff] = relationship(lazy="raise")


class CarryOver(Row, Base):
    """A visit that stays open over the end of a day, with who said so and why."""

    __tablename__ = "carry_over"
    __table_args__ = (Index("ix_carry_over_encounter_id_day", "encounter_id", "day"),)

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    day: Mapped[date]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    undone_at: Mapped[datetime | None]
    staff: Mapped[Staff] = relationship(lazy="raise")
