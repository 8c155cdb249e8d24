"""Appointments: what may follow what, which slots one fills, and in which order requests are answered."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from triage.domain.errors import Conflict
from triage.domain.hours import Opening

#: With whom: a surgeon; anything else is the modality whose machine it needs.
SURGEON = "surgeon"
BOOKED, ARRIVED, CANCELLED, ABSENT = "booked", "arrived", "cancelled", "absent"
#: Step -> from which states it leads where.
STEPS: dict[str, tuple[frozenset[str], str]] = {
    "move": (frozenset({BOOKED}), BOOKED),
    "cancel": (frozenset({BOOKED}), CANCELLED),
    "note_absent": (frozenset({BOOKED}), ABSENT),
    "arrive": (frozenset({BOOKED, ABSENT}), ARRIVED),  # who was noted absent and comes late has come
}
#: A request: waiting for its answer, answered with an appointment, closed without one.
WAITING, ANSWERED, CLOSED = "waiting", "booked", "closed"
CHANNELS = ("telephone", "email", "online", "desk")
#: Whether who asks told of an urgent sign; nobody may have asked yet, as in an e-mail.
URGENT = ("yes", "no", "not_asked")


def after(step: str, status: str) -> str:
    """Return the state a step leads to; raises Conflict where it is not possible now."""
    before, target = STEPS[step]
    if status not in before:
        raise Conflict("appointment_step_not_possible")
    return target


def pieces(starts_at: datetime, minutes: int, slot: int) -> list[datetime]:
    """Return the beginning of every slot that an appointment fills."""
    return [starts_at + timedelta(minutes=gone) for gone in range(0, minutes, slot)]


def starts(opening: Opening | None, day: date, zone: ZoneInfo, minutes: int, slot: int) -> list[datetime]:
    """Return every moment of a day at which an appointment of this length can begin and still end within the hours."""
    if opening is None:
        return []
    first, last = datetime.combine(day, opening.opens, zone), datetime.combine(day, opening.closes, zone)
    first += timedelta(minutes=-first.minute % slot)  # a clinic that opens at 9:40 begins its slots at 9:45
    steps = int((last - first) / timedelta(minutes=slot)) + 1
    moments = (first + timedelta(minutes=slot * number) for number in range(max(steps, 0)))
    return [moment for moment in moments if moment + timedelta(minutes=minutes) <= last]


def is_within(starts_at: datetime, minutes: int, opening: Opening | None, zone: ZoneInfo) -> bool:
    """Tell whether an appointment lies within the hours of its day."""
    begins, ends = starts_at.astimezone(zone), (starts_at + timedelta(minutes=minutes)).astimezone(zone)
    if opening is None or begins.date() != ends.date():
        return False
    return opening.opens <= begins.time() and ends.time() <= opening.closes


@dataclass(frozen=True)
class Gap:
    """Time that nothing is booked for."""

    starts: datetime
    ends: datetime


def gaps(free: Sequence[datetime], slot: int) -> list[Gap]:
    """Return the free slots of a day in runs."""
    found: list[Gap] = []
    for moment in free:
        ends = moment + timedelta(minutes=slot)
        if found and found[-1].ends == moment:
            found[-1] = Gap(found[-1].starts, ends)
        else:
            found.append(Gap(moment, ends))
    return found


@dataclass(frozen=True)
class Wish:
    """What is to be booked: the kind, whose time (a surgeon's id or a modality), from when on.

    ``procedure``: which one, where the kind names one; ``decision_id``: the surgeon's decision that it follows from;
    ``milestone_id``: the step of a pathway that it is for.
    """

    kind: str
    what: str
    starts_at: datetime
    note: str = ""
    procedure: str = ""
    decision_id: str = ""
    milestone_id: str = ""


class Asked(Protocol):
    """What the order of requests looks at."""

    id: str
    urgent: str
    same_day: bool
    received_at: datetime


A = TypeVar("A", bound=Asked)

#: Who is not triaged stands between an emergency and the first who can wait, as in the queue.
_NOT_TRIAGED = 2.5


#: Acuities of an emergency, and of who is seen the same day (knowledge/ruleset.toml).
_EMERGENCY, _SAME_DAY = 2, 3


def is_emergency(acuity: int | None) -> bool:
    """Tell whether the visit of who asks was found to be an emergency: no time is needed for it."""
    return acuity is not None and acuity <= _EMERGENCY


def is_urgent(request: Asked, acuity: int | None) -> bool:
    """Tell whether nobody may go before this request without words: a sign was told, or the visit is urgent."""
    return request.urgent == "yes" or (acuity is not None and acuity <= _SAME_DAY)


def _leads(request: Asked, acuity: int | None) -> bool:
    return request.urgent == "yes" or is_emergency(acuity)


def in_order(requests: Iterable[A], acuities: Mapping[str, int | None] | None = None) -> list[A]:
    """Return requests as they are answered: urgent ones first, then those for today, then in the order received.

    An emergency comes before whoever told of an urgent sign. Those for today stand by the acuity of the visit where the
    patient is here (``acuities`` by the request's id).
    """
    known = acuities or {}

    def place(request: A) -> tuple[bool, bool, bool, float, datetime, str]:
        acuity = known.get(request.id)
        leads = _leads(request, acuity)
        standing = float(acuity or _NOT_TRIAGED) if request.same_day and not leads else 0.0
        later = not (leads or request.same_day)
        return not leads, not is_emergency(acuity), later, standing, request.received_at, request.id

    return sorted(requests, key=place)


def ahead_of(request_id: str, ordered: Sequence[A], acuities: Mapping[str, int | None] | None = None) -> list[A]:
    """Return who is to be answered before this request: urgent ones, and those before it in the same line."""
    known = acuities or {}
    place = next((number for number, one in enumerate(ordered) if one.id == request_id), None)
    if place is None:
        return []
    mine = ordered[place]
    return [one for one in ordered[:place] if _leads(one, known.get(one.id)) or one.same_day == mine.same_day]


def free_of(moments: Iterable[datetime], minutes: int, slot: int, taken: Collection[datetime]) -> list[datetime]:
    """Return the moments at which every slot of an appointment is free."""
    return [moment for moment in moments if not any(one in taken for one in pieces(moment, minutes, slot))]


def local_start(day: date, clock_time: time, zone: ZoneInfo) -> datetime:
    """Return the moment at which the site's clock shows this time on this day."""
    return datetime.combine(day, clock_time, zone)
