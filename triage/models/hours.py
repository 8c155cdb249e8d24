"""The clinic's hours: the weeks the administrator gave, and the days that differ from them."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnClause, ForeignKey, Index, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff

_STANDS: ColumnClause[bool] = literal_column("withdrawn_at IS NULL")


class OpeningHours(Row, Base):
    """Appended, never edited: a whole week, in force from a day until a later one is; numbered per site."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        UniqueConstraint("site_id", "sequence"),
        Index("ix_opening_hours_site_id_valid_from_sequence", "site_id", "valid_from", "sequence"),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    sequence: Mapped[int]
    valid_from: Mapped[date]
    week: Mapped[dict[str, Any]]  # domain/hours.py: two times by the name of the weekday, None where closed
    note: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    staff: Mapped[Staff] = relationship(lazy="raise")


class OpeningException(Row, Base):
    """A day that differs from the week: closed, other hours, or a holiday on which the clinic is open as usual."""

    __tablename__ = "opening_exception"
    __table_args__ = (
        Index(
            "uq_opening_exception_day", "site_id", "day", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS
        ),
    )  # fmt: skip

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    day: Mapped[date]
    kind: Mapped[str]  # domain/hours.py: closed, hours, usual
    opens: Mapped[time | None]
    closes: Mapped[time | None]
    reason: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))

    @property
    def first(self) -> date:
        """Return the day, as of what lasts from a first day to a last one."""
        return self.day

    @property
    def last(self) -> date:
        """Return the day, as of what lasts from a first day to a last one."""
        return self.day


class SurgeonWeek(Row, Base):
    """Appended, never edited: on which weekdays a surgeon sees patients and operates, in force until a later one is."""

    __tablename__ = "surgeon_week"
    __table_args__ = (
        UniqueConstraint("site_id", "whose", "sequence"),
        Index("ix_surgeon_week_site_id_valid_from", "site_id", "valid_from"),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    whose: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    sequence: Mapped[int]  # numbered per surgeon and site
    valid_from: Mapped[date]
    week: Mapped[dict[str, Any]]  # domain/surgeon_days.py
    note: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    staff: Mapped[Staff] = relationship(lazy="raise", foreign_keys=[staff_id])


class SurgeonAbsence(Row, Base):
    """A surgeon is not here, from the first day to the last, both counted."""

    __tablename__ = "surgeon_absence"
    __table_args__ = (
        Index("ix_surgeon_absence_stands", "site_id", "last", sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    whose: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    first: Mapped[date]
    last: Mapped[date]
    reason: Mapped[str]
    note: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))


class KeptShare(Row, Base):
    """Appended, never edited: how many slots an hour stay free for today's patients; the newest is in force."""

    __tablename__ = "kept_share"
    __table_args__ = (UniqueConstraint("site_id", "sequence"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    sequence: Mapped[int]
    per_hour: Mapped[int]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    staff: Mapped[Staff] = relationship(lazy="raise")
