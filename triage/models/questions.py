"""Question: what a surgeon asks a nurse about a patient, or a nurse a surgeon; it has an answer and an end."""

from datetime import datetime

from sqlalchemy import ColumnClause, ForeignKey, Index, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base
from triage.domain.questions import ASKED_BY
from triage.models.accounts import Staff
from triage.models.encounters import AtSite, Encounter
from triage.models.versioned import Entered, Versioned

_OPEN: ColumnClause[bool] = literal_column("ended_at IS NULL")


class Question(AtSite, Versioned, Entered, Base):
    """Asked of a role, answered by one person of it, ended by who asked: until then it stands on both lists."""

    __tablename__ = "question"
    __table_args__ = (
        Index("ix_question_open", "site_id", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_question_encounter_id_asked_at", "encounter_id", "asked_at"),
    )

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    to_role: Mapped[str]  # domain/questions.py: nurse, surgeon
    words: Mapped[str]
    asked_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    answered_at: Mapped[datetime | None]
    answer_entered_at: Mapped[datetime | None]  # where it was entered later, from paper
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    encounter: Mapped[Encounter] = relationship(lazy="raise")
    asker: Mapped[Staff] = relationship(lazy="raise", foreign_keys=asked_by)
    answerer: Mapped[Staff | None] = relationship(lazy="raise", foreign_keys=answered_by)

    @property
    def asks(self) -> str:
        """Return the role that asked, which also ends it."""
        return ASKED_BY[self.to_role]

    @property
    def is_answered(self) -> bool:
        """Tell whether somebody has answered."""
        return self.answered_at is not None

    @property
    def is_ended(self) -> bool:
        """Tell whether who asked has read the answer, or has taken the question back."""
        return self.ended_at is not None
