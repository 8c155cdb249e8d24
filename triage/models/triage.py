"""TriageDecision: what the nurse decided. Task: what has to be asked again."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.encounters import Encounter
from triage.models.versioned import Entered, Versioned


class TriageDecision(Row, Entered, Base):
    """Appended, never edited: the suggestion as it stood, what was chosen, by whom, and why if it differs."""

    __tablename__ = "triage_decision"
    __table_args__ = (
        Index("ix_triage_decision_encounter_id_at", "encounter_id", "at"),
        Index("ix_triage_decision_accepted_at", "accepted", "at"),
    )

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    acuity: Mapped[int]
    route: Mapped[str]
    modality: Mapped[str | None]
    accepted: Mapped[bool]
    reason: Mapped[str] = mapped_column(default="")  # code of knowledge.override_reasons
    note: Mapped[str] = mapped_column(default="")
    suggestion: Mapped[dict[str, Any]]
    findings: Mapped[dict[str, Any]]
    ruleset: Mapped[str]
    ruleset_hash: Mapped[str]
    referral_lacks: Mapped[str] = mapped_column(default="", server_default="")  # ids of parts, spaces between
    without: Mapped[str] = mapped_column(default="", server_default="")  # why it went to the surgeon without them
    staff: Mapped[Staff] = relationship(lazy="raise")


class Task(Versioned, Base):
    """Something to come back to: an urgent question answered "not known", with the nurse's reason and a due time."""

    __tablename__ = "task"
    __table_args__ = (Index("ix_task_encounter_id_done_at", "encounter_id", "done_at"),)

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    question: Mapped[str]
    reason: Mapped[str]
    created_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    encounter: Mapped[Encounter] = relationship(lazy="raise")
