"""ReturnVisit: somebody asked to come back another day. ReturnCall: an attempt to reach who did not come."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ForeignKey, Index, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.encounters import AtSite, Encounter
from triage.models.patients import Patient
from triage.models.versioned import Entered, Versioned

_STANDS: Any = literal_column("status = 'expected'")


class ReturnVisit(AtSite, Versioned, Entered, Base):
    """Who comes back when and why, what is kept of the first visit, and how it ended."""

    __tablename__ = "return_visit"
    __table_args__ = (
        Index(
            "uq_return_visit_expected", "site_id", "patient_id", unique=True, sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        Index("ix_return_visit_site_id_status_return_on", "site_id", "status", "return_on"),
        Index("ix_return_visit_encounter_id", "encounter_id"),
        Index("ix_return_visit_came_id", "came_id"),
    )  # fmt: skip

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    return_on: Mapped[date]
    begins: Mapped[time | None]  # of the window; None: from when the clinic opens
    ends: Mapped[time | None]  # None: until it closes
    acuity: Mapped[int | None]  # as it stood when the patient went home; None: not triaged
    first_arrived_at: Mapped[datetime]  # of the first visit, however often the patient was asked to come back
    before: Mapped[dict[str, Any]]  # where the visit stood, to open it there again
    status: Mapped[str]  # domain/comeback.py
    attempts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None]
    came_id: Mapped[str | None] = mapped_column(ForeignKey("encounter.id"))
    ended_at: Mapped[datetime | None]  # came, called back, cancelled or undone
    encounter: Mapped[Encounter] = relationship(lazy="raise", foreign_keys=encounter_id)
    patient: Mapped[Patient] = relationship(lazy="raise")
    asker: Mapped[Staff] = relationship(lazy="raise")


class ReturnCall(Row, Base):
    """Appended, never edited: one telephone call about a return, and what it ended in."""

    __tablename__ = "return_call"
    __table_args__ = (Index("ix_return_call_return_id_at", "return_id", "at"),)

    return_id: Mapped[str] = mapped_column(ForeignKey("return_visit.id"))
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    result: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    was_on: Mapped[date]  # the day that stood until then
    staff: Mapped[Staff] = relationship(lazy="raise")
