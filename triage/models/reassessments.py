"""Reassessment: somebody looked again at a patient who waits."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff


class Reassessment(Row, Base):
    """Appended, never edited: what was found, by whom, and when it had been due."""

    __tablename__ = "reassessment"
    __table_args__ = (Index("ix_reassessment_encounter_id_at", "encounter_id", "at"),)

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    result: Mapped[str]  # domain/reassessment.py: same, worse
    note: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime | None]
    acuity: Mapped[int]
    staff: Mapped[Staff] = relationship(lazy="raise")
