"""Appointments: the day by surgeon and machine, booking a free time, and what becomes of what is booked."""

import secrets
from datetime import date
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.appointment_times import Times, read_times, wanted
from triage.blueprints.callers import alike_to, book_for, empty_caller, read_caller
from triage.domain.dates import find_date
from triage.domain.errors import Conflict, DomainError, Refused
from triage.forms.appointments import BookForm, CloseForm, MoveForm
from triage.services import (
    appointment_days,
    appointment_requests,
    appointments,
    displaced,
    hours,
    lookup,
    patients,
    procedures,
    same_day,
    step_times,
)
from triage.services.organisations import today
from triage.web import actor, done, locale, message, page, requires, sentence, zone

blueprint = Blueprint("appointments", __name__)


def _day() -> date:
    return _near(find_date(request.args.get("day", "")))


def _near(day: date | None) -> date:
    here = today(actor().site_id)
    return day if day and abs((day - here).days) < 3660 else here


@blueprint.get("/appointments")
@requires("appointments:view")
def index() -> Response:
    """Show a day: who is booked with whom, and which time is free."""
    return _index()


def _index(status: int = 200, error: str = "") -> Response:
    day = _day()
    return page(
        "appointments/index.html", status=status, error=error, day=appointment_days.look(actor(), day, locale()),
        today=today(actor().site_id), week=hours.openings(actor().site_id, *_around(day)),
        unsettled=appointments.list_unsettled(actor()), to_move=displaced.list_to_move(actor()),
        waiting=len(appointment_requests.list_waiting(actor())), same_day=len(same_day.list_waiting(actor())),
        kinds=knowledge.load().flow.hours.kinds,
    )  # fmt: skip


def booked_for(encounter: Any) -> Any:
    """Return for which appointments of the day a patient has come, as the templates of a visit ask."""
    return appointment_days.of_visit(actor(), encounter)


def _around(day: date) -> tuple[date, date]:
    first = day.toordinal() - day.weekday()
    return date.fromordinal(first), date.fromordinal(first + 13)


@blueprint.get("/appointments/print")
@requires("appointments:view")
def print_() -> Response:
    """Show the day's list as it leaves the printer: of all, or of one surgeon or machine."""
    day, what = _day(), request.args.get("what", "")
    found = appointment_days.print_(actor(), day, locale())
    columns = [one for one in found.columns if what in ("", one.resource.id)]
    return page(
        "appointments/print.html", day=found, columns=columns, kinds=knowledge.load().flow.hours.kinds,
        back_url=url_for("appointments.index", day=day),
    )  # fmt: skip


@blueprint.get("/appointments/new")
@requires("appointments:book")
def new() -> Response:
    """Choose the patient, what for and with whom, and then one of the free times."""
    given = {name: request.args.get(name, "") for name in ("patient", "asked", "decision", "procedure", "step")}
    form = _book_form(formdata=None, request_id=secrets.token_urlsafe(12), **given)
    return _new(form, read_times(_day()))


@blueprint.post("/appointments/new")
@requires("appointments:book")
def look() -> Response:
    """Show the free times of another day, kind or person beside everything typed so far; nothing is booked."""
    form = _book_form()
    form.drop_unreadable()
    typed, kind, what = wanted(form)
    found = find_date(typed)
    times, caller = read_times(_near(found), kind, what), read_caller(form)
    if found is None:
        return _new(form, times, 422, sentence("not_a_date"), typed_day=typed, caller=caller)
    return _new(form, times, caller=caller)


def _book_form(**values: Any) -> BookForm:
    return BookForm(procedures.possible(), locale(), **values)


def _new(form: BookForm, times: Times, status: int = 200, error: str = "", **more: Any) -> Response:
    asked = appointment_requests.get(actor(), form.asked.data) if form.asked.data and not form.asked.errors else None
    known = "" if form.patient.errors else form.patient.data or (asked.patient_id if asked else "") or ""
    patient = patients.open_(actor(), known, "appointment") if known else None
    form.patient.data, form.kind.data, form.what.data = known, times.kind, times.what
    form.offer(times.free, zone())
    words = "" if patient else request.values.get("q", asked.name if asked else "")
    caller = more.pop("caller", None) or (None if patient else empty_caller(words, asked.contact if asked else ""))
    return page(
        "appointments/new.html", status=status, error=error, form=form, times=times, patient=patient, asked=asked,
        words=words, found=lookup.search(actor(), words), chosen=request.args.get("time", ""), newcomer=caller,
        today=today(actor().site_id), for_step=_step_of(form), **_before(asked, known, times.day), **more,
    )  # fmt: skip


def _step_of(form: BookForm) -> Any:
    return step_times.get(actor(), form.step.data) if form.step.data and not form.step.errors else None


