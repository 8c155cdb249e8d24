"""Simulation: a draft of the rules tried on the stored visits of a period and on the vignettes, piece by piece."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from triage.db import Base, Row
from triage.models.accounts import Staff
from triage.models.rulesets import RulesetVersion


class Simulation(Row, Base):
    """One content of a draft against one content of the rules in force; finished, it never changes again."""

    __tablename__ = "simulation"
    __table_args__ = (Index("ix_simulation_site_id_content_hash", "site_id", "content_hash"),)
    __audited__ = False  # its start and its end are recorded by name; the counts between are nobody's record

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    version_id: Mapped[str] = mapped_column(ForeignKey("ruleset_version.id"))
    name: Mapped[str]  # the draft's version as its text said it
    content_hash: Mapped[str]
    base_name: Mapped[str]
    base_hash: Mapped[str]
    since: Mapped[date]
    until: Mapped[date]
    started_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    started_at: Mapped[datetime]
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    last_day: Mapped[date | None]  # of the visit counted last, with its ticket: where to go on
    last_ticket: Mapped[str] = mapped_column(default="")
    tally: Mapped[dict[str, Any]]  # domain/simulation.py, Tally
    trial: Mapped[dict[str, Any]]  # domain/vignettes.py, Trial; empty before the first piece
    finished_at: Mapped[datetime | None]
    starter: Mapped[Staff] = relationship(lazy="raise")
    version: Mapped[RulesetVersion] = relationship(lazy="raise")
