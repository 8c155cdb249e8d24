"""The imaging list, per modality, and each step of an examination."""

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from triage import knowledge
from triage.domain.errors import Conflict, DomainError, Refused
from triage.forms.imaging import CannotForm, CompleteForm, StartForm, VersionForm
from triage.services import board, imaging
from triage.web import STATUS, actor, done, inside, locale, message, page, requires

blueprint = Blueprint("imaging", __name__)


@blueprint.get("/imaging")
@requires("imaging:view")
def index() -> Response:
    """Show what is asked for, ordered, under way and done today."""
    return page("imaging/index.html", **_values())


@blueprint.get("/imaging/rows")
@requires("imaging:view")
def rows() -> Response:
    """Answer a refresh: nothing while nothing changed, else the lists."""
    if request.args.get("rev") == str(board.current_revision(actor())):
        return make_response("", 204)
    return make_response(render_template("imaging/_lists.html", **_values()))


def _values(order_id: str = "", **more: Any) -> dict[str, Any]:
    modality = request.args.get("modality", "")
    known = {kind.id: kind.label(locale()) for kind in knowledge.load().modalities if kind.on_site}
    orders = imaging.list_orders(actor())
    shown = [order for order in orders if modality not in known or order.modality == modality]
    forms = {"start": StartForm(formdata=None), "complete": CompleteForm(formdata=None), "cannot": _cannot(None)}
    return {
        "orders": orders, "shown": shown, "kinds": known, "modality": modality if modality in known else "",
        "rev": board.current_revision(actor()), "forms": forms, "typed": order_id, "limit": _limit(), "error": None,
        "reasons": {reason.id: reason.label(locale()) for reason in knowledge.load().not_imaged_reasons},
    } | more  # fmt: skip


def _limit() -> int:
    return knowledge.load().lists["imaging"].minutes


def _cannot(formdata: Any) -> CannotForm:
    return CannotForm(locale(), formdata=formdata)


def _again(order_id: str, name: str, form: Any, error: DomainError | None = None) -> Response:
    """Show the list with what was typed and why it was refused."""
    status = next(code for kind, code in STATUS.items() if isinstance(error, kind)) if error else 422
    values = _values(order_id, error=message(error) if error else None)
    values["forms"] = {**values["forms"], name: form}
    return page("imaging/index.html", status=status, **values)


@blueprint.post("/imaging-orders/<order_id>/order")
@requires("imaging:order")
def order(order_id: str) -> Response:
    """Make a request a doctor's order with one press."""
    form = VersionForm()
    imaging.order(actor(), order_id, form.version.data or 0)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/start")
@requires("imaging:perform")
def start(order_id: str) -> Response:
    """Begin, after two identifiers and, where it is asked, a "no" to pregnancy."""
    form = StartForm()
    try:
        imaging.start(actor(), order_id, form.version.data or 0, form.identity.data or [], form.pregnancy.data or "")
    except (Refused, Conflict) as error:
        return _again(order_id, "start", form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/completion")
@requires("imaging:perform")
def complete(order_id: str) -> Response:
    """Write the exposure record and send the patient on."""
    form = CompleteForm()
    if not form.validate():
        imaging.get(actor(), order_id)
        return _again(order_id, "complete", form)
    try:
        imaging.complete(actor(), order_id, form.version.data or 0, form.views.data or "", form.exposure())
    except Conflict as error:
        return _again(order_id, "complete", form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/refusal")
@requires("imaging:perform")
def cannot(order_id: str) -> Response:
    """End the examination undone, with a reason; the patient goes back to the nurse."""
    form = _cannot(request.form)
    if not form.validate():
        return _again(order_id, "cannot", form)
    try:
        imaging.cannot_image(
            actor(), order_id, form.version.data or 0, form.reason.data or "", (form.note.data or "").strip()
        )
    except (Refused, Conflict) as error:
        return _again(order_id, "cannot", form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/signature")
@requires("imaging:sign")
def sign(order_id: str) -> Response:
    """Sign the exposure record."""
    form = VersionForm()
    imaging.sign(actor(), order_id, form.version.data or 0)
    return done(_back())


def _back() -> str:
    return inside(request.form.get("next")) or url_for("imaging.index", modality=request.args.get("modality"))
