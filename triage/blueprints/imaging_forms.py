"""The forms of the imaging list's rows: empty or as they were typed, with what is still open before a start."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from triage import knowledge
from triage.blueprints.ordered import ordered
from triage.blueprints.paper_time import at_paper_time
from triage.domain.errors import Conflict, DomainError, NotAllowed, Unsafe, Untimely
from triage.forms import imaging as forms
from triage.forms.imaging import CannotForm, CompleteForm, LookedForm, StartForm
from triage.services import imaging, imaging_machine, imaging_orders, imaging_repeats, imaging_safety
from triage.services.imaging_repeats import Repeat
from triage.services.imaging_safety import Answer
from triage.web import actor, locale, sentence

#: Code of a refusal -> the field of the form at which it is said.
PLACES = {"reason_needed": "reason", "repeat_reason_needed": "why"}


@dataclass(frozen=True)
class Refusal:
    """A step that was refused: on which row, which form, with what was typed, and why."""

    order_id: str
    step: str
    form: Any
    why: str = ""


def repeats_of(orders: Iterable[Any]) -> Mapping[str, Sequence[Repeat]]:
    """Return what the orders that wait for this doctor would repeat; nobody else is asked."""
    waiting = [order for order in orders if order.status == "requested"] if actor().may("imaging:order") else []
    return imaging_repeats.list_for(actor(), waiting)


def unrecorded() -> dict[str, Any]:
    """Return what lacks its exposure record, and what the machine told of it, for those who write one."""
    rows = imaging.unrecorded(actor()) if actor().may("imaging:perform") else []
    return {"unrecorded": rows, "told": imaging_machine.told([row.id for row in rows])}


def step_form(order: Any, step: str, refused: Refusal | None, told: Mapping[str, Any] | None = None) -> Any:
    """Return the form of one step on one row: as it was typed where it was refused, else as far as it is known."""
    typed = refused is not None and (refused.order_id, refused.step) == (order.id, step)
    if typed and refused is not None:
        form = refused.form
    elif step == "start":
        form = start_form(None)
    elif step == "cannot":
        form = cannot_form(None)
    elif step == "looked":
        form = LookedForm(formdata=None)
    else:
        known = {"views": _views(order)} | {name: _figure(value) for name, value in (told or {}).items()}
        form = CompleteForm(formdata=None, **known)
    if isinstance(form, StartForm):
        _ask(form, order, typed)
    return form.of_row(f"looked-{order.id}" if step == "looked" else order.id)  # one row may have both, with a note


def _views(order: Any) -> str:
    words = ordered(order)
    return f"{words.name} {words.views}".strip()


def _figure(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _ask(form: StartForm, order: Any, typed: bool) -> None:
    """Offer what this patient can be recognised by, and name what is still open before this examination."""
    patient, ticket = order.encounter.patient, order.encounter.ticket
    told = {"name": patient.kana or patient.name, "birth_date": patient.birth_date, "ticket": ticket}
    told["number"] = patient.number
    form.offer((name, str(told[name])) for name in imaging.identifiers(patient))
    standing = imaging_safety.standing(order)
    form.ask(((one.question.id, one.question.label(locale()), one.hint, one.likely) for one in standing), typed)


def start_form(formdata: Any) -> StartForm:
    """Return the form that starts an examination."""
    return forms.start_form(forms.questions())(formdata=formdata)


def cannot_form(formdata: Any) -> CannotForm:
    """Return the form that ends an examination undone."""
    return CannotForm(locale(), formdata=formdata)


def say(form: Any, error: DomainError) -> bool:
    """Say at its field what was refused; return whether it has one."""
    place = PLACES.get(error.code)
    fields = error.fields if isinstance(error, Unsafe) else {place: error.code} if place else {}
    asked = knowledge.load().flow.examinations.safety
    for name, code in fields.items():
        form[name].errors = [sentence(code)]
        if not form[name].label.text and name in asked:
            form[name].label.text = asked[name].label(locale())
    return bool(fields)


def keep_answers(error: DomainError, form: StartForm, order_id: str, answers: Mapping[str, Answer]) -> None:
    """Keep what was answered otherwise than no where the start was refused: a yes must not be lost with it."""
    if isinstance(error, Unsafe):
        said = {"pregnancy": Answer(form.pregnancy.data or ""), **answers}
        said = {name: one for name, one in said.items() if one.answer != "no"}
        with suppress(Conflict, NotAllowed, Untimely):
            at_paper_time(lambda: imaging_orders.answer(actor(), order_id, form.version.data or 0, said))
