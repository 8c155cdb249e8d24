"""RuleFeedback: what somebody says against a rule at a patient. RuleFeedbackAnswer: what the clinical lead answers."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff


class RuleFeedback(Row, Base):
    """Appended, never edited: the rule, its version on that day, the words, and at which visit they were written."""

    __tablename__ = "rule_feedback"
    __table_args__ = (Index("ix_rule_feedback_site_id_rule_at", "site_id", "rule", "at"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    rule: Mapped[str]
    text: Mapped[str]
    ruleset: Mapped[str]
    ruleset_hash: Mapped[str]
    staff: Mapped[Staff] = relationship(lazy="raise")
    answer: Mapped["RuleFeedbackAnswer | None"] = relationship(lazy="raise")


class RuleFeedbackAnswer(Row, Base):
    """Appended, never edited: at most one to each feedback; with it the feedback is no longer open."""

    __tablename__ = "rule_feedback_answer"

    feedback_id: Mapped[str] = mapped_column(ForeignKey("rule_feedback.id"), unique=True)
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str]
    staff: Mapped[Staff] = relationship(lazy="raise")
