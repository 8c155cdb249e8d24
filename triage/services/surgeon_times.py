"""Surgeons' weeks and absences as they are given, and the share of each day that is kept free for today's patients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import surgeon_days as rules
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, NotFound, Refused
from triage.domain.surgeon_days import Plans, SurgeonDay
from triage.models import Appointment, KeptShare, SurgeonAbsence, SurgeonWeek
from triage.services import displaced, hours, slots, surgeon_days
from triage.services.audit import lock_site, record
from triage.services.organisations import today
from triage.services.slots import Resource

#: An absence is not longer than this: somebody who is gone for good is no longer granted the role.
MOST_DAYS = 366
#: Of each hour at least one half can be booked before the day.
MOST_KEPT = 2
#: Absences that are over stay on the page this long; so many weeks given are shown.
LOOK_BACK, _SHOWN = timedelta(days=30), 10


@dataclass(frozen=True)
class Person:
    """A surgeon of the site, with the week in force, the day, and the absences to come."""

    resource: Resource
    plans: Plans
    day: SurgeonDay
    absences: Sequence[SurgeonAbsence]


def list_surgeons(actor: Actor) -> list[Person]:
    """Return the surgeons who work at the site today, each with their times."""
    day = today(actor.site_id)
    known, clinic = surgeon_days.calendar(actor.site_id, day, day), hours.opening(actor.site_id, day)
    away = _absences(actor, day)
    return [
        Person(
            one, rules.plans_on(day, known.weeks.get(one.id, ())), known.day_of(one.id, day, clinic),
            [row for row in away if row.whose == one.id],
        )
        for one in slots.resources(actor, day) if one.is_surgeon
    ]  # fmt: skip


def find(actor: Actor, staff_id: str) -> Person:
    """Return one surgeon; raises NotFound for anybody who is none here."""
    for one in list_surgeons(actor):
        if one.resource.id == staff_id:
            return one
    raise NotFound("surgeon")


def _absences(actor: Actor, day: date) -> Sequence[SurgeonAbsence]:
    query = select(SurgeonAbsence).where(
        SurgeonAbsence.site_id == actor.site_id, SurgeonAbsence.withdrawn_at.is_(None),
        SurgeonAbsence.last >= day - LOOK_BACK,
    )  # fmt: skip
    return session.scalars(query.order_by(SurgeonAbsence.first)).all()


def list_weeks(actor: Actor, staff_id: str) -> Sequence[SurgeonWeek]:
    """Return the weeks given for a surgeon, newest first, with who gave them."""
    query = select(SurgeonWeek).where(SurgeonWeek.site_id == actor.site_id, SurgeonWeek.whose == staff_id)
    return session.scalars(
        query.options(joinedload(SurgeonWeek.staff)).order_by(SurgeonWeek.sequence.desc()).limit(_SHOWN)
    ).all()


def sequence(actor: Actor, staff_id: str) -> int:
    """Return the number of the surgeon's newest week, 0 where there is none: what a page has seen."""
    mine = (SurgeonWeek.site_id == actor.site_id, SurgeonWeek.whose == staff_id)
    return session.scalar(select(func.max(SurgeonWeek.sequence)).where(*mine)) or 0


@verb
def set_week(actor: Actor, staff_id: str, plans: Plans, valid_from: date, seen: int, note: str = "") -> int:
    """Put a surgeon's week in force from a day on; return how many appointments have to be moved now.

    Raises Invalid at the place of a weekday or at "valid_from", Refused where nothing would change, Conflict where
    somebody gave another week since ``seen``.
    """
    lock_site(session(), actor.site_id)
    _check_week(actor, staff_id, plans, valid_from)
    if sequence(actor, staff_id) != seen:
        raise Conflict("hours_changed_meanwhile")
    known = surgeon_days.calendar(actor.site_id, valid_from, valid_from)
    before = rules.plans_on(valid_from, known.weeks.get(staff_id, ()))
    if before == plans:
        raise Refused("hours_the_same")
    week = rules.as_stored(plans)
    session.add(
        SurgeonWeek(
            site_id=actor.site_id, whose=staff_id, sequence=seen + 1, valid_from=valid_from, week=week,
            note=note.strip(), at=clock.now(), staff_id=actor.staff_id,
        )
    )  # fmt: skip
    session.flush()
    was = rules.as_stored(before)
    record(
        actor, "surgeon_week_changed", whose=staff_id, valid_from=valid_from, note=note.strip(), before=was, after=week
    )
    return displaced.review(actor, valid_from, None, hours.openings)


