"""Staff, their dated grants, their sessions and failed sign-ins."""

from datetime import date, datetime

from sqlalchemy import ColumnClause, ForeignKey, Index, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.versioned import Versioned

_RUNNING: ColumnClause[bool] = literal_column("ended_at IS NULL")


class Staff(Versioned, Base):
    """A person who works here and may sign in."""

    __tablename__ = "staff"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    user_name: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(default="")
    demo: Mapped[bool] = mapped_column(default=False)
    deactivated_at: Mapped[datetime | None]
    grants: Mapped[list["Grant"]] = relationship(back_populates="staff", lazy="raise")


class StaffIdentity(Row, Base):
    """The same person as an outside identity provider knows them."""

    __tablename__ = "staff_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    issuer: Mapped[str]
    subject: Mapped[str]


class Grant(Row, Base):
    """A role or duty of one person at one site, from a day, until a day (exclusive) or for good."""

    __tablename__ = "staff_grant"
    __table_args__ = (Index("ix_staff_grant_staff_id", "staff_id"),)

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    role: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    staff: Mapped[Staff] = relationship(back_populates="grants", lazy="raise")


class LoginSession(Base):
    """A signed-in browser. The cookie holds a random token, this row only its hash."""

    __tablename__ = "login_session"
    __table_args__ = (
        Index("ix_login_session_running", "site_id", "seen_at", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )
    __audited__ = False  # "seen" moves with every request; signing in and out are audited by name

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LoginAttempt(Row, Base):
    """A wrong password, kept for the lock-out."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_user_name_address_at", "user_name", "address", "at"),)
    __audited__ = False  # the audit event "sign_in_refused" is written beside it

    user_name: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]
