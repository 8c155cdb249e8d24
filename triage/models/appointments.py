"""Requests for an appointment, appointments, the slots they fill, every step of each, and calendar feeds."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ColumnClause, ForeignKey, Index, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.encounters import AtSite
from triage.models.pathways import Milestone
from triage.models.patients import Patient
from triage.models.versioned import Versioned

_BOOKED: ColumnClause[bool] = literal_column("status = 'booked'")
_OF_ORDER: ColumnClause[bool] = literal_column("order_id IS NOT NULL AND status = 'booked'")
_OF_STEP: ColumnClause[bool] = literal_column("milestone_id IS NOT NULL")
_TO_MOVE: ColumnClause[bool] = literal_column("to_move <> '' AND status = 'booked'")
_WAITING: ColumnClause[bool] = literal_column("status = 'waiting'")


class AppointmentRequest(AtSite, Versioned, Base):
    """Somebody asks for an appointment, by telephone, e-mail or online; answered in the order received."""

    __tablename__ = "appointment_request"
    __table_args__ = (
        Index(
            "ix_appointment_request_waiting", "site_id", "received_at", sqlite_where=_WAITING, postgresql_where=_WAITING
        ),
    )  # fmt: skip

    channel: Mapped[str]  # domain/appointments.py
    received_at: Mapped[datetime]
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patient.id"))  # None: not known to be on file
    name: Mapped[str]
    contact: Mapped[str]
    kind: Mapped[str]
    wishes: Mapped[str]
    urgent: Mapped[str]
    same_day: Mapped[bool]
    entered_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    status: Mapped[str]
    answered_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")  # why it was closed, or why it was answered before others
    note: Mapped[str] = mapped_column(default="")
    patient: Mapped[Patient | None] = relationship(lazy="raise")


class Appointment(AtSite, Versioned, Base):
    """A patient is expected at a time, with a surgeon or on a machine."""

    __tablename__ = "appointment"
    __table_args__ = (
        Index("ix_appointment_site_id_day", "site_id", "day"),
        Index("ix_appointment_patient_id_starts_at", "patient_id", "starts_at"),
        Index("ix_appointment_staff_id_starts_at", "staff_id", "starts_at"),
        Index("ix_appointment_booked", "site_id", "starts_at", sqlite_where=_BOOKED, postgresql_where=_BOOKED),
        Index("ix_appointment_to_move", "site_id", "starts_at", sqlite_where=_TO_MOVE, postgresql_where=_TO_MOVE),
        Index("uq_appointment_of_order", "order_id", unique=True, sqlite_where=_OF_ORDER, postgresql_where=_OF_ORDER),
        Index("ix_appointment_of_step", "milestone_id", sqlite_where=_OF_STEP, postgresql_where=_OF_STEP),
        CheckConstraint("(staff_id IS NULL) <> (modality IS NULL)", name="one_resource"),
    )

    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    request_id: Mapped[str | None] = mapped_column(ForeignKey("appointment_request.id"))
    kind: Mapped[str]
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))  # the surgeon, or else
    modality: Mapped[str | None]
    day: Mapped[date]  # on the site's calendar
    starts_at: Mapped[datetime]
    minutes: Mapped[int]
    status: Mapped[str]
    encounter_id: Mapped[str | None] = mapped_column(ForeignKey("encounter.id"))
    note: Mapped[str] = mapped_column(default="")
    procedure: Mapped[str] = mapped_column(default="", server_default="")  # which one, where the kind names one
    decision_id: Mapped[str | None] = mapped_column(ForeignKey("treatment_decision.id"))  # that it follows from
    to_move: Mapped[str] = mapped_column(default="", server_default="")  # why it cannot stand (services/displaced.py)
    order_id: Mapped[str | None] = mapped_column(ForeignKey("imaging_order.id"))  # for which examination
    milestone_id: Mapped[str | None] = mapped_column(ForeignKey("milestone.id"))  # for which step of a pathway
    step_day: Mapped[date | None]  # for which that step was planned when the time was given
    patient: Mapped[Patient] = relationship(lazy="raise")
    surgeon: Mapped[Staff | None] = relationship(lazy="raise")
    milestone: Mapped[Milestone | None] = relationship(lazy="raise")

    @property
    def what(self) -> str:
        """Return with whom it is: the surgeon's id, or the modality."""
        return self.staff_id or self.modality or ""

    @property
    def is_to_move(self) -> bool:
        """Tell whether it is booked and cannot stand."""
        return bool(self.to_move) and self.status == "booked"

    @property
    def fills(self) -> tuple[str, str]:
        """Return whose slots it fills: the surgeon's or the machine's, and the patient's."""
        return self.staff_id or f"{self.site_id}:{self.modality}", f"patient:{self.patient_id}"


class BookedSlot(Base):
    """One slot of a surgeon, a machine or a patient that is taken: the key of the table lets nobody take it twice."""

    __tablename__ = "booked_slot"
    __table_args__ = (Index("ix_booked_slot_appointment_id", "appointment_id"),)

    what: Mapped[str] = mapped_column(primary_key=True)  # a person's id, in whichever building, or a site's machine
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"))


class AppointmentStep(Row, Base):
    """Appended, never edited: what became of an appointment, when, by whom and why."""

    __tablename__ = "appointment_step"
    __table_args__ = (Index("ix_appointment_step_appointment_id_at", "appointment_id", "at"),)

    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"))
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    step: Mapped[str]
    starts_at: Mapped[datetime]  # as it stands after the step
    reason: Mapped[str]
    note: Mapped[str]
    staff: Mapped[Staff] = relationship(lazy="raise")


class CalendarFeed(Row, Base):
    """The address under which a surgeon's calendar program fetches appointments; only the token's hash is kept."""

    __tablename__ = "calendar_feed"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_calendar_feed_staff_id", "staff_id"))
    __audited__ = False  # when it was last fetched moves by itself; giving and revoking are audited by name

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    token_hash: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
