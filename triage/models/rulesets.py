"""The clinic's own rules: versions written as drafts, their publications, and the clinical lead's signatures."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.versioned import Versioned


class RulesetVersion(Versioned, Base):
    """The whole rules as one TOML text. A draft is edited under its version; published, it never changes again."""

    __tablename__ = "ruleset_version"
    __table_args__ = (Index("ix_ruleset_version_site_id_state", "site_id", "state"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str]  # the version as the text itself says it
    content_hash: Mapped[str]
    content: Mapped[str]
    note: Mapped[str] = mapped_column(default="")  # what changes and why
    based_on: Mapped[str] = mapped_column(default="")  # content hash of the rules it was begun from
    author_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))  # None: came with the program
    authors: Mapped[list[str]] = mapped_column(default=list)  # ids of everybody who wrote in it
    created_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="draft")  # draft, published, discarded
    author: Mapped[Staff | None] = relationship(lazy="raise")


class RulesetPublication(Row, Base):
    """Appended, never edited: the newest of a site says which rules are in force; version None: the shipped ones."""

    __tablename__ = "ruleset_publication"
    __table_args__ = (UniqueConstraint("site_id", "sequence"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    sequence: Mapped[int]
    version_id: Mapped[str | None] = mapped_column(ForeignKey("ruleset_version.id"))
    name: Mapped[str]
    content_hash: Mapped[str]
    kind: Mapped[str]  # published, rolled_back
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    staff: Mapped[Staff] = relationship(lazy="raise")
    version: Mapped[RulesetVersion | None] = relationship(lazy="raise")


class RulesetSignature(Row, Base):
    """Appended, never edited: the clinical lead's word on one content; the newest for a content counts."""

    __tablename__ = "ruleset_signature"
    __table_args__ = (UniqueConstraint("site_id", "sequence"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    sequence: Mapped[int]
    name: Mapped[str]
    content_hash: Mapped[str]
    kind: Mapped[str]  # signed, withdrawn
    statement: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    staff: Mapped[Staff] = relationship(lazy="raise")
