"""What the clinic's hours must look like."""

from datetime import time
from typing import Literal

from pydantic import Field

from triage.knowledge.schema_base import Entry, Name

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class OpeningEntry(Entry):
    """The weekdays that have these hours, on the clinic's clock."""

    weekdays: list[Weekday] = Field(min_length=1)
    opens: time
    closes: time
    source: Name


class HoursEntries(Entry):
    """The keys of the file."""

    opening: list[OpeningEntry] = Field(min_length=1)
