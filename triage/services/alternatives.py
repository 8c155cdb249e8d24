"""Where a time cannot be had: why nothing is free, the next free times, and who else could be seen that day."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from triage.domain.access import Actor
from triage.domain.errors import Conflict
from triage.services import hours, slots
from triage.services.organisations import today
from triage.services.slots import Resource

#: So many open days ahead are looked at, and so many times shown.
DAYS, SHOWN = 10, 3


def why_none(actor: Actor, resource: Resource | None, day: date, minutes: int) -> str:
    """Return why nothing is free: past, closed, absent, operates, off, kept for the day itself, or full."""
    times = slots.day_times(actor, day)
    if day < today(actor.site_id):
        return "past"
    if times.opening is None:
        return "closed"
    if resource is None:
        return "off"
    found = times.of(resource)
    if found.hours is None:
        return found.why_not
    return "kept" if slots.free_starts(actor, resource, day, minutes, replace(times, kept=0)) else "full"


def closed_because(actor: Actor, day: date) -> str:
    """Return what is noted of a day that differs from its week, such as a public holiday; "" for nothing."""
    other = hours.other_days(actor.site_id, day, day).get(day)
    return other.reason if other else ""


def later(actor: Actor, resource: Resource, day: date, minutes: int) -> list[datetime]:
    """Return the first free time of each of the next days on which this surgeon or machine has one."""
    found: list[datetime] = []
    one = max(day, today(actor.site_id) - timedelta(days=1))
    for _number in range(DAYS):
        try:
            one = hours.next_open(actor.site_id, one, after=1)
        except Conflict:  # never open again: the administrator's page says so
            break
        found += slots.free_starts(actor, resource, one, minutes)[:1]
        if len(found) == SHOWN:
            break
    return found


def others(
    actor: Actor, resource: Resource, day: date, minutes: int, locale: str = "en"
) -> list[tuple[Resource, datetime]]:
    """Return who else of the same kind has time on the day, each with the first free time."""
    times = slots.day_times(actor, day)
    same = [one for one in slots.resources(actor, day, locale) if one.with_ == resource.with_ and one.id != resource.id]
    free = [(one, slots.free_starts(actor, one, day, minutes, times)) for one in same]
    return [(one, found[0]) for one, found in free if found]
