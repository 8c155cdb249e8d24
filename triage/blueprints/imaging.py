"""The imaging list, per modality, and each step of an examination."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.paper_time import at_paper_time
from triage.domain.errors import Conflict, DomainError, Refused, Untimely
from triage.domain.lifecycle import IMAGING_OPEN
from triage.forms.imaging import CannotForm, CompleteForm, StartForm, StepForm
from triage.services import imaging, imaging_times, limits, live, order_times, presence
from triage.web import STATUS, actor, done, inside, locale, message, page, requires

blueprint = Blueprint("imaging", __name__)

#: Code of a refusal -> the field of the form at which it is said.
PLACES = {"two_identifiers": "identity", "pregnancy_unknown": "pregnancy", "reason_needed": "reason"}


@dataclass(frozen=True)
class Refusal:
    """A step that was refused: on which row, which form, with what was typed, and why."""

    order_id: str
    step: str
    form: Any
    why: str = ""


@blueprint.get("/imaging")
@requires("imaging:view")
def index() -> Response:
    """Show what is asked for, ordered, under way and done today."""
    return page("imaging/index.html", **_values())


@blueprint.get("/imaging/rows")
@requires("imaging:view")
def rows() -> Response:
    """Answer a refresh: nothing while nothing changed, else the lists."""
    seen = request.args.get("told" if request.args.get("hold") == "1" else "rev")
    if live.page_revision(actor()) in (seen, request.args.get("rev")):
        return make_response("", 204)
    return make_response(render_template("imaging/_lists.html", **_values()))


def _values(refused: Refusal | None = None) -> dict[str, Any]:
    kinds = {kind.id: kind.label(locale()) for kind in knowledge.load().modalities if kind.on_site}
    modality = request.args.get("modality", "")
    modality = modality if modality in kinds else ""
    rev = live.page_revision(actor())
    orders = imaging.list_orders(actor())
    return {
        "orders": orders, "shown": [order for order in orders if modality in ("", order.modality)],
        "waiting": [order for order in orders if order.status in IMAGING_OPEN], "kinds": kinds, "modality": modality,
        "rev": rev, "open_pages": presence.open_pages(actor(), [order.encounter_id for order in orders]),
        "limit": limits.in_force(actor().site_id).by_stage["imaging"], "refused": refused,
        "step_form": _step_form,
        "form": refused.form if refused else None, "times": order_times.of_orders([order.id for order in orders]),
        "reasons": {reason.id: reason.label(locale()) for reason in knowledge.load().not_imaged_reasons},
    }  # fmt: skip


def _step_form(order: Any, step: str, refused: Refusal | None) -> Any:
    """Return the form of one step on one row: as it was typed where it was refused, else empty."""
    if refused is not None and (refused.order_id, refused.step) == (order.id, step):
        form = refused.form
    else:
        form = {"start": StartForm, "complete": CompleteForm, "cannot": _cannot}[step](formdata=None)
    if isinstance(form, StartForm):
        patient, ticket = order.encounter.patient, order.encounter.ticket
        told = {"name": patient.kana or patient.name, "birth_date": patient.birth_date, "ticket": ticket}
        told["number"] = patient.number
        form.offer((name, str(told[name])) for name in imaging.identifiers(patient))
    return form.of_row(order.id)


def _cannot(formdata: Any) -> CannotForm:
    return CannotForm(locale(), formdata=formdata)


def _again(order_id: str, step: str, form: Any, error: DomainError | None = None) -> Response:
    """Show the list with what was typed, the row's form open, and at the field why it was refused."""
    imaging.get(actor(), order_id)
    status = next(code for kind, code in STATUS.items() if isinstance(error, kind)) if error else 422
    place = PLACES.get(error.code) if error else None
    if place and error:
        form[place].errors = [message(error)]
    why = message(error) if error and not place and not isinstance(error, Untimely) else ""
    refused = Refusal(order_id, step, form.of_row(order_id), why)
    return page("imaging/index.html", status=status, **_values(refused))


@blueprint.post("/imaging-orders/<order_id>/order")
@requires("imaging:order")
def order(order_id: str) -> Response:
    """Make a request a doctor's order with one press."""
    form = StepForm()
    try:
        at_paper_time(lambda: imaging.order(actor(), order_id, form.version.data or 0))
    except Untimely as error:
        return _again(order_id, "order", form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/start")
@requires("imaging:perform")
def start(order_id: str) -> Response:
    """Begin, after two identifiers and, where it is asked, a "no" to pregnancy."""
    form = StartForm()
    given = (order_id, form.version.data or 0, form.identity.data or [], form.pregnancy.data or "")
    try:
        at_paper_time(lambda: imaging.start(actor(), *given))
    except (Refused, Conflict) as error:
        return _again(order_id, "start", form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/completion")
@requires("imaging:perform")
def complete(order_id: str) -> Response:
    """Write the exposure record and send the patient on."""
    form = CompleteForm()
    if not form.validate():
        return _again(order_id, "complete", form)
    given = (order_id, form.version.data or 0, form.views.data or "", form.exposure())
    try:
        at_paper_time(lambda: imaging.complete(actor(), *given))
    except (Untimely, Conflict) as error:
        return _again(order_id, "complete", form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/refusal")
@requires("imaging:perform")
def cannot(order_id: str) -> Response:
    """End the examination undone, with a reason; the patient goes back to the nurse."""
    form = _cannot(request.form)
    if not form.validate():
        return _again(order_id, "cannot", form)
    why, note = form.reason.data or "", (form.note.data or "").strip()
    try:
        at_paper_time(lambda: imaging.cannot_image(actor(), order_id, form.version.data or 0, why, note))
    except (Refused, Conflict) as error:
        return _again(order_id, "cannot", form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/signature")
@requires("imaging:sign")
def sign(order_id: str) -> Response:
    """Sign the exposure record."""
    form = StepForm()
    imaging.sign(actor(), order_id, form.version.data or 0)
    return done(_back())


def _back() -> str:
    return inside(request.form.get("next")) or url_for("imaging.index", modality=request.args.get("modality"))


@blueprint.post("/imaging-orders/<order_id>/appointment")
@requires("imaging:schedule")
def schedule(order_id: str) -> Response:
    """Book the next free time on the machine."""
    try:
        imaging_times.book_next(actor(), order_id)
    except (Conflict, Refused) as error:
        refused = Refusal(order_id, "schedule", None, message(error))
        return page("imaging/index.html", status=STATUS[type(error)], **_values(refused))
    return done(inside(request.form.get("next")) or url_for("imaging.index"))