def _check_week(actor: Actor, staff_id: str, plans: Plans, valid_from: date) -> None:
    find(actor, staff_id)
    faults = {f"day{place}": code for place, code in rules.faults(plans).items()}
    if valid_from < today(actor.site_id):
        faults["valid_from"] = "day_is_over"
    if faults:
        raise Invalid(**faults)


@verb
def add_absence(actor: Actor, staff_id: str, first: date, last: date, reason: str, note: str = "") -> int:
    """Note that a surgeon is away from the first day to the last; return how many appointments have to be moved.

    What is booked stays booked until somebody moves it. Raises Invalid at the field that is wrong, Conflict where the
    surgeon is noted away on one of these days already.
    """
    lock_site(session(), actor.site_id)
    _check_absence(actor, staff_id, first, last, reason)
    row = SurgeonAbsence(
        site_id=actor.site_id, whose=staff_id, first=first, last=last, reason=reason, note=note.strip(),
        at=clock.now(), staff_id=actor.staff_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(actor, "surgeon_away", absence=row.id, whose=staff_id, first=first, last=last, reason=reason, note=row.note)
    return displaced.review(actor, first, last, hours.openings)


def effect_of_absence(
    actor: Actor, staff_id: str, first: date, last: date, reason: str
) -> tuple[Sequence[Appointment], int]:  # fmt: skip
    """Return who is booked with the surgeon on these days, the next ones, and how many they are; changes nothing.

    Raises what noting the absence would raise.
    """
    _check_absence(actor, staff_id, first, last, reason)
    return displaced.list_booked(actor, staff_id, first, last)


def _check_absence(actor: Actor, staff_id: str, first: date, last: date, reason: str) -> None:
    find(actor, staff_id)
    if first < today(actor.site_id):
        raise Invalid(first="day_is_over")
    if last < first:
        raise Invalid(last="after_the_end")
    if (last - first).days >= MOST_DAYS:
        raise Invalid(last="away_too_long")
    if reason not in knowledge.load().flow.hours.absence_reasons:
        raise Invalid(reason="reason_needed")
    for row in _absences(actor, first):
        if row.whose == staff_id and row.first <= last and row.last >= first:
            raise Conflict("away_already", day=row.first.isoformat())


@verb
def withdraw_absence(actor: Actor, absence_id: str) -> str:
    """Take an absence back and return whose it was; raises Conflict where it is over or was taken back already."""
    row = hours.take_back(actor, SurgeonAbsence, absence_id, "absence")
    record(actor, "surgeon_back", absence=row.id, whose=row.whose, first=row.first, last=row.last)
    return row.whose


@verb
def set_share(actor: Actor, per_hour: int) -> None:
    """Keep so many slots an hour free for today's patients; raises Invalid for more than half of them."""
    lock_site(session(), actor.site_id)
    if not 0 <= per_hour <= MOST_KEPT:
        raise Invalid(per_hour="not_a_choice")
    before = surgeon_days.kept_per_hour(actor.site_id)
    if before == per_hour:
        raise Refused("hours_the_same")
    mine = select(func.max(KeptShare.sequence)).where(KeptShare.site_id == actor.site_id)
    number = (session.scalar(mine) or 0) + 1
    session.add(
        KeptShare(
            site_id=actor.site_id, sequence=number, per_hour=per_hour, at=clock.now(), staff_id=actor.staff_id
        )
    )  # fmt: skip
    record(actor, "kept_share_changed", before=before, after=per_hour)
