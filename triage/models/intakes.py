"""Finding: one recorded answer, symptom or sign of an encounter, with its source."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from triage import clock
from triage.db import Base


class Finding(Base):
    """What is recorded now under one name. No row: not asked. ``known`` false: asked, and not known."""

    __tablename__ = "finding"

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    known: Mapped[bool] = mapped_column(default=True)
    value: Mapped[Any] = mapped_column(JSON, nullable=True)
    source: Mapped[str]  # patient, reception, nurse, surgeon
    revision: Mapped[int]  # the encounter's findings_revision at which it was written
    recorded_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
    entered_at: Mapped[datetime | None] = mapped_column(default=clock.entered_late, onupdate=clock.entered_late)
