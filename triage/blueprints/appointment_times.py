"""Which kind of appointment, with whom, on which day: as the address says, with the times that are free then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from flask import request

from triage import knowledge
from triage.forms.appointments import BookForm
from triage.knowledge.hours import AppointmentKind
from triage.services import alternatives, slots
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
    why: str = ""  # nothing is free (services/alternatives.py)
    because: str = ""  # what is noted of a closed day
    later: Sequence[datetime] = ()
    others: Sequence[tuple[Resource, datetime]] = ()


def read_times(day: date, kind_id: str = "", what: str = "", look_further: bool = False) -> Times:
    """Return the choice that the address makes, or else the first of each, with the free times.

    Where there is none, or ``look_further`` after a time was lost, with the next ones and who else has time.
    """
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
    found = Times(day, kind.id, chosen.id if chosen else "", kinds, there, free)
    return found if free and not look_further else _further(found, chosen, kind.minutes)


def wanted(form: BookForm) -> tuple[str, str, str]:
    """Return the day as typed, the kind and with whom, as pressed beside the booking form.

    A time with somebody else is one press: it keeps the kind shown and is chosen already.
    """
    other, _blank, start = request.form.get("other", "").partition(" ")
    form.start.data = start or None
    if other:
        return start[:10], form.kind.data or "", other
    typed = request.form
    return typed.get("to_day", ""), typed.get("to_kind", ""), typed.get("to_what", "")


def _further(found: Times, chosen: Resource | None, minutes: int) -> Times:
    who, day = actor(), found.day
    why = "" if found.free else alternatives.why_none(who, chosen, day, minutes)
    because = alternatives.closed_because(who, day) if why == "closed" else ""
    if chosen is None:
        return replace(found, why=why, because=because)
    return replace(
        found, why=why, because=because, later=alternatives.later(who, chosen, day, minutes),
        others=alternatives.others(who, chosen, day, minutes, locale()),
    )  # fmt: skip
