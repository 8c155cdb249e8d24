"""What comes back from the machines: ProcedureStep (MPPS), ImagingStudy (the images), ImagingReport (the words)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnClause, ForeignKey, Index, LargeBinary, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.encounters import AtSite
from triage.models.imaging import ImagingOrder
from triage.models.scanners import Scanner
from triage.models.versioned import Entered, Versioned

_SETTLED: ColumnClause[bool] = literal_column("settled_at IS NOT NULL")
_UNMATCHED: ColumnClause[bool] = literal_column("order_id IS NULL AND settled_at IS NULL")


class Returned(AtSite, Versioned):
    """What a machine said of an examination, and by which of its keys it was matched to an order, or who settled it.

    Without an order and not settled it stands on the list of what nobody could match.
    """

    order_id: Mapped[str | None] = mapped_column(ForeignKey("imaging_order.id"))
    matched_by: Mapped[str] = mapped_column(default="")  # domain/matching.py: study_uid, accession, person
    accession: Mapped[str] = mapped_column(default="")  # this and the next two as the machine gave them
    patient_number: Mapped[str] = mapped_column(default="")
    patient_name: Mapped[str] = mapped_column(default="")
    settled_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    settled_at: Mapped[datetime | None]
    settled_why: Mapped[str] = mapped_column(default="")  # coded: why it belongs to no order


class ProcedureStep(Returned, Base):
    """A performed procedure step: the scanner began, finished or broke off an examination.

    One acquisition for several orders is told in several items: one row for each.
    """

    __tablename__ = "procedure_step"
    __table_args__ = (
        UniqueConstraint("sop_instance_uid", "item"),
        Index("ix_procedure_step_order_id", "order_id"),
        Index("ix_procedure_step_study_uid", "study_uid"),
        Index(
            "ix_procedure_step_settled", "site_id", "settled_at", sqlite_where=_SETTLED, postgresql_where=_SETTLED
        ),
        Index(
            "ix_procedure_step_unmatched", "site_id", "began_at", sqlite_where=_UNMATCHED, postgresql_where=_UNMATCHED
        ),
    )  # fmt: skip

    scanner_id: Mapped[str] = mapped_column(ForeignKey("scanner.id"))
    sop_instance_uid: Mapped[str]
    item: Mapped[int] = mapped_column(default=0, server_default="0")  # which of its scheduled steps
    study_uid: Mapped[str] = mapped_column(default="")
    status: Mapped[str]  # domain/matching.py: in_progress, completed, discontinued
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")  # code of CID 9300, where it was broken off
    received: Mapped[dict[str, Any]]  # what else the scanner said: description, series, dose
    scanner: Mapped[Scanner] = relationship(lazy="raise")
    order: Mapped[ImagingOrder | None] = relationship(lazy="raise")


class ImagingStudy(Returned, Base):
    """The images of one examination, as they lie in the archive."""

    __tablename__ = "imaging_study"
    __table_args__ = (
        UniqueConstraint("site_id", "study_uid"),
        Index("ix_imaging_study_order_id", "order_id"),
        Index("ix_imaging_study_settled", "site_id", "settled_at", sqlite_where=_SETTLED, postgresql_where=_SETTLED),
        Index(
            "ix_imaging_study_unmatched", "site_id", "stable_at", sqlite_where=_UNMATCHED, postgresql_where=_UNMATCHED
        ),
    )  # fmt: skip

    study_uid: Mapped[str]
    archive_key: Mapped[str]  # the archive's own id of the study
    modality: Mapped[str] = mapped_column(default="")  # DICOM code
    description: Mapped[str] = mapped_column(default="")
    birth_date: Mapped[str] = mapped_column(default="")  # as it stands in the images, YYYYMMDD
    images: Mapped[int] = mapped_column(default=0)
    stable_at: Mapped[datetime]
    order: Mapped[ImagingOrder | None] = relationship(lazy="raise")


class ImagingReport(Row, Entered, Base):
    """Appended, never edited: a text or a file that says what the images show; a later one replaces an earlier."""

    __tablename__ = "imaging_report"
    __table_args__ = (UniqueConstraint("order_id", "sequence"),)

    order_id: Mapped[str] = mapped_column(ForeignKey("imaging_order.id"))
    sequence: Mapped[int]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str]
    reader: Mapped[str] = mapped_column(default="")  # who read the images, where that is not who entered it
    reason: Mapped[str] = mapped_column(default="")  # why it replaces the one before
    file_name: Mapped[str] = mapped_column(default="")
    file_type: Mapped[str] = mapped_column(default="")
    file: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    staff: Mapped[Staff] = relationship(lazy="raise")
