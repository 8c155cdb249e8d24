"""The imaging list, per modality, and each step of an examination."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.imaging_forms import (
    Refusal,
    cannot_form,
    keep_answers,
    repeats_of,
    say,
    start_form,
    step_form,
    unrecorded,
)
from triage.blueprints.paper_time import at_paper_time
from triage.blueprints.refresh import refreshed
from triage.domain.errors import Conflict, DomainError, Refused, Untimely
from triage.domain.lifecycle import IMAGING_OPEN
from triage.forms.imaging import CompleteForm, LookedForm, OrderForm, StepForm
from triage.services import (
    images,
    imaging,
    imaging_alerts,
    imaging_times,
    limits,
    live,
    order_times,
    presence,
    procedure_steps,
    unmatched,
)
from triage.services.imaging_safety import Answer
from triage.web import STATUS, actor, done, inside, locale, message, page, requires, status_of, toast

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
    return refreshed("imaging/_lists.html", _values)


def _values(refused: Refusal | None = None) -> dict[str, Any]:
    kinds = {kind.id: kind.label(locale()) for kind in knowledge.load().modalities if kind.on_site}
    modality = request.args.get("modality", "")
    modality = modality if modality in kinds else ""
    rev = live.page_revision(actor())
    orders, missing = imaging.list_orders(actor()), unrecorded()
    return {
        "orders": orders, "shown": [order for order in orders if modality in ("", order.modality)],
        "waiting": [order for order in orders if order.status in IMAGING_OPEN], "kinds": kinds, "modality": modality,
        "rev": rev, "open_pages": presence.open_pages(actor(), [order.encounter_id for order in orders]),
        "limit": limits.in_force(actor().site_id).by_stage["imaging"], "refused": refused,
        "step_form": step_form, "repeats": repeats_of(orders), **missing,
        "came": images.of_orders([*orders, *missing["unrecorded"]]),
        "form": refused.form if refused else None, "times": order_times.of_orders([order.id for order in orders]),
        "reasons": {reason.id: reason.label(locale()) for reason in knowledge.load().not_imaged_reasons},
    } | _returned()  # fmt: skip


def _returned() -> dict[str, Any]:
    """Return what machines did that somebody has to look at, and how much of what they told waits for a person."""
    odd = imaging_alerts.list_open(actor())
    count = unmatched.count(actor()) if actor().may("imaging:match") else 0
    told_last = procedure_steps.latest_of([order.id for order in odd])
    return {"odd": odd, "told_last": told_last, "unmatched_count": count}


def _again(order_id: str, step: str, form: Any, error: DomainError | None = None) -> Response:
    """Show the list with what was typed, the row's form open, and at the field why it was refused."""
    imaging.get(actor(), order_id)
    status = status_of(error) if error else 422
    place = say(form, error) if error else True
    why = message(error) if error and not place and not isinstance(error, Untimely) else ""
    refused = Refusal(order_id, step, form.of_row(order_id), why)
    return page("imaging/index.html", status=status, **_values(refused))


@blueprint.post("/imaging-orders/<order_id>/order")
@requires("imaging:order")
def order(order_id: str) -> Response:
    """Make a request a doctor's order with one press."""
    form = OrderForm()
    if not form.validate():
        return _again(order_id, "order", form)
    given = (order_id, form.version.data or 0, (form.seen.data or "").split(), form.why.data or "")
    try:
        at_paper_time(lambda: imaging.order(actor(), *given))
    except Refused as error:
        return _again(order_id, "order", form, error)
    toast(gettext("%(ticket)s: the imaging is ordered.", ticket=_ticket(order_id)), None)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/start")
@requires("imaging:perform")
def start(order_id: str) -> Response:
    """Begin, after two identifiers and, where it is asked, a "no" to pregnancy."""
    form = start_form(request.form)
    answers = {name: Answer(said) for name, said in form.said().items()}
    given = (order_id, form.version.data or 0, form.identity.data or [], form.pregnancy.data or "", answers)
    try:
        at_paper_time(lambda: imaging.start(actor(), *given))
    except (Refused, Conflict) as error:
        keep_answers(error, form, order_id, answers)
        return _again(order_id, "start", form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/completion")
@requires("imaging:perform")
def complete(order_id: str) -> Response:
    """Write the exposure record and send the patient on."""
    return _record(order_id, "complete", imaging.complete)


@blueprint.post("/imaging-orders/<order_id>/record")
@requires("imaging:perform")
def record(order_id: str) -> Response:
    """Write the exposure record of what a machine has reported done."""
    return _record(order_id, "record", imaging.write_exposure)


def _record(order_id: str, step: str, write: Callable[..., None]) -> Response:
    form = CompleteForm()
    if not form.validate():
        return _again(order_id, step, form)
    given = (order_id, form.version.data or 0, form.views.data or "", form.exposure())
    try:
        at_paper_time(lambda: write(actor(), *given))
    except (Untimely, Conflict) as error:
        return _again(order_id, step, form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/refusal")
@requires("imaging:perform")
def cannot(order_id: str) -> Response:
    """End the examination undone, with a reason; the patient goes back to the nurse."""
    form = cannot_form(request.form)
    if not form.validate():
        return _again(order_id, "cannot", form)
    why, note = form.reason.data or "", (form.note.data or "").strip()
    try:
        at_paper_time(lambda: imaging.cannot_image(actor(), order_id, form.version.data or 0, why, note))
    except (Refused, Conflict) as error:
        return _again(order_id, "cannot", form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/looked-at")
@requires("imaging:look")
def looked_at(order_id: str) -> Response:
    """Note that this person has looked at what a machine did."""
    form = LookedForm()
    if not form.validate():
        return _again(order_id, "looked", form)
    try:
        imaging_alerts.see(actor(), order_id, form.version.data or 0, form.note.data or "")
    except Conflict as error:
        return _again(order_id, "looked", form, error)
    return done(_back())


@blueprint.post("/imaging-orders/<order_id>/signature")
@requires("imaging:sign")
def sign(order_id: str) -> Response:
    """Sign the exposure record."""
    form = StepForm()
    imaging.sign(actor(), order_id, form.version.data or 0)
    toast(gettext("%(ticket)s: the exposure record is signed.", ticket=_ticket(order_id)), None)
    return done(_back())


def _ticket(order_id: str) -> str:
    """Return the ticket to name in what is said: on the list that was pressed the row is gone."""
    return imaging.get(actor(), order_id).encounter.ticket


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
