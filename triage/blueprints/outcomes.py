"""The follow-up: whom to ask now, one patient's course, answers, attempts, complications."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from triage.blueprints.paper_time import at_paper_time
from triage.domain.errors import Conflict, Invalid, Refused, Stale, Untimely
from triage.forms.outcomes import AnswersForm, ComplicationForm, ContactForm, EndForm
from triage.services import outcome_charts, outcome_entries, outcome_lists, outcome_results, outcomes
from triage.services.judgements import Period
from triage.services.organisations import today
from triage.web import actor, done, locale, message, page, requires, sentence

blueprint = Blueprint("outcomes", __name__)
#: So far back goes the response rate beside the list.
YEAR = timedelta(days=365)


@blueprint.get("/outcomes")
@requires("outcomes:view")
def index() -> Response:
    """List whom to ask now, and how many of those who were asked in the last year have answered."""
    rows, day = outcome_lists.list_due(actor()), today(actor().site_id)
    most, year = outcome_lists.MOST, Period(day - YEAR, day - timedelta(days=1))
    return page(
        "outcomes/index.html", rows=rows[:most], more=len(rows) > most, asked=outcomes.known(), year=year,
        rates=outcome_results.rates(actor(), year),
    )  # fmt: skip


@blueprint.get("/outcomes/<series_id>")
@requires("outcomes:view")
def show(series_id: str) -> Response:
    """Show one patient's course: the points, the numbers as a picture and a table, what went wrong."""
    return _show(series_id)


def _show(series_id: str, status: int = 200, error: str = "", tried: str = "", **forms: Any) -> Response:
    course, lang = outcome_lists.course(actor(), series_id), locale()
    empty = {
        "contact": ContactForm(lang, formdata=None), "end": EndForm(lang, formdata=None),
        "wrong": ComplicationForm(lang, formdata=None),
    }  # fmt: skip
    return page(
        "outcomes/show.html", status=status, error=error, course=course, series=course.series,
        patient=course.series.patient, asked=outcomes.known(), charts=outcome_charts.charts_of(course),
        forms=empty | forms, tried=tried,
    )  # fmt: skip


@blueprint.get("/outcomes/points/<point_id>")
@requires("outcomes:record")
def point(point_id: str) -> Response:
    """Show the form for the answers of one point, with what is there already."""
    row = outcomes.find_point(actor(), point_id)
    known, there = outcomes.known().measures, outcomes.current(row.id)
    typed = {f"m_{name}": known[name].written(one.value) for name, one in there.items() if name in known}
    last = max(there.values(), key=lambda one: one.revision, default=None)
    preset = {"day": last.day.isoformat(), "how": last.how} if last else {"day": today(actor().site_id).isoformat()}
    return _point(row, AnswersForm(locale(), formdata=None, data={"version": row.version, **preset, **typed}))


def _point(row: Any, form: AnswersForm, status: int = 200, error: str = "", **more: Any) -> Response:
    return page(
        "outcomes/point.html", status=status, point=row, series=row.series, patient=row.series.patient, form=form,
        error=error, asked=outcomes.known(), **more,
    )  # fmt: skip


@blueprint.post("/outcomes/points/<point_id>")
@requires("outcomes:record")
def answer(point_id: str) -> AnyResponse:
    """Keep the answers of one point; what was typed stays when they cannot be kept."""
    row, form = outcomes.find_point(actor(), point_id), AnswersForm(locale())
    if not form.validate():
        return _point(row, form, 422)
    values = (form.version.data or 0, form.read, form.on, form.how.data)
    try:
        at_paper_time(lambda: outcome_entries.record_answers(actor(), point_id, *values))
    except (Conflict, Refused, Invalid) as error:
        return _answer_again(point_id, form, error)
    return done(url_for("outcomes.show", series_id=row.series_id))


def _answer_again(point_id: str, form: AnswersForm, error: Conflict | Refused | Invalid) -> Response:
    """Show the form again with what was typed; beside it what somebody else has entered meanwhile."""
    row, there = outcomes.find_point(actor(), point_id), outcomes.current(point_id)
    if isinstance(error, Invalid):
        _say_at_fields(form, error)
        return _point(row, form, 422)
    if not isinstance(error, Stale):
        return _point(row, form, _status(error), _said(error))
    form.version.data = row.version  # whoever has seen both may send again
    known = outcomes.known().measures
    stands = {name: known[name].written(one.value) for name, one in there.items() if name in known}
    return _point(row, form, 409, message(error), stands=stands)


def _status(error: Conflict | Refused) -> int:
    return 409 if isinstance(error, Conflict) else 422


def _said(error: Conflict | Refused) -> str:
    return "" if isinstance(error, Untimely) else message(error)  # that stands at the field of the time


def _say_at_fields(form: Any, error: Invalid) -> None:
    for name, code in error.fields.items():
        form[name].errors = [sentence(code)]


def _try(series_id: str, name: str, form: Any, act: Callable[[], object]) -> AnyResponse:
    """Do what the form asks, or show the course again with what is wrong and what was typed."""
    if not form.validate():
        return _show(series_id, 422, tried=name, **{name: form})
    try:
        at_paper_time(act)
    except Invalid as error:
        _say_at_fields(form, error)
        return _show(series_id, 422, tried=name, **{name: form})
    except (Conflict, Refused) as error:
        return _show(series_id, _status(error), _said(error), tried=name, **{name: form})
    return done(url_for("outcomes.show", series_id=series_id))


@blueprint.post("/outcomes/points/<point_id>/contacts")
@requires("outcomes:record")
def contact(point_id: str) -> AnyResponse:
    """Note an attempt to get the answers."""
    row, form = outcomes.find_point(actor(), point_id), ContactForm(locale())

    def act() -> None:
        words = (form.result.data, form.note.data or "")
        outcome_entries.note_contact(actor(), point_id, form.version.data or 0, *words)

    return _try(row.series_id, "contact", form, act)


@blueprint.post("/outcomes/<series_id>/end")
@requires("outcomes:record")
def end(series_id: str) -> AnyResponse:
    """End a follow-up with a reason."""
    form = EndForm(locale())
    words = (form.reason.data or "", form.note.data or "")
    version = form.version.data or 0
    return _try(series_id, "end", form, lambda: outcome_entries.end(actor(), series_id, version, *words))


@blueprint.post("/outcomes/<series_id>/take-up")
@requires("outcomes:record")
def take_up(series_id: str) -> AnyResponse:
    """Take up a follow-up again."""
    version = request.form.get("version", 0, int)
    outcome_entries.take_up(actor(), series_id, version)
    return done(url_for("outcomes.show", series_id=series_id))


@blueprint.post("/outcomes/<series_id>/complications")
@requires("complications:note")
def complication(series_id: str) -> AnyResponse:
    """Note what went wrong."""
    form = ComplicationForm(locale())

    def act() -> None:
        words = (form.kind.data, form.on, form.grade.data, form.reoperation.data, form.note.data or "")
        outcome_entries.note_complication(actor(), series_id, form.version.data or 0, *words)

    return _try(series_id, "wrong", form, act)


@blueprint.post("/complications/<complication_id>/withdrawal")
@requires("complications:note")
def withdraw(complication_id: str) -> AnyResponse:
    """Take back a complication that was noted by mistake."""
    why = request.form.get("why", "")[:500].replace("\x00", "")
    series_id = outcome_entries.withdraw_complication(actor(), complication_id, why)
    return done(url_for("outcomes.show", series_id=series_id))
