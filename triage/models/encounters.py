"""Encounter: one arrival of a patient, from the desk to the end of the visit; and who has it open (Claim)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    bindparam,
    false,
    literal_column,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.domain.access import Actor
from triage.models.accounts import Staff
from triage.models.patients import Patient
from triage.models.versioned import Entered, Versioned

_OPEN: ColumnClause[bool] = literal_column("finished_at IS NULL")


def sight(actor: Actor) -> dict[str, str | None]:
    """Return what ``AtSite.in_sight`` is asked with; no site equals None, so who has no role in care sees no row."""
    return {"sight": actor.site_id if actor.may("patients:open") else None}


class AtSite:
    """A row of one site, seen by whoever has a role in care there."""

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Return the condition under which the actor may see a row: same site, a role in care."""
        return cls.site_id == actor.site_id if actor.may("patients:open") else false()

    @classmethod
    def in_sight(cls) -> ColumnElement[bool]:
        """Return the same condition for a statement that is built once; ``sight(actor)`` says who asks."""
        return cls.site_id == bindparam("sight")


class Encounter(AtSite, Versioned, Entered, Base):
    """One visit at one site. Acuity, route and the rules' suggestion stand here for the board."""

    __tablename__ = "encounter"
    __table_args__ = (
        UniqueConstraint("site_id", "ticket_date", "ticket"),
        Index(
            "uq_encounter_open_patient",
            "site_id",
            "patient_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_encounter_site_id_finished_at", "site_id", "finished_at"),
        Index("ix_encounter_patient_id_arrived_at", "patient_id", "arrived_at"),
    )

    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    room_id: Mapped[str | None] = mapped_column(ForeignKey("room.id"))
    ticket_date: Mapped[date]
    ticket: Mapped[str]
    arrived_at: Mapped[datetime]  # entered_at: where the arrival was entered later, from paper
    first_arrived_at: Mapped[datetime | None]  # was asked to come back: the arrival of the first visit
    late_at: Mapped[datetime | None]  # when something of this visit was last entered late
    stage: Mapped[str]  # domain/lifecycle.py
    stage_since: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")
    complaint: Mapped[str] = mapped_column(default="")  # in the patient's own words
    referral_letter: Mapped[bool | None]
    outside_images: Mapped[bool | None]
    consent: Mapped[bool | None]  # None: not asked
    consent_version: Mapped[str] = mapped_column(default="")
    acuity: Mapped[int | None]  # decided by a nurse or surgeon, or pinned by an emergency; None: not triaged
    route: Mapped[str | None]
    then_specialist: Mapped[bool] = mapped_column(
        default=False
    )  # after imaging: surgeon's list, else back to the nurse
    findings_revision: Mapped[int] = mapped_column(default=0)
    suggestion: Mapped[dict[str, Any] | None]
    suggested_at: Mapped[datetime | None]
    suggested_level: Mapped[int | None]  # what the board shows of the suggestion, in columns of its own
    suggested_route: Mapped[str | None]
    suggested_provisional: Mapped[bool] = mapped_column(default=False, server_default=false())
    suggested_flags: Mapped[str] = mapped_column(default="", server_default="")  # names of findings, spaces between
    unanswered: Mapped[int] = mapped_column(default=0)  # urgent questions without any answer
    # Kept by services/calls.py with no new version: a call must not make the open sheet of a colleague stale.
    call_state: Mapped[str] = mapped_column(default="")  # domain/calling.py
    call_count: Mapped[int] = mapped_column(default=0)  # calls since somebody last saw the patient
    called_at: Mapped[datetime | None]
    reassess_at: Mapped[datetime | None]  # when who waits is to be looked at again
    worse_at: Mapped[datetime | None]  # found worse on looking again, and nothing has followed yet
    urgent: Mapped[int | None]  # urgent questions whose answer is not "no"; None: never counted, so not known
    patient: Mapped[Patient] = relationship(lazy="raise")
    claim: Mapped["Claim | None"] = relationship(lazy="raise", viewonly=True)

    @property
    def is_emergency(self) -> bool:
        """Tell whether the encounter stands at level 1 or 2."""
        return self.acuity is not None and self.acuity <= 2


class StageChange(Row, Entered, Base):
    """One step of an encounter through its stages; appended, never edited."""

    __tablename__ = "stage_change"
    __table_args__ = (Index("ix_stage_change_encounter_id_at", "encounter_id", "at"),)

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    from_stage: Mapped[str]
    to_stage: Mapped[str]
    step: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))  # None: a machine told, see device
    device: Mapped[str] = mapped_column(default="", server_default="")  # the name of the scanner or the archive
    staff: Mapped[Staff | None] = relationship(lazy="raise")

    @property
    def by(self) -> str:
        """Return who took the step: a person's name, or that of a machine."""
        return self.staff.name if self.staff else self.device


class Claim(Base):
    """Who has this encounter: a lease. One at most, kept by the primary key; gone with the visit, kept by a trigger.

    ``lease`` is the id of the step that gave it: every change compares it with what was read, in the database.
    """

    __tablename__ = "claim"

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    claimed_at: Mapped[datetime]
    active_at: Mapped[datetime]
    lease: Mapped[str] = mapped_column(server_default="")
    staff: Mapped[Staff] = relationship(lazy="raise")
    __mapper_args__ = {"version_id_col": lease, "version_id_generator": False}
