"""The hours page: the week, the days that differ, the public holidays; the effect on today before anything changes."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from triage.domain.errors import Conflict, Invalid, Refused
from triage.domain.hours import WEEKDAYS, Week, as_week, spans
from triage.forms.hours import DaysForm, HolidaysForm, WeekForm
from triage.forms.surgeons import ShareForm
from triage.services import hours, surgeon_days, surgeon_times, timetable
from triage.services.organisations import today
from triage.web import actor, done, message, page, requires, sentence

blueprint = Blueprint("hours", __name__)


@blueprint.get("/hours")
@requires("hours:view")
def index() -> Response:
    """Show when the clinic is open, which days differ, and what the administrator may change."""
    return _page()


def _page(status: int = 200, **more: Any) -> Response:
    who, day = actor(), today(actor().site_id)
    week, changes = hours.week_on(who.site_id, day), timetable.list_changes(who)
    values: dict[str, Any] = {
        "week": week, "day": day, "today": hours.opening(who.site_id, day), "changes": changes,
        "in_words": {row.id: spans(as_week(row.week)) for row in changes},
        "others": timetable.list_other_days(who, day), "open_holidays": timetable.undecided_holidays(who, day),
        "holidays": timetable.holidays(day - timetable.LOOK_BACK, day + timedelta(days=timetable.A_YEAR)),
        "week_form": _filled(week, hours.sequence(who.site_id), day), "days_form": DaysForm(formdata=None),
        "kept": surgeon_days.kept_per_hour(who.site_id), "tried": None, "tried_days": None, "error": "",
    }  # fmt: skip
    return page("hours/index.html", status=status, **(values | more))


def _filled(week: Week, seen: int, day: date) -> WeekForm:
    times = {
        f"{name}_{which}": f"{getattr(found, which):%H:%M}" if found else ""
        for name, found in zip(WEEKDAYS, week, strict=True)
        for which in ("opens", "closes")
    }
    return WeekForm(formdata=None, seen=seen, valid_from=(day + timedelta(days=1)).isoformat(), **times)


@blueprint.post("/hours/weeks")
@requires("hours:manage")
def set_week() -> Response:
    """Show what the week typed would change today, or put in force the one whose effect was shown."""
    form = WeekForm()
    if not form.validate():
        return _page(422, week_form=form)
    if request.form.get("act") != "save" or form.shown.data != form.summary:
        form.shown.data = form.summary
        return _page(week_form=form, tried=timetable.effect_of_week(actor(), form.week, form.day))
    try:
        hours.set_week(actor(), form.week, form.day, form.seen.data or 0, form.note.data or "")
    except Invalid as wrong:
        _say(form, wrong)
        return _page(422, week_form=form)
    except (Conflict, Refused) as error:
        return _page(409 if isinstance(error, Conflict) else 422, week_form=form, error=message(error))
    return done(url_for("hours.index"))


@blueprint.post("/hours/days")
@requires("hours:manage")
def add_days() -> Response:
    """Show what the days typed would change today, or note those whose effect was shown."""
    form = DaysForm()
    if not form.validate():
        return _page(422, days_form=form)
    if request.form.get("act") != "save" or form.shown.data != form.summary:
        form.shown.data = form.summary
        return _page(days_form=form, tried_days=timetable.effect_of_days(actor(), *form.days, form.other))
    try:
        hours.add_days(actor(), *form.days, form.kind.data or "", form.reason.data or "", form.other)
    except Invalid as wrong:
        _say(form, wrong)
        return _page(422, days_form=form)
    except Conflict as error:
        return _page(409, days_form=form, error=message(error))
    return done(url_for("hours.index"))


def _say(form: Any, wrong: Invalid) -> None:
    for name, code in wrong.fields.items():
        form[f"{name}_closes" if name in WEEKDAYS else name].errors = [sentence(code)]


@blueprint.post("/hours/holidays")
@requires("hours:manage")
def decide_holidays() -> Response:
    """Note of the ticked public holidays whether the clinic is closed on them or open as usual."""
    form = HolidaysForm()
    if not form.validate():
        return _page(422, error=sentence("holiday_needed"))
    try:
        timetable.decide_holidays(actor(), form.chosen, form.kind.data or "")
    except (Conflict, Invalid, Refused) as error:
        return _page(409 if isinstance(error, Conflict) else 422, error=message(error))
    return done(url_for("hours.index"))


@blueprint.post("/hours/days/<exception_id>/withdrawal")
@requires("hours:manage")
def withdraw_day(exception_id: str) -> Response:
    """Let a day be as its week says again."""
    try:
        hours.withdraw_day(actor(), exception_id)
    except Conflict as error:
        return _page(409, error=message(error))
    return done(url_for("hours.index"))


@blueprint.post("/hours/share")
@requires("hours:manage")
def set_share() -> Response:
    """Keep another share of each day free for who asks on the day itself."""
    form = ShareForm()
    if not form.validate():
        return _page(422, error=sentence("not_a_choice"))
    try:
        surgeon_times.set_share(actor(), form.per_hour.data)
    except Refused as error:
        return _page(422, error=message(error))
    return done(url_for("hours.index"))
