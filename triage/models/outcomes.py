"""OutcomeSeries: one patient followed up, with its history. OutcomePoint: when is asked. Outcome: one number."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row, new_id
from triage.domain.outcomes import Named
from triage.models.accounts import Staff
from triage.models.encounters import AtSite
from triage.models.patients import Patient
from triage.models.versioned import Entered, Versioned


class OutcomeSeries(AtSite, Versioned, Base):
    """A patient followed up after an operation, or a decision for conservative care; no index day: still planned."""

    __tablename__ = "outcome_series"
    __table_args__ = (
        Index("ix_outcome_series_patient_id", "patient_id"),
        Index("ix_outcome_series_site_id_surgeon_id_index_day", "site_id", "surgeon_id", "index_day"),
        Index("ix_outcome_series_site_id_index_day", "site_id", "index_day"),
    )

    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    kind: Mapped[str]  # domain/outcomes.py: procedure, conservative
    procedure: Mapped[str] = mapped_column(default="")
    surgeon_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    index_day: Mapped[date | None]
    begun_at: Mapped[datetime]
    begun_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    ended_on: Mapped[date | None]
    end_reason: Mapped[str] = mapped_column(default="")
    end_note: Mapped[str] = mapped_column(default="")
    level: Mapped[str] = mapped_column(default="", server_default="")
    side: Mapped[str] = mapped_column(default="", server_default="")
    pathway_id: Mapped[str | None] = mapped_column(ForeignKey("pathway.id"))
    ended_by_id: Mapped[str | None] = mapped_column(ForeignKey("outcome_series.id"))  # the operation that overtook it
    start: Mapped[str] = mapped_column(default="", server_default="")  # why it was begun by hand
    start_note: Mapped[str] = mapped_column(default="", server_default="")
    code: Mapped[str] = mapped_column(default=new_id, server_default="")  # its name in exports, which leads to nobody
    patient: Mapped[Patient] = relationship(lazy="raise")
    surgeon: Mapped[Staff] = relationship(lazy="raise", foreign_keys=[surgeon_id])


class OutcomeChange(Row, Entered, Base):
    """Appended, never edited: what became of a follow-up, what it said before and what it says now."""

    __tablename__ = "outcome_change"
    __table_args__ = (Index("ix_outcome_change_series_id_at", "series_id", "at"),)

    series_id: Mapped[str] = mapped_column(ForeignKey("outcome_series.id"))
    kind: Mapped[str]  # planned, begun, changed, taken_back, ended, taken_up
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    was: Mapped[str] = mapped_column(default="")
    now: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")
    staff: Mapped[Staff] = relationship(lazy="raise")

    @property
    def index_day(self) -> date | None:
        """Return the day from which it was counted then, where this is about that day."""
        text = {"begun": self.now, "taken_back": self.was}.get(self.kind)
        return date.fromisoformat(text) if text else None

    @property
    def renamed(self) -> tuple[Named, Named]:
        """Return which operation it said before and which now, where this is about that."""
        return Named.read(self.was), Named.read(self.now)


class OutcomePoint(AtSite, Versioned, Base):
    """When a patient of a series is asked, whether the answers are there, and how often somebody tried."""

    __tablename__ = "outcome_point"
    __table_args__ = (
        UniqueConstraint("series_id", "point"),
        Index("ix_outcome_point_site_id_status_closes", "site_id", "status", "closes"),
    )

    series_id: Mapped[str] = mapped_column(ForeignKey("outcome_series.id"))
    point: Mapped[str]
    opens: Mapped[date]
    due: Mapped[date]
    closes: Mapped[date]
    status: Mapped[str]  # domain/outcomes.py: open, partly, answered, stopped
    answered_on: Mapped[date | None]
    attempts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None]
    attempt: Mapped[str] = mapped_column(default="")
    series: Mapped[OutcomeSeries] = relationship(lazy="raise")


class Outcome(Row, Entered, Base):
    """Appended, never edited: one number of a point; the newest counts, and one without a value takes it back."""

    __tablename__ = "outcome"
    __table_args__ = (UniqueConstraint("point_id", "measure", "revision"),)

    point_id: Mapped[str] = mapped_column(ForeignKey("outcome_point.id"))
    measure: Mapped[str]
    revision: Mapped[int]
    value: Mapped[float | None]
    day: Mapped[date]
    how: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))


class OutcomeContact(Row, Entered, Base):
    """Appended, never edited: somebody asked the patient, or tried to."""

    __tablename__ = "outcome_contact"
    __table_args__ = (Index("ix_outcome_contact_point_id_at", "point_id", "at"),)

    point_id: Mapped[str] = mapped_column(ForeignKey("outcome_point.id"))
    result: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    staff: Mapped[Staff] = relationship(lazy="raise")


class Complication(Row, Entered, Base):
    """What went wrong after a treatment, and whether it led to another operation; taken back, never removed."""

    __tablename__ = "complication"
    __table_args__ = (Index("ix_complication_series_id", "series_id"),)

    series_id: Mapped[str] = mapped_column(ForeignKey("outcome_series.id"))
    kind: Mapped[str]
    day: Mapped[date]
    grade: Mapped[str]
    reoperation: Mapped[bool]
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    withdrawn_why: Mapped[str] = mapped_column(default="")
    staff: Mapped[Staff] = relationship(lazy="raise", foreign_keys=[staff_id])
