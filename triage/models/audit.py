"""AuditEvent: who did or saw what, when, in one hash chain per site. Change: what the boards have to fetch."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff


class SiteHead(Base):
    """The end of a site's audit chain and of its change log; locking this row puts the site's writes in order."""

    __tablename__ = "site_head"
    __audited__ = False  # part of the audit itself

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), primary_key=True)
    audit_count: Mapped[int] = mapped_column(default=0)
    audit_hash: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=0)


class AuditEvent(Row, Base):
    """Ids, times, the actor, and the keyed hash of the payload; no clinical text, so that it can be kept for ever."""

    __tablename__ = "audit_event"
    __audited__ = False  # it is the audit
    __table_args__ = (
        UniqueConstraint("site_id", "sequence"),
        Index("ix_audit_event_site_id_at", "site_id", "at"),
        Index("ix_audit_event_patient_id_at", "patient_id", "at"),
        Index("ix_audit_event_staff_id_at", "staff_id", "at"),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    sequence: Mapped[int]
    at: Mapped[datetime]  # when it was entered: the chain stands in this order
    occurred_at: Mapped[datetime | None]  # when it had happened, where it was entered late
    name: Mapped[str]
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    patient_id: Mapped[str | None]
    encounter_id: Mapped[str | None]
    key_id: Mapped[str]
    payload_hash: Mapped[str]
    previous_hash: Mapped[str]
    hash: Mapped[str]
    staff: Mapped[Staff | None] = relationship(lazy="raise")
    payload: Mapped["AuditPayload | None"] = relationship(lazy="raise")


class AuditPayload(Base):
    """What the event says in detail; retention may delete it, and the chain stays whole."""

    __tablename__ = "audit_payload"
    __audited__ = False  # part of the audit itself

    event_id: Mapped[str] = mapped_column(ForeignKey("audit_event.id"), primary_key=True)
    body: Mapped[dict[str, Any]]


class Change(Base):
    """One change of an encounter, numbered per site in commit order."""

    __tablename__ = "change"
    __audited__ = False  # written by record(), beside the event
    __table_args__ = (Index("ix_change_encounter_id", "encounter_id"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str]
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"))
    at: Mapped[datetime]
