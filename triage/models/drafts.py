"""Draft: typing that is not yet a record, kept on the server. Submission: a form already acknowledged once."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from triage.db import Base


class Draft(Base):
    """What one person typed into one form and has not yet sent."""

    __tablename__ = "draft"
    __audited__ = False  # not a record; it becomes one, audited, when the form is sent

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class Submission(Base):
    """The request id of a form that made a row: the same form sent again finds that row instead of a second one."""

    __tablename__ = "submission"
    __audited__ = False  # written only beside the audited row it points to

    request_id: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    result_id: Mapped[str]
    at: Mapped[datetime]
