"""Device: an enrolled screen, such as the wall of the waiting room or the browser of a public desk. Never a person."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base
from triage.models.accounts import Staff
from triage.models.organisations import Room
from triage.models.versioned import Versioned


class Device(Versioned, Base):
    """One screen at one site. A one-time code, of which only the hash is kept, turns a browser into it."""

    __tablename__ = "device"
    __table_args__ = (Index("ix_device_site_id", "site_id"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    room_id: Mapped[str | None] = mapped_column(ForeignKey("room.id"))  # None: the whole site
    kind: Mapped[str]  # domain/access.py: wall, public_desk
    name: Mapped[str]
    added_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    added_at: Mapped[datetime]
    code_hash: Mapped[str | None] = mapped_column(unique=True)
    code_until: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    revoked_at: Mapped[datetime | None]
    room: Mapped[Room | None] = relationship(lazy="raise")
    adder: Mapped[Staff] = relationship(lazy="raise", foreign_keys=[added_by])
    revoker: Mapped[Staff | None] = relationship(lazy="raise", foreign_keys=[revoked_by])
    token: Mapped["DeviceToken | None"] = relationship(lazy="raise", viewonly=True)


class DeviceToken(Base):
    """The browser that is the device now: its cookie holds a random token, this row only the token's hash."""

    __tablename__ = "device_token"
    __audited__ = False  # "seen" moves every minute; enrolling and revoking are audited by name

    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    enrolled_at: Mapped[datetime]
    seen_at: Mapped[datetime]
