"""The hours of the demonstration clinic: public holidays confirmed, the turn of the year closed, open today."""

from datetime import date, time, timedelta

from triage.demo.clinic import Team
from triage.domain.hours import CLOSED, OTHER_HOURS, Opening
from triage.services import hours, timetable

#: Month and day of the turn of the year, on which the clinic is closed; holidays among them are closed anyway.
_TURN = ((12, 29), (12, 30), (12, 31), (1, 2), (1, 3))
_AHEAD = 200


def give(team: Team, today: date) -> None:
    """Confirm most holidays, close the turn of the year; a day of demonstration is a day on which the clinic works."""
    actor = team["admin"]
    if hours.opening(actor.site_id, today) is None:
        hours.add_days(actor, today, today, OTHER_HOURS, "休日当番", Opening(time(9, 30), time(18)))
    waiting = timetable.undecided_holidays(actor, today)
    near = [one.day for one in waiting if today < one.day <= today + timedelta(days=_AHEAD)]
    if near:
        timetable.decide_holidays(actor, near, CLOSED)
    for day in _turn_of_the_year(today):
        if not hours.other_days(actor.site_id, day, day):
            hours.add_days(actor, day, day, CLOSED, "年末年始")


def _turn_of_the_year(today: date) -> list[date]:
    days = [date(year, *day) for year in (today.year, today.year + 1) for day in _TURN]
    return [day for day in days if today < day <= today + timedelta(days=_AHEAD)]
