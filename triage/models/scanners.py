"""Scanner: a machine that asks the worklist and says what it did. ImageArchive: where the images go (Orthanc)."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base
from triage.models.organisations import Room
from triage.models.versioned import Versioned


class Scanner(Versioned, Base):
    """One imaging machine. Its AE title names it to the worklist; the title alone is no proof of who asks."""

    __tablename__ = "scanner"
    __table_args__ = (UniqueConstraint("ae_title"),)  # one worklist serves every site: a title is one machine's

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    room_id: Mapped[str | None] = mapped_column(ForeignKey("room.id"))
    name: Mapped[str]
    ae_title: Mapped[str]  # at most 16 characters
    modality: Mapped[str]  # knowledge/clinic.toml
    host: Mapped[str] = mapped_column(default="")  # from where it may ask; "": from anywhere
    port: Mapped[int | None]  # on which it answers a C-ECHO; None: it does not
    charset: Mapped[str]  # domain/charsets.py
    tls: Mapped[bool] = mapped_column(default=False)  # may ask over TLS only
    mpps: Mapped[bool] = mapped_column(default=True)  # says itself what it began and ended
    retired_at: Mapped[datetime | None]
    room: Mapped[Room | None] = relationship(lazy="raise")


class ImageArchive(Versioned, Base):
    """The archive of a site, over its REST interface. Its password is a secret: environment or instance/ only."""

    __tablename__ = "image_archive"
    __table_args__ = (UniqueConstraint("site_id"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    url: Mapped[str]
    user_name: Mapped[str] = mapped_column(default="")
    viewer: Mapped[str] = mapped_column(default="")  # address with {study}, the study instance UID; "": no link


class ArchivePosition(Base):
    """How far the archive's list of changes has been read: moved in the transaction that took what it says."""

    __tablename__ = "archive_position"
    __audited__ = False  # what a change led to is audited by name; the position moves with every poll

    archive_id: Mapped[str] = mapped_column(ForeignKey("image_archive.id"), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)
    polled_at: Mapped[datetime | None]  # when the archive last answered
    failed_at: Mapped[datetime | None]  # when it last did not; None once it answers again
    failure: Mapped[str] = mapped_column(default="")
