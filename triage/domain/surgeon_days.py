"""A surgeon's days: consultations, operating days and absences, and the share kept free for the day itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from triage.domain.hours import WEEKDAYS, Opening

#: When a surgeon sees patients on a weekday: whenever the clinic is open, at hours of their own, or not at all.
AS_CLINIC, OWN_HOURS, NONE = "clinic", "hours", "none"
CONSULTS = (AS_CLINIC, OWN_HOURS, NONE)
#: Why a surgeon cannot be booked at a time at which the clinic is open.
ABSENT, OPERATES, OFF = "absent", "operates", "off"
#: A share is kept within so many minutes at a time: long enough that an hour's procedure fits beside it.
BLOCK = 120


@dataclass(frozen=True)
class Plan:
    """One weekday of a surgeon: when patients are seen, and whether it is an operating day."""

    consults: str = AS_CLINIC
    hours: Opening | None = None
    operates: bool = False


#: Seven plans, Monday first.
Plans = tuple[Plan, ...]
#: Until somebody says otherwise a surgeon sees patients whenever the clinic is open.
ALWAYS: Plans = (Plan(),) * 7


@dataclass(frozen=True)
class SurgeonDay:
    """A surgeon's day: when patients are seen (None: not at all), and why not, or not always."""

    hours: Opening | None
    operates: bool = False
    absence: str = ""  # the coded reason

    @property
    def why_not(self) -> str:
        """Return why nobody is seen outside these hours: absent, operates, or off."""
        return ABSENT if self.absence else OPERATES if self.operates else OFF


def day_of(clinic: Opening | None, plan: Plan, absence: str = "") -> SurgeonDay:
    """Return a surgeon's day from the clinic's hours, the plan of the weekday and an absence."""
    if absence:
        return SurgeonDay(None, plan.operates, absence)
    own = plan.hours if plan.consults == OWN_HOURS else clinic if plan.consults == AS_CLINIC else None
    return SurgeonDay(_within(clinic, own), plan.operates)


def _within(clinic: Opening | None, own: Opening | None) -> Opening | None:
    if clinic is None or own is None:
        return None
    opens, closes = max(clinic.opens, own.opens), min(clinic.closes, own.closes)
    return Opening(opens, closes) if opens < closes else None


def faults(plans: Plans) -> dict[int, str]:
    """Return what is wrong with a week, as a message code by the place of the day."""
    found: dict[int, str] = {}
    for place, plan in enumerate(plans):
        if plan.consults not in CONSULTS:
            found[place] = "not_a_choice"
        elif plan.consults == OWN_HOURS and (plan.hours is None or plan.hours.opens >= plan.hours.closes):
            found[place] = "closes_before"
    return found


def as_stored(plans: Plans) -> dict[str, Any]:
    """Return a week as the database keeps it."""
    return {
        name: {"consults": plan.consults, "operates": plan.operates, "hours": _times(plan)}
        for name, plan in zip(WEEKDAYS, plans, strict=True)
    }


def _times(plan: Plan) -> list[str] | None:
    own = plan.hours if plan.consults == OWN_HOURS else None
    return [f"{own.opens:%H:%M}", f"{own.closes:%H:%M}"] if own else None


def as_plans(stored: Mapping[str, Any]) -> Plans:
    """Return a week from what the database keeps."""
    return tuple(_plan(stored.get(name) or {}) for name in WEEKDAYS)


def _plan(stored: Mapping[str, Any]) -> Plan:
    times = stored.get("hours")
    own = Opening(*(time.fromisoformat(one) for one in times)) if times else None
    return Plan(stored.get("consults", AS_CLINIC), own, bool(stored.get("operates")))


def plans_on(day: date, weeks: Sequence[tuple[date, Plans]]) -> Plans:
    """Return the week in force on a day; ``weeks``: with the first day of each, the newest first."""
    return next((plans for valid_from, plans in weeks if valid_from <= day), ALWAYS)


def leaves_free(
    pieces: Sequence[datetime], whole: Sequence[datetime], taken: Collection[datetime], per_hour: int, slot: int
) -> bool:
    """Tell whether an appointment leaves the share free that is kept for today's patients.

    ``whole``: every slot of the day in order; of each two hours of it, ``per_hour`` slots an hour stay free.
    """
    block = timedelta(minutes=BLOCK)
    groups: dict[int, list[datetime]] = {}
    for one in whole:
        groups.setdefault((one - whole[0]) // block, []).append(one)
    mine = set(pieces)
    for group in groups.values():
        touched = mine.intersection(group)
        kept = len(group) * slot * per_hour // 60
        if touched and len(group) - len(touched) - sum(one in taken for one in group) < kept:
            return False
    return True
