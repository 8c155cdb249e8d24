"""What the page of the hours shows: weeks to come, days that differ, holidays nobody has decided on, who is here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.adapters import public_holidays
from triage.adapters.public_holidays import Holiday
from triage.db import session, verb
from triage.domain import comeback
from triage.domain import hours as names
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, Refused
from triage.domain.hours import Opening, Week
from triage.models import Encounter, OpeningException, OpeningHours, ReturnVisit
from triage.services import appointment_days, displaced, hours
from triage.services.audit import lock_site, record
from triage.services.organisations import today

A_YEAR = 365
#: Days that differ and are over stay on the page this long.
LOOK_BACK = timedelta(days=30)
#: A paper names the closed days that lie within this time.
SOON = timedelta(days=14)
#: So many weeks given are shown, newest first.
_SHOWN = 20


def holidays(first: date, last: date) -> Mapping[date, Holiday]:
    """Return the public holidays between two days, both counted."""
    return public_holidays.between(first, last)


def list_changes(actor: Actor) -> Sequence[OpeningHours]:
    """Return the weeks that were given, newest first, with who gave them."""
    query = select(OpeningHours).where(OpeningHours.site_id == actor.site_id).options(joinedload(OpeningHours.staff))
    return session.scalars(query.order_by(OpeningHours.sequence.desc()).limit(_SHOWN)).all()


def list_other_days(actor: Actor, day: date) -> Sequence[OpeningException]:
    """Return the days that differ from their week, a month back and all that come, in order."""
    query = select(OpeningException).where(
        OpeningException.site_id == actor.site_id, OpeningException.withdrawn_at.is_(None),
        OpeningException.day >= day - LOOK_BACK,
    )  # fmt: skip
    return session.scalars(query.order_by(OpeningException.day)).all()


def undecided_holidays(actor: Actor, day: date) -> list[Holiday]:
    """Return the public holidays of the coming year on which the clinic would be open because nobody has decided."""
    until = day + timedelta(days=A_YEAR)
    decided, openings = hours.other_days(actor.site_id, day, until), hours.openings(actor.site_id, day, until)
    return [one for one in holidays(day, until).values() if one.day not in decided and openings[one.day]]


@verb
def decide_holidays(actor: Actor, days: Sequence[date], kind: str) -> int:
    """Note of public holidays whether the clinic is closed or open as usual; return how many they are.

    Raises Refused for a day that is none or for none at all, Conflict where one of them was decided meanwhile.
    """
    lock_site(session(), actor.site_id)
    if kind not in (names.CLOSED, names.AS_USUAL):
        raise Invalid(kind="not_a_choice")
    if not days:
        raise Refused("holiday_needed")
    known = holidays(min(days), max(days))
    if min(days) < today(actor.site_id) or any(day not in known for day in days):
        raise Refused("holiday_needed")
    for day in days:
        _decide(actor, known[day], kind)
    displaced.review(actor, min(days), max(days), hours.openings)
    return len(days)


def _decide(actor: Actor, holiday: Holiday, kind: str) -> None:
    if hours.other_days(actor.site_id, holiday.day, holiday.day):
        raise Conflict("day_differs_already", day=holiday.day.isoformat())
    session.add(
        OpeningException(
            site_id=actor.site_id, day=holiday.day, kind=kind, reason=holiday.ja, at=clock.now(),
            staff_id=actor.staff_id,
        )
    )  # fmt: skip
    session.flush()
    record(actor, "days_differ", first=holiday.day, last=holiday.day, kind=kind, hours="", reason=holiday.ja)


@dataclass(frozen=True)
class Effect:
    """What a change would mean: who is here now, today's hours before and after, and who must hear of it.

    Those are appointments that would lie outside the hours, and patients asked to come back on a day without any.
    """

    here: int
    before: Opening | None
    after: Opening | None
    appointments: int = 0
    returns: int = 0


def effect_of_week(actor: Actor, week: Week, valid_from: date) -> Effect:
    """Return what a week in force from a day on would change: today, and the appointments to come."""
    day = today(actor.site_id)
    others = hours.other_days(actor.site_id, day, day + timedelta(days=A_YEAR))
    now = hours.openings(actor.site_id, day, day + timedelta(days=A_YEAR + 1))

    def then(one: date) -> Opening | None:
        return names.opening_on(one, week, others) if one >= valid_from else now[one]

    return _effect(actor, day, now, then)


def effect_of_days(actor: Actor, first: date, last: date, other: Opening | None) -> Effect:
    """Return what days that differ would change: today, and the appointments to come; ``other`` None: closed."""
    day = today(actor.site_id)
    now = hours.openings(actor.site_id, day, day + timedelta(days=A_YEAR + 1))
    return _effect(actor, day, now, lambda one: other if first <= one <= last else now[one])


def _effect(
    actor: Actor, day: date, now: Mapping[date, Opening | None], then: Callable[[date], Opening | None]
) -> Effect:
    query = select(ReturnVisit.return_on, ReturnVisit.begins, ReturnVisit.ends).where(
        ReturnVisit.site_id == actor.site_id, ReturnVisit.status == comeback.EXPECTED,
        ReturnVisit.return_on.between(day, max(now)),
    )  # fmt: skip
    windows = [comeback.Day(*row) for row in session.execute(query)]
    returns = sum(not _found_open(one, then(one.on)) and _found_open(one, now[one.on]) for one in windows)
    return Effect(_here(actor), now[day], then(day), appointment_days.count_outside(actor, then), returns)


def _found_open(day: comeback.Day, opening: Opening | None) -> bool:
    return opening is not None and day.within(opening) is not None


def _here(actor: Actor) -> int:
    here = (Encounter.site_id == actor.site_id, Encounter.finished_at.is_(None))
    return session.scalar(select(func.count()).select_from(Encounter).where(*here)) or 0


def told_to_patients(site_id: str, until: date = date.min) -> dict[str, Any]:
    """Return what a paper for a patient says of the hours: the week in runs of days, and the days that differ.

    They are told of two weeks from now, and of all the time to ``until`` where that is longer.
    """
    day = today(site_id)
    soon = sorted(hours.other_days(site_id, day, max(day + SOON, until)).items())
    closed = [one for one, other in soon if other.kind == names.CLOSED]
    others = [(one, other.hours) for one, other in soon if other.kind == names.OTHER_HOURS and other.hours]
    week = names.spans(hours.week_on(site_id, day))
    return {"hours_of_week": week, "closed_soon": closed, "others_soon": others}
