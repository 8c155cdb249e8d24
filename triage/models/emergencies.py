"""Emergency: pinned from the moment it is seen until the patient has left, or two people have taken it back."""

from datetime import datetime

from sqlalchemy import ColumnClause, ForeignKey, Index, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base
from triage.models.accounts import Staff
from triage.models.encounters import AtSite, Encounter
from triage.models.versioned import Entered, Versioned

_OPEN: ColumnClause[bool] = literal_column("closed_at IS NULL")
_UNDECIDED: ColumnClause[bool] = literal_column("decided_at IS NULL")


class Emergency(AtSite, Versioned, Entered, Base):
    """One alarm: why, who answered, which hospital, and the times; one open at most per encounter."""

    __tablename__ = "emergency"
    __table_args__ = (
        Index("uq_emergency_open", "encounter_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_emergency_site_id_closed_at", "site_id", "closed_at"),
        Index("ix_emergency_encounter_id_opened_at", "encounter_id", "opened_at"),
    )

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    cause: Mapped[str]  # rules, raised (by a person), decided (the route chosen)
    rules: Mapped[list[str]]  # ids of the emergency rules that fired
    note: Mapped[str] = mapped_column(default="")
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    hospital: Mapped[str] = mapped_column(default="")
    called_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")  # left, withdrawn
    encounter: Mapped[Encounter] = relationship(lazy="raise")
    acknowledger: Mapped[Staff | None] = relationship(lazy="raise", foreign_keys=[acknowledged_by])


class EmergencyWithdrawal(Versioned, Base):
    """A proposal to take an emergency back: it stays one until a second nurse or surgeon, signed in, agrees."""

    __tablename__ = "emergency_withdrawal"
    __table_args__ = (
        Index(
            "uq_emergency_withdrawal_open",
            "emergency_id",
            unique=True,
            sqlite_where=_UNDECIDED,
            postgresql_where=_UNDECIDED,
        ),
        Index("ix_emergency_withdrawal_emergency_id", "emergency_id"),
    )

    emergency_id: Mapped[str] = mapped_column(ForeignKey("emergency.id"))
    reason: Mapped[str]
    proposed_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    agreed: Mapped[bool | None]
    emergency: Mapped[Emergency] = relationship(lazy="raise")
    proposer: Mapped[Staff] = relationship(lazy="raise", foreign_keys=[proposed_by])
