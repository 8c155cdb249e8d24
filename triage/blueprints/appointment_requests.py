"""Requests for an appointment: taken down by the desk, and the list in the order in which they are answered."""

import secrets
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from triage import knowledge
from triage.domain import appointments as rules
from triage.domain.errors import Conflict, Invalid, Refused
from triage.forms.appointments import CloseForm, RequestForm
from triage.services import appointment_requests, patients
from triage.services.appointment_requests import Asked
from triage.web import actor, done, locale, message, page, requires, sentence, zone

blueprint = Blueprint("appointment_requests", __name__)


@blueprint.get("/appointments/requests")
@requires("appointments:book")
def index() -> Response:
    """List the requests that wait, in their order, and take a new one down."""
    form = RequestForm(locale(), formdata=None, request_id=secrets.token_urlsafe(12))
    if known := request.args.get("patient", ""):
        patient = patients.get(actor(), known)
        form.patient.data, form.name.data, form.contact.data = patient.id, patient.name, patient.phone
    return _page(form)


def _page(form: RequestForm, status: int = 200, error: str = "", **more: Any) -> Response:
    rows = appointment_requests.list_waiting(actor())
    closing = knowledge.load().flow.hours.close_reasons
    values = {"closing": CloseForm(closing, locale(), formdata=None), "row": "", **more}
    return page(
        "appointment_requests/index.html", status=status, error=error, form=form, rows=rows,
        ahead={row.id: len(rules.ahead_of(row.id, rows)) for row in rows}, kinds=knowledge.load().flow.hours.kinds,
        **values,
    )  # fmt: skip


@blueprint.post("/appointments/requests")
@requires("appointments:book")
def enter() -> Response:
    """Take a request down."""
    form = RequestForm(locale())
    if not form.validate():
        return _page(form, 422)
    asked = Asked(
        channel=form.channel.data or "", received_at=form.received_at(zone()), name=form.name.data or "",
        contact=form.contact.data or "", kind=form.kind.data or "", urgent=form.urgent.data or "",
        same_day=bool(form.same_day.data), wishes=form.wishes.data or "", patient_id=form.patient.data or "",
    )  # fmt: skip
    try:
        appointment_requests.enter(actor(), asked, form.request_id.data or "")
    except Invalid as wrong:
        for name, code in wrong.fields.items():
            form["received_time" if name == "received" else name].errors = [sentence(code)]
        return _page(form, 422)
    return done(url_for("appointment_requests.index"))


@blueprint.post("/appointments/requests/<request_id>/closing")
@requires("appointments:book")
def close(request_id: str) -> Response:
    """Close a request without an appointment."""
    form = CloseForm(knowledge.load().flow.hours.close_reasons, locale())
    empty = RequestForm(locale(), formdata=None, request_id=secrets.token_urlsafe(12))
    if not form.validate():
        return _page(empty, 422, sentence("reason_needed"), closing=form, row=request_id)
    try:
        words = (form.reason.data or "", form.note.data or "")
        appointment_requests.close(actor(), request_id, form.version.data or 0, *words)
    except (Conflict, Refused) as error:
        status = 409 if isinstance(error, Conflict) else 422
        return _page(empty, status, message(error), closing=form, row=request_id)
    return done(url_for("appointment_requests.index"))
