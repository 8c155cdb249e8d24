"""PaperCopy: when the timer last wrote the board to a file, so that the screen can say how old the paper is."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from triage.db import Base


class PaperCopy(Base):
    """One row per site."""

    __tablename__ = "paper_copy"
    __audited__ = False  # only how old the last file is; each printing is the audit event "board_printed"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), primary_key=True)
    at: Mapped[datetime]
