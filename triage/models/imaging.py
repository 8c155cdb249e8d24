"""ImagingOrder: a nurse's request, a doctor's order, what was done. ExposureRecord: for the doctor to sign."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnClause, ForeignKey, Index, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from triage import clock
from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.encounters import AtSite, Encounter
from triage.models.versioned import Entered, Versioned

_UNSIGNED: ColumnClause[bool] = literal_column("signed_at IS NULL")
_TO_LOOK_AT: ColumnClause[bool] = literal_column("alert != ''")
_RECORD_DUE: ColumnClause[bool] = literal_column("record_due_at IS NOT NULL")
_UNSEEN: ColumnClause[bool] = literal_column("result_at IS NOT NULL AND seen_at IS NULL")


class ImagingOrder(AtSite, Versioned, Base):
    """One examination. Requested by a nurse, it may not start before a named doctor ordered it (Art. 26, RT Act)."""

    __tablename__ = "imaging_order"
    __table_args__ = (
        Index("ix_imaging_order_site_id_modality_status", "site_id", "modality", "status"),
        Index("ix_imaging_order_encounter_id", "encounter_id"),
        Index("ix_imaging_order_site_id_requested_at", "site_id", "requested_at"),
        Index("ix_imaging_order_site_id_ended_at", "site_id", "ended_at"),
        Index("ix_imaging_order_unseen", "site_id", "result_at", sqlite_where=_UNSEEN, postgresql_where=_UNSEEN),
        Index("ix_imaging_order_alert", "site_id", sqlite_where=_TO_LOOK_AT, postgresql_where=_TO_LOOK_AT),
        Index(
            "ix_imaging_order_record_due", "site_id", "record_due_at", sqlite_where=_RECORD_DUE,
            postgresql_where=_RECORD_DUE,
        ),
        Index("uq_imaging_order_accession", "accession", unique=True),
        Index("uq_imaging_order_study_uid", "study_uid", unique=True),
    )  # fmt: skip

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    modality: Mapped[str]
    status: Mapped[str]  # domain/lifecycle.py: requested, ordered, started, completed, not_imaged, cancelled
    note: Mapped[str] = mapped_column(default="")
    then_specialist: Mapped[bool] = mapped_column(default=False)
    requested_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    requested_at: Mapped[datetime]
    ordered_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    ordered_at: Mapped[datetime | None]
    started_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    started_at: Mapped[datetime | None]
    identity: Mapped[list[str] | None]  # the two identifiers that were checked at the start
    pregnancy: Mapped[str] = mapped_column(default="")  # no, not_applicable; anything else stops the start
    ended_at: Mapped[datetime | None]
    late_at: Mapped[datetime | None]  # when a step of it was last entered late
    reason: Mapped[str] = mapped_column(default="")  # why not imaged, or cancelled
    # What is ordered, in the words of knowledge/imaging_procedures.toml; "" on orders from before it was asked
    procedure: Mapped[str] = mapped_column(default="", server_default="")
    views: Mapped[list[str] | None]
    level: Mapped[str] = mapped_column(default="", server_default="")
    side: Mapped[str] = mapped_column(default="", server_default="")
    priority: Mapped[str] = mapped_column(default="routine", server_default="routine")  # domain/imaging.py
    justification: Mapped[str] = mapped_column(default="", server_default="")
    acr_variant: Mapped[int | None]  # the situation of the ACR table on which it rests
    safety: Mapped[dict[str, Any] | None]  # question -> answer, note, by, at; what is not there is not known
    # What the scanner and the archive know it by; given once, with the doctor's order (services/worklist_keys.py)
    accession: Mapped[str | None]
    study_uid: Mapped[str | None]
    scanner_id: Mapped[str | None] = mapped_column(ForeignKey("scanner.id"))  # None: any of the modality
    alert: Mapped[str] = mapped_column(
        default="", server_default=""
    )  # domain/machine_steps.py: what somebody has to look at
    alert_at: Mapped[datetime | None]
    result_at: Mapped[datetime | None]  # when the first images or the first report were there
    seen_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))  # who opened the result first
    seen_at: Mapped[datetime | None]
    record_due_at: Mapped[datetime | None]  # since when it is done and its exposure record is not written
    encounter: Mapped[Encounter] = relationship(lazy="raise")
    requester: Mapped[Staff] = relationship(lazy="raise", foreign_keys=[requested_by])
    orderer: Mapped[Staff | None] = relationship(lazy="raise", foreign_keys=[ordered_by])
    seer: Mapped[Staff | None] = relationship(lazy="raise", foreign_keys=[seen_by])
    exposure: Mapped["ExposureRecord | None"] = relationship(lazy="raise", back_populates="order")

    @validates("status")
    def _owe_the_record(self, _key: str, status: str) -> str:
        """Note, whoever says that it is done, that the exposure record is still to be written."""
        self.record_due_at = clock.now() if status == "completed" else None
        return status


class ImagingOrderStep(Row, Entered, Base):
    """Appended, never edited: what somebody changed of an order, answered before its start, or called off."""

    __tablename__ = "imaging_order_step"
    __table_args__ = (Index("ix_imaging_order_step_order_id_at", "order_id", "at"),)

    order_id: Mapped[str] = mapped_column(ForeignKey("imaging_order.id"))
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    step: Mapped[str]  # domain/imaging.py
    reason: Mapped[str] = mapped_column(default="")  # coded
    note: Mapped[str] = mapped_column(default="")
    before: Mapped[dict[str, Any]]  # of what was changed alone
    after: Mapped[dict[str, Any]]
    staff: Mapped[Staff] = relationship(lazy="raise")


class ExposureRecord(Versioned, Entered, Base):
    """The exposure record (Art. 28, RT Act): what was irradiated, how, by whom, and the doctor's signature."""

    __tablename__ = "exposure_record"
    __table_args__ = (
        Index("ix_exposure_record_unsigned", "order_id", sqlite_where=_UNSIGNED, postgresql_where=_UNSIGNED),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("imaging_order.id"), unique=True)
    views: Mapped[str]
    exposure: Mapped[dict[str, Any]]  # kvp, mas, dose and its unit, as the radiographer read them
    performed_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    performed_at: Mapped[datetime]
    signed_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    signed_at: Mapped[datetime | None]
    order: Mapped[ImagingOrder] = relationship(lazy="raise", back_populates="exposure")
    performer: Mapped[Staff] = relationship(lazy="raise", foreign_keys=[performed_by])
    signer: Mapped[Staff | None] = relationship(lazy="raise", foreign_keys=[signed_by])
