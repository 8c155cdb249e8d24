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
