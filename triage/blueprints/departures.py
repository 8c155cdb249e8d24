"""Who left without being seen: noting it, warned and confirmed; undoing it; and calling back."""

from typing import Any

from flask import Blueprint, flash, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage.blueprints.paper_time import at_paper_time
from triage.domain import leaving
from triage.domain.errors import Conflict, Refused, Untimely
from triage.forms.departures import CallBackForm, LeaveForm
from triage.services import departures, encounters
from triage.web import actor, done, locale, message, page, requires, toast

blueprint = Blueprint("departures", __name__)


@blueprint.get("/departures")
@requires("encounters:leave")
def index() -> Response:
    """List who left without being seen today, and everybody who is still to be called back."""
    return _list()


def _list(status: int = 200, row: str = "", error: str = "") -> Response:
    rows = departures.list_unseen(actor())
    reasons = departures.reasons_of(leaving.UNSEEN)
    return page("departures/index.html", status=status, rows=rows, reasons=reasons, row=row, error=error)


@blueprint.get("/encounters/<encounter_id>/departure")
@requires("encounters:leave")
def show(encounter_id: str) -> Response:
    """Ask why the patient has gone, and name what would be left open."""
    encounter = encounters.open_(actor(), encounter_id, "departure")
    return _form(encounter, LeaveForm(locale(), formdata=None))


def _form(encounter: Any, form: LeaveForm, status: int = 200, error: str = "", warned: bool = False) -> Response:
    return page(
        "departures/show.html", status=status, encounter=encounter, patient=encounter.patient, form=form, error=error,
        warned=warned, open=departures.open_of(encounter),
    )  # fmt: skip


@blueprint.post("/encounters/<encounter_id>/departure")
@requires("encounters:leave")
def leave(encounter_id: str) -> Response:
    """End the visit of a patient who left without being seen; a second confirmation where something is open."""
    form, encounter = LeaveForm(locale()), encounters.get(actor(), encounter_id)
    if not form.validate():
        return _form(encounter, form, 422)
    words = (form.reason.data or "", form.note.data or "", form.seen)
    try:
        made = at_paper_time(lambda: departures.leave(actor(), encounter_id, form.version.data or 0, *words))
    except (Conflict, Refused) as error:
        return _again(encounter_id, form, error)
    told_undo(encounter.ticket, gettext("Left without being seen"), made)
    return done(url_for("departures.index"))


def _again(encounter_id: str, form: LeaveForm, error: Conflict | Refused) -> Response:
    status = 409 if isinstance(error, Conflict) else 422
    told = "" if isinstance(error, Untimely) else message(error)
    return _form(encounters.get(actor(), encounter_id), form, status, told, error.code == "leaves_open")


def told_undo(ticket: str, how: str, departure_id: str) -> None:
    """Say what was noted, with the way to undo it."""
    toast(f"{ticket}: {how}", url_for("departures.undo", departure_id=departure_id))


@blueprint.post("/departures/<departure_id>/undo")
@requires("encounters:leave")
def undo(departure_id: str) -> Response:
    """Open the visit again, with the same ticket and arrival."""
    encounter_id = departures.undo(actor(), departure_id)
    flash(gettext("Undone. The visit is open again, with the same ticket and arrival."))
    return done(url_for("encounters.show", encounter_id=encounter_id))


@blueprint.post("/departures/<departure_id>/call-backs")
@requires("encounters:leave")
def call_back(departure_id: str) -> Response:
    """Note an attempt to reach who left."""
    form = CallBackForm()
    if not form.validate():
        return _list(422, departure_id, message(Refused("bad_text")))
    words = (form.result.data or "", form.note.data or "")
    try:
        departures.call_back(actor(), departure_id, form.version.data or 0, *words)
    except Refused as error:
        return _list(422, departure_id, message(error))
    return done(url_for("departures.index"))
