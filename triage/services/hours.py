"""The clinic's hours: when it is open, the week in force, and the days that differ from it."""

from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import hours
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, NotFound, Refused
from triage.domain.hours import Opening, OtherDay, Week, days_between
from triage.models import OpeningException, OpeningHours, Site, SurgeonAbsence
from triage.services import displaced
from triage.services.audit import lock_site, record
from triage.services.organisations import today

#: So many days in a row may be closed, or have other hours, in one step.
MOST_DAYS = 62
#: What is noted of days, and may be taken back.
Noted = TypeVar("Noted", OpeningException, SurgeonAbsence)

_WEEKS = (
    select(OpeningHours.valid_from, OpeningHours.week)
    .where(OpeningHours.site_id == bindparam("site"), OpeningHours.valid_from <= bindparam("until"))
    .order_by(OpeningHours.valid_from.desc(), OpeningHours.sequence.desc())
)
_OTHER_DAYS = select(
    OpeningException.day, OpeningException.kind, OpeningException.reason, OpeningException.opens,
    OpeningException.closes,
).where(
    OpeningException.site_id == bindparam("site"), OpeningException.withdrawn_at.is_(None),
    OpeningException.day.between(bindparam("since"), bindparam("until")),
)  # fmt: skip
_ZONE = select(Site.time_zone).where(Site.id == bindparam("site"))


def opening(site_id: str, day: date) -> Opening | None:
    """Return when the clinic opens and closes on a day, on its own clock; None where it is closed."""
    return openings(site_id, day, day)[day]


def openings(site_id: str, since: date, until: date) -> dict[date, Opening | None]:
    """Return the hours of every day from the first to the last, both counted, in two queries."""
    weeks, others = _weeks(site_id, until), other_days(site_id, since, until)
    return {day: hours.opening_on(day, _week(weeks, day), others) for day in days_between(since, until)}


def is_open(site_id: str, moment: datetime) -> bool:
    """Tell whether the clinic is open at a moment."""
    zone = ZoneInfo(session.execute(_ZONE, {"site": site_id}).scalar_one())
    local = moment.astimezone(zone)
    found = opening(site_id, local.date())
    return found is not None and found.holds(local.time())


def next_open(site_id: str, day: date, after: int = 0) -> date:
    """Return the first open day that is at least ``after`` days later than ``day``; with 0, ``day`` itself may be it.

    Raises Conflict where the clinic is closed for a whole year.
    """
    first = date.fromordinal(day.toordinal() + after)
    for reach in (14, hours.LOOK_AHEAD_DAYS):  # nearly always within two weeks: a year is read for who asks in vain
        found = openings(site_id, first, date.fromordinal(first.toordinal() + reach))
        for one, hours_of_it in found.items():
            if hours_of_it is not None:
                return one
    raise Conflict("never_open")


def week_on(site_id: str, day: date) -> Week:
    """Return the week that is in force on a day: the newest the administrator gave, else the shipped one."""
    return _week(_weeks(site_id, day), day)


def _weeks(site_id: str, until: date) -> list[tuple[date, Week]]:
    rows = session.execute(_WEEKS, {"site": site_id, "until": until})
    return [(valid_from, hours.as_week(stored)) for valid_from, stored in rows]


def _week(weeks: list[tuple[date, Week]], day: date) -> Week:
    return next((week for valid_from, week in weeks if valid_from <= day), knowledge.load().flow.hours.week)


def other_days(site_id: str, since: date, until: date) -> dict[date, OtherDay]:
    """Return the days that differ from the week, with why."""
    rows = session.execute(_OTHER_DAYS, {"site": site_id, "since": since, "until": until})
    return {
        day: OtherDay(kind, reason, Opening(opens, closes) if opens and closes else None)
        for day, kind, reason, opens, closes in rows
    }


def sequence(site_id: str) -> int:
    """Return the number of the newest week given, 0 where there is none yet: what a page has seen."""
    return session.scalar(select(func.max(OpeningHours.sequence)).where(OpeningHours.site_id == site_id)) or 0


