"""An order's own page: what exactly and why, what is known before the start, its time, calling it off, its history."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.imaging_forms import Refusal
from triage.blueprints.ordered import RATINGS
from triage.blueprints.paper_time import at_paper_time
from triage.domain.errors import Conflict, DomainError, Invalid, NotFound, Refused, Untimely
from triage.forms.imaging_orders import ANSWER, NOTE, CancelForm, DetailsForm, WordForm, safety_form
from triage.services import (
    encounters,
    imaging,
    imaging_grounds,
    imaging_orders,
    imaging_repeats,
    imaging_safety,
    imaging_steps,
    order_times,
)
from triage.services.imaging_safety import Answer
from triage.web import actor, done, locale, message, page, requires, sentence, status_of

blueprint = Blueprint("imaging_orders", __name__)


@blueprint.get("/imaging-orders/<order_id>")
@requires("imaging:view")
def show(order_id: str) -> Response:
    """Show the order with everything that is known and everything that can be changed."""
    encounters.open_(actor(), imaging.get(actor(), order_id).encounter_id, "imaging order")
    return _show(order_id)


@blueprint.get("/encounters/<encounter_id>/imaging-order")
@requires("imaging:view")
def newest(encounter_id: str) -> Response:
    """Lead from a visit to its latest order."""
    orders = imaging.list_of(actor(), encounters.get(actor(), encounter_id))
    if not orders:
        raise NotFound("order")
    return redirect(url_for("imaging_orders.show", order_id=orders[-1].id))


def _show(order_id: str, error: DomainError | None = None, step: str = "", status: int = 200, **forms: Any) -> Response:
    order = imaging.get(actor(), order_id)
    wrong = error is not None and not isinstance(error, (Untimely, Invalid))
    refused = Refusal(order_id, step, next(iter(forms.values()), None)) if status != 200 else None
    return page(
        "imaging_orders/show.html", status=status_of(error) if error else status, order=order,
        encounter=order.encounter, patient=order.encounter.patient, error=message(error) if error and wrong else "",
        details=forms.get("details") or _details_form(order), refused=refused,
        safety=forms.get("safety") or _safety_form(order), word=forms.get("word") or WordForm(formdata=None),
        cancel=forms.get("cancel") or CancelForm(locale(), formdata=None),
        may_change=imaging_orders.may_change(actor(), order), times=order_times.of_orders([order_id]),
        **_around(order),
    )  # fmt: skip


def _around(order: Any) -> dict[str, Any]:
    """Return what the order would repeat, what became of it, and the words of its history."""
    known = knowledge.load()
    reasons = {one.id: one.label(locale()) for one in known.not_imaged_reasons}
    reasons |= {one.id: one.label(locale()) for one in known.flow.ordering.cancel_reasons.values()}
    return {
        "repeats": imaging_repeats.list_for(actor(), [order]), "history": _history(order),
        "reasons": reasons, "modality": "", "questions": known.flow.examinations.safety,
    }  # fmt: skip


def _history(order: Any) -> list[tuple[Any, str, str, Any]]:
    """Return when what happened to the order, by whom, with the step that says more of it."""
    ended = order.ended_at if order.status in ("completed", "not_imaged") else None
    own = [
        (order.requested_at, "requested", order.requester.name, None),
        (order.ordered_at, "ordered", order.orderer.name if order.orderer else "", None),
        (order.started_at, "started", "", None), (ended, "ended", "", None),
    ]  # fmt: skip
    found = own + [(step.at, step.step, step.staff.name, step) for step in imaging_steps.list_of(order)]
    return sorted((one for one in found if one[0]), key=lambda one: one[0])


def _details_form(order: Any, posted: bool = False) -> DetailsForm:
    form = DetailsForm() if posted else DetailsForm(formdata=None)
    machines = imaging_orders.scanners(actor(), order.modality)
    name = imaging_safety.procedure_of(order).id
    variants = []
    for one in knowledge.load().acr.variants:
        rating = imaging_grounds.rating(name, one.number)
        words = f" – {RATINGS[rating.category]}" if rating else ""
        variants.append((str(one.number), f"{one.number}. {one.title.in_(locale())}{words}"))
    form.offer(order.modality, [(one.id, one.name) for one in machines], variants, locale())
    return form if posted else form.show(imaging_orders.details_of(order), order.version)


def _safety_form(order: Any, posted: bool = False) -> Any:
    asked = imaging_safety.standing(order)
    kind = safety_form(tuple(one.question.id for one in asked))
    form: Any = kind() if posted else kind(formdata=None)
    for one in asked:
        field = form[ANSWER + one.question.id]
        field.label.text = one.question.label(locale())
        field.description = f"{gettext('In the record')}: {one.hint}" if one.hint else ""
        if not posted:
            field.data, form[NOTE + one.question.id].data = one.likely, one.said.get("note", "")
    return form


@blueprint.post("/imaging-orders/<order_id>/details")
@requires("imaging:change")
def change(order_id: str) -> Response:
    """Change what exactly is ordered."""
    order = imaging.get(actor(), order_id)
    form = _details_form(order, posted=True)
    if not form.validate():
        return _show(order_id, step="details", status=422, details=form)
    given = (order_id, form.version.data or 0, form.details(imaging_safety.procedure_of(order).id))
    try:
        at_paper_time(lambda: imaging_orders.change(actor(), *given))
    except (Conflict, Refused, Invalid) as error:
        _say(form, error)
        return _show(order_id, error, "details", 422, details=form)
    return _done(order_id, gettext("Saved."))


def _say(form: Any, error: DomainError) -> None:
    for name, code in (error.fields if isinstance(error, Invalid) else {}).items():
        if name in form:
            form[name].errors = [sentence(code)]


@blueprint.post("/imaging-orders/<order_id>/answers")
@requires("imaging:answer")
def answer(order_id: str) -> Response:
    """Keep what is answered to the safety questions."""
    form = _safety_form(imaging.get(actor(), order_id), posted=True)
    if not form.validate():
        return _show(order_id, step="safety", status=422, safety=form)
    names = [field.short_name.removeprefix(ANSWER) for field in form if field.short_name.startswith(ANSWER)]
    said = {name: Answer(form[ANSWER + name].data or "", form[NOTE + name].data or "") for name in names}
    try:
        at_paper_time(lambda: imaging_orders.answer(actor(), order_id, form.version.data, said))
    except (Conflict, Untimely) as error:
        return _show(order_id, error, "safety", 409, safety=form)
    return _done(order_id, gettext("Saved."))


@blueprint.post("/imaging-orders/<order_id>/word")
@requires("imaging:order")
def allow(order_id: str) -> Response:
    """Keep a doctor's word that it is done although a safety question is answered yes."""
    form = WordForm()
    if not form.validate():
        return _show(order_id, step="word", status=422, word=form)
    try:
        imaging_orders.allow(actor(), order_id, form.version.data or 0, form.question.data or "", form.words.data or "")
    except (Conflict, Refused) as error:
        return _show(order_id, error, "word", 409, word=form)
    return _done(order_id, gettext("Saved."))


@blueprint.post("/imaging-orders/<order_id>/cancellation")
@requires("imaging:change")
def cancel(order_id: str) -> Response:
    """Call the examination off."""
    form = CancelForm(locale())
    if not form.validate():
        return _show(order_id, step="cancel", status=422, cancel=form)
    given = (order_id, form.version.data or 0, form.reason.data or "", form.note.data or "")
    try:
        at_paper_time(lambda: imaging_orders.cancel(actor(), *given))
    except (Conflict, Refused) as error:
        return _show(order_id, error, "cancel", 422, cancel=form)
    return _done(order_id, gettext("Called off."))


def _done(order_id: str, words: str) -> Response:
    flash(words)
    return done(url_for("imaging_orders.show", order_id=order_id))
