"""Appointments of the demonstration clinic: some of today's, some to come, and requests that wait for an answer."""

from datetime import date, time, timedelta
from random import Random

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import session
from triage.demo.clinic import Team
from triage.domain.access import Actor
from triage.domain.appointments import SURGEON
from triage.domain.hours import Opening
from triage.domain.surgeon_days import ALWAYS, OWN_HOURS, Plan
from triage.models import Milestone, Patient
from triage.services import (
    appointment_requests,
    appointments,
    hours,
    milestones,
    pathway_lists,
    slots,
    step_times,
    surgeon_times,
)
from triage.services.appointment_requests import Asked
from triage.services.appointments import Wish

#: How many are booked on each of the next open days, and who asks: channel, kind, urgent, for today, minutes ago.
_BOOKED = (6, 4, 3)
_ASKED = (
    ("email", "first_visit", "not_asked", False, 400, "土曜の午前を希望"),
    ("telephone", "follow_up", "no", False, 95, ""),
    ("online", "first_visit", "not_asked", False, 60, "MRIの画像CDあり"),
    ("telephone", "first_visit", "no", True, 20, "今日中に診てほしい"),
    ("telephone", "first_visit", "yes", True, 6, "今朝から足に力が入りにくい。家族が車で送れる"),
)


def plan(team: Team, today: date) -> None:
    """Give a surgeon an operating day, and note one away for a congress in some weeks."""
    actor, (first, *others) = team["reception"], (team["surgeon"], team["surgeon2"])
    week = list(ALWAYS)
    week[2] = Plan(OWN_HOURS, Opening(time(9, 30), time(12)), operates=True)  # Wednesdays
    surgeon_times.set_week(actor, first.staff_id, tuple(week), today, 0, "水曜午後は手術")
    away = hours.next_open(actor.site_id, today, after=20)
    surgeon_times.add_absence(actor, others[0].staff_id, away, away + timedelta(days=1), "congress", "脊椎脊髄病学会")


def make(team: Team, today: date, rng: Random) -> None:
    """Book free times of today and the next open days for patients on file."""
    actor = team["reception"]
    people, day = _people(actor, rng, sum(_BOOKED)), today
    for number in _BOOKED:
        _book(actor, [people.pop() for _ in range(number)], day, rng)
        day = hours.next_open(actor.site_id, day, after=1)


def ask(team: Team, rng: Random) -> None:
    """Take requests down that wait for an answer."""
    actor = team["reception"]
    for one, (channel, kind, urgent, same_day, ago, wishes) in zip(
        _people(actor, rng, len(_ASKED)), _ASKED, strict=True
    ):
        at = clock.now() - timedelta(minutes=ago)
        asked = Asked(channel, at, one.name, one.phone, kind, urgent, same_day, wishes, one.id)
        appointment_requests.enter(actor, asked)


def book_steps(team: Team, today: date) -> None:
    """Book what patients on a pathway come for in the next weeks; one plan moves afterwards, as it happens."""
    actor, booked_ = team["reception"], list[str]()
    for line, step in _steps_to_come(actor, today):
        (kind, *_others), day = step_times.kinds_of(step, line.pathway.procedure), step.due_on or today
        what = line.pathway.surgeon_id if kind.with_ == SURGEON else kind.with_
        resource = next((one for one in slots.resources(actor, day) if one.id == what), None)
        free = slots.free_starts(actor, resource, day, kind.minutes) if resource else []
        if free:
            wish = Wish(kind.id, what, free[len(free) // 2], milestone_id=step.id)
            appointments.book(actor, line.pathway.patient_id, wish)
            booked_.append(step.id)
    for step_id in booked_[-1:]:
        _move_step(team["nurse"], step_id)


def _steps_to_come(actor: Actor, today: date) -> list[tuple[pathway_lists.Line, Milestone]]:
    lines, _counts = pathway_lists.board(actor, pathway_lists.Filters())
    found = [(line, step) for line in lines for step in line.steps if step.status == "open" and step.due_on]
    soon = [(line, step) for line, step in found if today < (step.due_on or today) <= today + timedelta(days=30)]
    return [(line, step) for line, step in soon if step_times.kinds_of(step, line.pathway.procedure)]


def _move_step(actor: Actor, step_id: str) -> None:
    step = step_times.get(actor, step_id)
    day = hours.next_open(actor.site_id, step.due_on or step.pathway.decided_on, after=3)
    milestones.move(actor, step_id, step.pathway.version, day, "ご家族の都合")


def _people(actor: Actor, rng: Random, number: int) -> list[Patient]:
    on_file = session.scalars(select(Patient).where(Patient.visible_to(actor)).order_by(Patient.number)).all()
    session.close()
    return rng.sample(list(on_file), number)


def _book(actor: Actor, people: list[Patient], day: date, rng: Random) -> None:
    kinds = [one for one in knowledge.load().flow.hours.kinds.values() if one.minutes <= 30]
    for person in people:
        kind = rng.choice(kinds)
        fitting = [one for one in slots.resources(actor, day) if one.with_ == kind.with_]
        resource = rng.choice(fitting)
        free = slots.free_starts(actor, resource, day, kind.minutes)
        if free:
            appointments.book(actor, person.id, Wish(kind.id, resource.id, rng.choice(free)))
