"""Pathway: the dated way after a decision. Milestone: one step of it. MilestoneChange: what became of the plan."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnClause, ForeignKey, Index, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.encounters import AtSite
from triage.models.patients import Patient
from triage.models.versioned import Entered, Versioned

_OPEN: ColumnClause[bool] = literal_column("ended_at IS NULL")
_UNSETTLED: ColumnClause[bool] = literal_column("settled_at IS NULL")


class Pathway(AtSite, Versioned, Entered, Base):
    """The way of one patient after one signed decision; its version covers its steps."""

    __tablename__ = "pathway"
    __table_args__ = (
        Index("ix_pathway_open", "site_id", "operation_on", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_pathway_site_id_ended_at", "site_id", "ended_at"),
        Index("ix_pathway_patient_id", "patient_id"),
    )

    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    decision_id: Mapped[str] = mapped_column(ForeignKey("treatment_decision.id"), unique=True)
    surgeon_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    template: Mapped[str]  # knowledge/pathways.toml
    procedure: Mapped[str]
    level: Mapped[str] = mapped_column(default="")
    side: Mapped[str] = mapped_column(default="")
    urgent: Mapped[bool] = mapped_column(default=False)  # decided in an emergency: nothing before the operation waits
    status: Mapped[str] = mapped_column(default="open")  # domain/pathways.py
    phase: Mapped[str] = mapped_column(default="before")
    decided_on: Mapped[date]
    operation_on: Mapped[date | None]  # planned; once it was done, the day it was
    operated_on: Mapped[date | None]
    is_ready: Mapped[bool] = mapped_column(default=False)
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(default="")
    end_note: Mapped[str] = mapped_column(default="")
    replaces_id: Mapped[str | None] = mapped_column(ForeignKey("pathway.id"))
    patient: Mapped[Patient] = relationship(lazy="raise")
    surgeon: Mapped[Staff] = relationship(lazy="raise")


class Milestone(AtSite, Row, Base):
    """One step, as its template said when the pathway began: whose it is, when it is due, what it needs."""

    __tablename__ = "milestone"
    __table_args__ = (
        UniqueConstraint("pathway_id", "name"),
        Index("ix_milestone_open", "site_id", "due_on", sqlite_where=_UNSETTLED, postgresql_where=_UNSETTLED),
    )

    pathway_id: Mapped[str] = mapped_column(ForeignKey("pathway.id"))
    position: Mapped[int]
    name: Mapped[str]
    mark: Mapped[str] = mapped_column(default="")
    owner: Mapped[str]
    anchor: Mapped[str] = mapped_column(default="")  # what its day is counted from; "" where people give it
    offset_days: Mapped[int] = mapped_column(default=0)
    on_any_day: Mapped[bool] = mapped_column(default=False)
    grace: Mapped[int] = mapped_column(default=0)
    needs: Mapped[list[str]]
    items: Mapped[list[str]]
    due_on: Mapped[date | None]
    late_after: Mapped[date | None]
    fixed: Mapped[bool] = mapped_column(default=False)  # the day was given by hand and does not follow
    status: Mapped[str] = mapped_column(default="open")
    done_on: Mapped[date | None]
    settled_at: Mapped[datetime | None]  # when it was noted as done or not needed, or the pathway ended before it
    settled_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str] = mapped_column(default="")  # with what was done, or why it is not needed
    ticks: Mapped[dict[str, Any]]  # checklist item -> value (done, not_needed), by, at
    pathway: Mapped[Pathway] = relationship(lazy="raise")
    settler: Mapped[Staff | None] = relationship(lazy="raise")


class MilestoneChange(Row, Entered, Base):
    """Appended, never edited: one change of a pathway or of one of its steps."""

    __tablename__ = "milestone_change"
    __table_args__ = (Index("ix_milestone_change_pathway_id_at", "pathway_id", "at"),)

    pathway_id: Mapped[str] = mapped_column(ForeignKey("pathway.id"))
    milestone: Mapped[str] = mapped_column(default="")  # name of the step; "" for the whole pathway
    kind: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    was_on: Mapped[date | None]
    is_on: Mapped[date | None]
    words: Mapped[str] = mapped_column(default="")
    staff: Mapped[Staff] = relationship(lazy="raise")
