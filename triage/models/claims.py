"""ClaimStep: how a patient went from hand to hand. Presence: who has the patient's page open at this moment."""

from datetime import datetime

from sqlalchemy import ColumnClause, ForeignKey, Index, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.encounters import Encounter

_UNTOLD: ColumnClause[bool] = literal_column("tell_staff_id IS NOT NULL AND told_at IS NULL")


class ClaimStep(Row, Base):
    """One act upon a claim: who did it, from whom to whom (None: nobody), why, and who has to be told of it.

    The claim as it was before stands here too, so that the act can be undone.
    """

    __tablename__ = "claim_step"
    __table_args__ = (
        UniqueConstraint("encounter_id", "number"),
        Index("ix_claim_step_site_id_at", "site_id", "at"),
        Index("ix_claim_step_untold", "site_id", "at", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    number: Mapped[int]  # 1, 2, 3 … of this encounter
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    act: Mapped[str]  # domain/leases.py
    from_staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    from_since: Mapped[datetime | None]
    from_active_at: Mapped[datetime | None]
    to_staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str] = mapped_column(default="")
    tell_staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    told_at: Mapped[datetime | None]
    encounter: Mapped[Encounter] = relationship(lazy="raise")
    staff: Mapped[Staff] = relationship(lazy="raise", foreign_keys=[staff_id])
    giver: Mapped[Staff | None] = relationship(lazy="raise", foreign_keys=[from_staff_id])
    taker: Mapped[Staff | None] = relationship(lazy="raise", foreign_keys=[to_staff_id])


class Presence(Base):
    """Somebody has the page of a patient open: since when, opened last when, heard of last when."""

    __tablename__ = "presence"
    __table_args__ = (Index("ix_presence_seen_at", "seen_at"),)
    __audited__ = False  # it moves with every heartbeat; that the page was opened is audited as "patient_opened"

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    since: Mapped[datetime]
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    staff: Mapped[Staff] = relationship(lazy="raise")
