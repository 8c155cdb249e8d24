"""TreatmentDecision: what the surgeon chose and signed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.versioned import Entered


class TreatmentDecision(Row, Entered, Base):
    """Appended, never edited; amended by a further one."""

    __tablename__ = "treatment_decision"
    __table_args__ = (Index("ix_treatment_decision_encounter_id_at", "encounter_id", "at"),)

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str]  # conservative, imaging, procedure, back_to_nurse, transfer
    procedure: Mapped[str] = mapped_column(default="")
    level: Mapped[str] = mapped_column(default="")
    side: Mapped[str] = mapped_column(default="")
    modality: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")  # the plan, the question, or the reason
    seen: Mapped[dict[str, Any]]  # findings, suggestion and candidates on which it was made
    staff: Mapped[Staff] = relationship(lazy="raise")
