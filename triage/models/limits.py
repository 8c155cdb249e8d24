"""The clinic's limits: what the administrator proposed, and what the clinical lead said to it. Nothing is edited."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff


class LimitProposal(Row, Base):
    """Appended, never edited: one whole set of limits in minutes by name (domain/limits.py), numbered per site."""

    __tablename__ = "limit_proposal"
    __table_args__ = (UniqueConstraint("site_id", "number"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    number: Mapped[int]  # what people call it: version 1, 2, 3
    minutes: Mapped[dict[str, Any]]
    note: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    staff: Mapped[Staff] = relationship(lazy="raise")


class LimitDecision(Row, Base):
    """Appended, never edited: one a proposal. The newest approval of a site says which limits are in force."""

    __tablename__ = "limit_decision"
    __table_args__ = (
        UniqueConstraint("proposal_id"),
        Index("ix_limit_decision_site_id_kind_sequence", "site_id", "kind", "sequence"),
        UniqueConstraint("site_id", "sequence"),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    sequence: Mapped[int]
    proposal_id: Mapped[str] = mapped_column(ForeignKey("limit_proposal.id"))
    kind: Mapped[str]  # approved, refused, withdrawn (by who proposed it)
    reason: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    staff: Mapped[Staff] = relationship(lazy="raise")
    proposal: Mapped[LimitProposal] = relationship(lazy="raise")
