"""What the clinic's hours and what can be booked in them must look like."""

from datetime import time
from typing import Literal

from pydantic import Field

from triage.knowledge.schema_base import Entry, LabelEntry, Name

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class OpeningEntry(Entry):
    """The weekdays that have these hours, on the clinic's clock."""

    weekdays: list[Weekday] = Field(min_length=1)
    opens: time
    closes: time
    source: Name


class SlotsEntry(Entry):
    """The shortest time that can be booked, a whole part of an hour."""

    minutes: Literal[5, 10, 15, 20, 30]
    kept_per_hour: int = Field(ge=0, le=2)


class AppointmentKindEntry(LabelEntry):
    """What can be booked: with a surgeon, or on the machine of a modality."""

    minutes: int = Field(gt=0)
    with_: Name = Field(alias="with")
    names_procedure: bool = False


class HoursEntries(Entry):
    """The keys of the files."""

    opening: list[OpeningEntry] = Field(min_length=1)
    slots: SlotsEntry
    appointment_kind: list[AppointmentKindEntry] = Field(min_length=1)
    cancel_reason: list[LabelEntry] = Field(min_length=1)
    skip_reason: list[LabelEntry] = Field(min_length=1)
    close_reason: list[LabelEntry] = Field(min_length=1)
    absence_reason: list[LabelEntry] = Field(min_length=1)