def _before(asked: Any, patient_id: str, day: date) -> dict[str, Any]:
    """Return who stands before: in the line of the request, and the urgent ones that a time on this day goes before."""
    is_today = day == today(actor().site_id)
    return {
        "answered": appointment_days.answering(actor(), asked) if asked and asked.status != "waiting" else None,
        "ahead": appointment_requests.ahead(actor(), asked.id) if asked else [],
        "urgent": appointment_requests.goes_before(actor(), patient_id, asked, is_today),
    }


@blueprint.post("/appointments")
@requires("appointments:book")
def book() -> Response:
    """Book the chosen time, for a patient on file or for somebody new on the telephone."""
    form = _book_form()
    caller, starts_at = read_caller(form), form.starts_at(zone()) if form.validate() else None
    if caller and not caller.validate():
        return _again(form, 422, "", caller=caller)
    if starts_at is None or not (form.patient.data or caller):
        lacks = sentence("not_a_time") if form.patient.data or caller else sentence("patient_needed")
        return _again(form, 422, lacks, caller=caller)
    try:
        book_for(form, caller, form.wish(starts_at))
    except (Conflict, Refused) as error:
        return _again(form, _status(error), message(error), caller=caller, **alike_to(caller, error.code))
    return done(url_for("appointments.index", day=starts_at.date()))


def _again(form: BookForm, status: int, error: str, **more: Any) -> Response:
    chosen = form.starts_at(zone())
    day, lost = chosen.date() if chosen else _day(), status == 409 and not more.get("alike")
    times = read_times(day, form.kind.data or "", form.what.data or "", look_further=lost)
    return _new(form, times, status, error, **more)


def _status(error: DomainError) -> int:
    return 409 if isinstance(error, Conflict) else 422


@blueprint.get("/appointments/<appointment_id>")
@requires("appointments:view")
def show(appointment_id: str) -> Response:
    """Show an appointment with its history, and what can be done with it."""
    return _show(appointment_id)


def _show(appointment_id: str, status: int = 200, error: str = "", **forms: Any) -> Response:
    booked = appointments.get(actor(), appointment_id)
    patient = patients.open_(actor(), booked.patient_id, "appointment")
    day = find_date(request.args.get("day", "")) or booked.day
    chosen, lost = request.args.get("what") or booked.what, status == 409 and booked.status == "booked"
    times = read_times(max(day, today(actor().site_id)), booked.kind, chosen, look_further=lost)
    reasons = knowledge.load().flow.hours.cancel_reasons
    move = forms.get("move") or MoveForm(locale(), formdata=None, version=booked.version)
    move.what.data = times.what
    move.offer(times.free, zone())
    cancel = forms.get("cancel") or CloseForm(reasons, locale(), formdata=None, version=booked.version)
    return page(
        "appointments/show.html", status=status, error=error, booked=booked, patient=patient, times=times, move=move,
        cancel=cancel, form=forms.get("move") or forms.get("cancel"), steps=appointments.history(booked),
        reasons=reasons, today=today(actor().site_id),
    )  # fmt: skip


@blueprint.post("/appointments/<appointment_id>/move")
@requires("appointments:book")
def move(appointment_id: str) -> Response:
    """Move the appointment to another free time."""
    form = MoveForm(locale())
    starts_at = form.starts_at(zone()) if form.validate() else None
    if starts_at is None:
        return _show(appointment_id, 422, sentence("invalid"), move=form)
    words = (form.what.data or "", starts_at, form.reason.data or "")
    try:
        appointments.move(actor(), appointment_id, form.version.data or 0, *words)
    except (Conflict, Refused) as error:
        return _show(appointment_id, _status(error), message(error), move=form)
    return done(url_for("appointments.index", day=starts_at.date()))


@blueprint.post("/appointments/<appointment_id>/cancellation")
@requires("appointments:book")
def cancel(appointment_id: str) -> Response:
    """Cancel the appointment."""
    form = CloseForm(knowledge.load().flow.hours.cancel_reasons, locale())
    if not form.validate():
        return _show(appointment_id, 422, cancel=form)
    words = (form.reason.data or "", form.note.data or "")
    try:
        appointments.cancel(actor(), appointment_id, form.version.data or 0, *words)
    except (Conflict, Refused) as error:
        return _show(appointment_id, _status(error), message(error), cancel=form)
    return done(url_for("appointments.show", appointment_id=appointment_id))


@blueprint.post("/appointments/<appointment_id>/arrival")
@requires("appointments:book")
def arrive(appointment_id: str) -> Response:
    """Check the patient in."""
    try:
        opened = appointments.arrive(actor(), appointment_id)
    except (Conflict, Refused) as error:
        return _show(appointment_id, _status(error), message(error))
    return done(url_for("encounters.show", encounter_id=opened))


@blueprint.post("/appointments/<appointment_id>/absence")
@requires("appointments:book")
def note_absent(appointment_id: str) -> Response:
    """Note that the patient has not come."""
    try:
        appointments.note_absent(actor(), appointment_id, request.form.get("version", 0, int))
    except (Conflict, Refused) as error:
        return _show(appointment_id, _status(error), message(error))
    return done(url_for("appointments.show", appointment_id=appointment_id))
