"""Surgeons' times: the week of consultations and operating days, and absences; what is booked then must be moved."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.domain.errors import Conflict, Invalid, Refused
from triage.domain.hours import WEEKDAYS
from triage.forms.surgeons import AbsenceForm, SurgeonWeekForm, filled
from triage.services import surgeon_times
from triage.services.organisations import today
from triage.web import actor, done, locale, message, page, requires, sentence

blueprint = Blueprint("surgeons", __name__)


@blueprint.get("/surgeons")
@requires("surgeons:plan")
def index() -> Response:
    """Show every surgeon's week, and who is away."""
    return _list()


def _list(status: int = 200, error: str = "") -> Response:
    people, reasons = surgeon_times.list_surgeons(actor()), knowledge.load().flow.hours.absence_reasons
    day = today(actor().site_id)
    return page("surgeons/index.html", status=status, error=error, people=people, reasons=reasons, day=day)


@blueprint.get("/surgeons/<staff_id>")
@requires("surgeons:plan")
def show(staff_id: str) -> Response:
    """Show one surgeon's times, and the forms that change them."""
    return _show(staff_id)


def _show(staff_id: str, status: int = 200, error: str = "", **forms: Any) -> Response:
    person, day = surgeon_times.find(actor(), staff_id), today(actor().site_id)
    week = forms.get("week") or filled(person.plans, surgeon_times.sequence(actor(), staff_id), day + timedelta(days=1))
    away = forms.get("away") or _absence(formdata=None)
    return page(
        "surgeons/show.html", status=status, error=error, person=person, week=week, away=away, day=day,
        form=forms.get("week") or forms.get("away"), weeks=surgeon_times.list_weeks(actor(), staff_id),
        reasons=knowledge.load().flow.hours.absence_reasons, tried=forms.get("tried"),
    )  # fmt: skip


def _absence(**values: Any) -> AbsenceForm:
    return AbsenceForm(knowledge.load().flow.hours.absence_reasons, locale(), **values)


@blueprint.post("/surgeons/<staff_id>/weeks")
@requires("surgeons:plan")
def set_week(staff_id: str) -> Response:
    """Put the week in force."""
    form = SurgeonWeekForm()
    if not form.validate():
        return _show(staff_id, 422, week=form)
    words = (form.plans, form.day, form.seen.data or 0, form.note.data or "")
    try:
        _tell(surgeon_times.set_week(actor(), staff_id, *words))
    except Invalid as wrong:
        for name, code in wrong.fields.items():
            at = f"{WEEKDAYS[int(name[3:])]}_closes" if name.startswith("day") else name
            form[at].errors = [sentence(code)]
        return _show(staff_id, 422, week=form)
    except (Conflict, Refused) as error:
        return _show(staff_id, 409 if isinstance(error, Conflict) else 422, message(error), week=form)
    return done(url_for("surgeons.show", staff_id=staff_id))


def _tell(found: int) -> None:
    if found:
        flash(ngettext("One appointment must be moved now.", "%(num)s appointments must be moved now.", found))


@blueprint.post("/surgeons/<staff_id>/absences")
@requires("surgeons:plan")
def add_absence(staff_id: str) -> Response:
    """Show who is booked on the days typed, or note the absence whose effect was shown."""
    form = _absence()
    if not form.validate():
        return _show(staff_id, 422, away=form)
    words = (staff_id, *form.days, form.reason.data or "")
    try:
        if request.form.get("act") != "save" or form.shown.data != form.summary:
            form.shown.data = form.summary
            return _show(staff_id, away=form, tried=surgeon_times.effect_of_absence(actor(), *words))
        _tell(surgeon_times.add_absence(actor(), *words, form.note.data or ""))
    except Invalid as wrong:
        for name, code in wrong.fields.items():
            form[name].errors = [sentence(code)]
        return _show(staff_id, 422, away=form)
    except Conflict as error:
        return _show(staff_id, 409, message(error), away=form)
    return done(url_for("surgeons.show", staff_id=staff_id))


@blueprint.post("/surgeons/absences/<absence_id>/withdrawal")
@requires("surgeons:plan")
def withdraw_absence(absence_id: str) -> Response:
    """Take an absence back: the surgeon is here after all."""
    try:
        whose = surgeon_times.withdraw_absence(actor(), absence_id)
    except Conflict as error:
        return _list(409, message(error))
    return done(url_for("surgeons.show", staff_id=whose))