@verb
def set_week(actor: Actor, week: Week, valid_from: date, seen: int, note: str = "") -> str:
    """Put a week in force from a day on, today at the earliest; return its id.

    Raises Invalid for hours that end before they begin, at the name of the weekday, or for a day that is over;
    Refused where nothing would change, Conflict where somebody gave another week since ``seen``.
    """
    lock_site(session(), actor.site_id)
    faults = {hours.WEEKDAYS[place]: code for place, code in hours.faults(week).items()}
    if valid_from < today(actor.site_id):
        faults["valid_from"] = "day_is_over"
    if faults:
        raise Invalid(**faults)
    if sequence(actor.site_id) != seen:
        raise Conflict("hours_changed_meanwhile")
    before = week_on(actor.site_id, valid_from)
    if before == week:
        raise Refused("hours_the_same")
    row = OpeningHours(
        site_id=actor.site_id, sequence=seen + 1, valid_from=valid_from, week=hours.as_stored(week), note=note.strip(),
        at=clock.now(), staff_id=actor.staff_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    was, becomes = hours.as_stored(before), hours.as_stored(week)
    record(actor, "hours_changed", valid_from=valid_from, note=row.note, before=was, after=becomes)
    displaced.review(actor, valid_from, None, openings)
    return row.id


@verb
def add_days(actor: Actor, first: date, last: date, kind: str, reason: str, other: Opening | None = None) -> int:
    """Note that the days from the first to the last differ from the week; return how many they are.

    Raises Invalid at the field that is wrong, Conflict where one of the days differs already.
    """
    lock_site(session(), actor.site_id)
    _check_days(actor, first, last, kind, other)
    if not reason.strip():
        raise Invalid(reason="note_needed")
    days = days_between(first, last)
    if taken := sorted(other_days(actor.site_id, first, last)):
        raise Conflict("day_differs_already", day=taken[0].isoformat())
    opens, closes = (other.opens, other.closes) if other and kind == hours.OTHER_HOURS else (None, None)
    for day in days:
        session.add(
            OpeningException(
                site_id=actor.site_id, day=day, kind=kind, opens=opens, closes=closes, reason=reason.strip(),
                at=clock.now(), staff_id=actor.staff_id,
            )
        )  # fmt: skip
    session.flush()
    hours_of_it = other.words if other and kind == hours.OTHER_HOURS else ""
    record(actor, "days_differ", first=first, last=last, kind=kind, hours=hours_of_it, reason=reason.strip())
    displaced.review(actor, first, last, openings)
    return len(days)


def _check_days(actor: Actor, first: date, last: date, kind: str, other: Opening | None) -> None:
    if kind not in hours.KINDS:
        raise Invalid(kind="not_a_choice")
    if first < today(actor.site_id):
        raise Invalid(first="day_is_over")
    if last < first:
        raise Invalid(last="after_the_end")
    if (last - first).days >= MOST_DAYS:
        raise Invalid(last="too_many_days")
    if kind == hours.OTHER_HOURS and (other is None or hours.faults([other])):
        raise Invalid(closes="closes_before")


@verb
def withdraw_day(actor: Actor, exception_id: str) -> date:
    """Let a day be as its week says again; return it. Raises Conflict where it is over or was taken back already."""
    row = take_back(actor, OpeningException, exception_id, "hours")
    record(actor, "day_as_usual", day=row.day, kind=row.kind, reason=row.reason)
    return row.day


def take_back(actor: Actor, noted: type[Noted], row_id: str, what: str) -> Noted:
    """Mark inside a verb that days which were noted are not so; return them. What is booked then is looked at again.

    Raises NotFound, Conflict where they are over or were taken back already.
    """
    lock_site(session(), actor.site_id)
    row = session.scalar(select(noted).where(noted.id == row_id, noted.site_id == actor.site_id))
    if row is None:
        raise NotFound(what)
    if row.withdrawn_at is not None or row.last < today(actor.site_id):
        raise Conflict("day_is_settled")
    row.withdrawn_at, row.withdrawn_by = clock.now(), actor.staff_id
    session.flush()
    displaced.review(actor, row.first, row.last, openings)
    return row
