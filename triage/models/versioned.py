"""A row that people change: it carries a version, and who changed it last."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from triage import clock
from triage.db import Row


class Versioned(Row):
    """Refuses a write on an old version (``StaleDataError``), and can say who was faster."""

    version: Mapped[int] = mapped_column(default=1)
    updated_by: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime | None]

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        """Let SQLAlchemy compare and raise the version on every update."""
        return {"version_id_col": cls.version}


class Entered:
    """A row that says when it was entered, where that was later than what it says had happened (a late entry)."""

    entered_at: Mapped[datetime | None] = mapped_column(default=clock.entered_late)
