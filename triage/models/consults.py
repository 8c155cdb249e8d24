"""TreatmentDecision: what the surgeon chose and signed; TreatmentAmendment: which decision took the place of which."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnClause, ForeignKey, Index, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.versioned import Entered

#: Only these are looked for by their day.
_NOT_NOW: ColumnClause[bool] = literal_column("kind = 'not_now'")


class TreatmentDecision(Row, Entered, Base):
    """Appended, never edited; amended by a further one."""

    __tablename__ = "treatment_decision"
    __table_args__ = (
        Index("ix_treatment_decision_encounter_id_at", "encounter_id", "at"),
        Index(
            "ix_treatment_decision_review_on", "review_on", sqlite_where=_NOT_NOW, postgresql_where=_NOT_NOW
        ),
    )  # fmt: skip

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str]  # one of domain.treatment.KINDS
    procedure: Mapped[str] = mapped_column(default="")
    level: Mapped[str] = mapped_column(default="")  # or the first and the last of several
    side: Mapped[str] = mapped_column(default="")
    modality: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")  # the plan, the question, or the reason
    review_on: Mapped[date | None]  # when the patient is seen, or the case looked at, again
    details: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # as domain.choice.DETAILS
    seen: Mapped[dict[str, Any]]  # findings, suggestion and candidates on which it was made
    staff: Mapped[Staff] = relationship(lazy="raise")
    amends: Mapped["TreatmentAmendment | None"] = relationship(
        lazy="raise", foreign_keys="TreatmentAmendment.decision_id", viewonly=True
    )
    amended: Mapped["TreatmentAmendment | None"] = relationship(
        lazy="raise", foreign_keys="TreatmentAmendment.amends_id", viewonly=True
    )


class TreatmentAmendment(Base):
    """One decision in the place of another, and why. Appended, never edited; each is replaced once."""

    __tablename__ = "treatment_amendment"
    __table_args__ = (UniqueConstraint("amends_id"),)

    decision_id: Mapped[str] = mapped_column(ForeignKey("treatment_decision.id"), primary_key=True)
    amends_id: Mapped[str] = mapped_column(ForeignKey("treatment_decision.id"))
    reason: Mapped[str]
