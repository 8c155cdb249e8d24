"""SignOn: who is on duty in which room, since when. SavedView: a person's own filter of the board, under a name."""

from datetime import datetime

from sqlalchemy import ColumnClause, ForeignKey, Index, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.organisations import Room

_OPEN: ColumnClause[bool] = literal_column("until IS NULL")


class SignOn(Row, Base):
    """One stay of one person in one room (or in none); one open at most per person."""

    __tablename__ = "sign_on"
    __table_args__ = (
        Index("uq_sign_on_open", "staff_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_sign_on_site_id_until", "site_id", "until"),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    room_id: Mapped[str | None] = mapped_column(ForeignKey("room.id"))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    staff: Mapped[Staff] = relationship(lazy="raise", foreign_keys=[staff_id])
    room: Mapped[Room | None] = relationship(lazy="raise")


class SavedView(Row, Base):
    """A filter of the board under a name, a person's own."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("staff_id", "site_id", "name"),)
    __audited__ = False  # a shortcut of one person to a page that all may open; nothing of a patient stands in it

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str]
    query: Mapped[str]
    created_at: Mapped[datetime]
