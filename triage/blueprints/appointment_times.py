"""Which kind of appointment, with whom, on which day: as the address says, with the times that are free then."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import request

from triage import knowledge
from triage.knowledge.hours import AppointmentKind
from triage.services import hours, slots
from triage.services.slots import Resource
from triage.web import actor, locale


@dataclass(frozen=True)
class Times:
    """The choice so far, what else could be chosen, and the free times."""

    day: date
    kind: str
    what: str
    kinds: list[AppointmentKind]
    resources: list[Resource]
    free: list[datetime]
    is_open: bool


def read_times(day: date, kind_id: str = "", what: str = "") -> Times:
    """Return the choice that the address makes, or else the first of each, with the free times."""
    kinds = list(knowledge.load().flow.hours.kinds.values())
    there = slots.resources(actor(), day, locale())
    wanted = what or request.args.get("what", "")
    with_ = next((one.with_ for one in there if one.id == wanted), "")
    asked = kind_id or request.args.get("kind", "")
    kind = next((one for one in kinds if one.id == asked), None)
    kind = kind or next((one for one in kinds if one.with_ == with_), kinds[0])
    fitting = [one for one in there if one.with_ == kind.with_]
    chosen = next((one for one in fitting if one.id == wanted), fitting[0] if fitting else None)
    free = slots.free_starts(actor(), chosen, day, kind.minutes) if chosen else []
    is_open = hours.opening(actor().site_id, day) is not None
    return Times(day, kind.id, chosen.id if chosen else "", kinds, there, free, is_open)
