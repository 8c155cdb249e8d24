"""Organisation, Site, Room: who runs the clinic, and where."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row


class Organisation(Row, Base):
    """Who runs the clinics; patients belong to it."""

    __tablename__ = "organisation"

    name: Mapped[str]


class Site(Row, Base):
    """One clinic building; encounters and all under them belong to it."""

    __tablename__ = "site"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_ja: Mapped[str] = mapped_column(default="")
    time_zone: Mapped[str] = mapped_column(default="Asia/Tokyo")
    phone: Mapped[str] = mapped_column(default="")
    organisation: Mapped[Organisation] = relationship(lazy="raise")


class Room(Row, Base):
    """A desk, a consulting room, or the room of a modality."""

    __tablename__ = "room"
    __table_args__ = (UniqueConstraint("site_id", "name"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str]
    name_ja: Mapped[str] = mapped_column(default="")
    modality: Mapped[str | None]
    retired_at: Mapped[datetime | None]  # no longer offered; what happened in it keeps its name

    def label(self, locale: str) -> str:
        """Return the name in a language: Japanese where there is one, else the first name."""
        return (self.name_ja if locale == "ja" else "") or self.name
