"""The surgeon's lists, the review of one case on one screen, and the signed decision."""

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.saving import form_context
from triage.domain import lifecycle
from triage.domain.errors import Conflict, DomainError, Refused
from triage.forms import summary
from triage.forms.consults import TreatmentForm
from triage.services import board, consults, encounters, imaging, orders, pins, triage
from triage.web import STATUS, actor, done, locale, message, page, requires, sentence

blueprint = Blueprint("consults", __name__)


@blueprint.get("/consults")
@requires("consults:view")
def index() -> Response:
    """Show everything that waits for a surgeon."""
    return page("consults/index.html", **_lists())


@blueprint.get("/consults/rows")
@requires("consults:view")
def rows() -> Response:
    """Answer a refresh: nothing while nothing changed, else the lists."""
    if request.args.get("rev") == str(board.current_revision(actor())):
        return make_response("", 204)
    return make_response(render_template("consults/_lists.html", **_lists()))


def _lists() -> dict[str, Any]:
    who = actor()
    return {
        "rev": board.current_revision(who),
        "emergencies": pins.list_open(who),
        "review": consults.list_cases(who, lifecycle.REVIEW),
        "confirmation": consults.list_cases(who, lifecycle.CONFIRMATION),
        "requests": [order for order in imaging.list_orders(who) if order.status == "requested"],
        "unsigned": imaging.unsigned(who),
        "lists": knowledge.load().lists,
    }


@blueprint.get("/consults/<encounter_id>")
@requires("consults:view")
def show(encounter_id: str) -> Response:
    """Show one case, everything the decision needs on one screen."""
    encounter = encounters.open_(actor(), encounter_id, "review")
    kind = "conservative" if encounter.stage == lifecycle.CONFIRMATION else None
    note = gettext("As suggested by the nurse.") if kind else ""
    return page("consults/show.html", **_case(encounter, TreatmentForm(locale(), formdata=None, kind=kind, note=note)))


def _case(encounter: Any, form: TreatmentForm) -> dict[str, Any]:
    found = form_context(encounter)
    entry = found["entry"]
    before, after = consults.neighbours(actor(), encounter)
    return found | {
        "patient": encounter.patient, "form": form, "known": knowledge.load(), "steps": encounters.timeline(encounter),
        "present": summary.present(entry), "denied": summary.absent(entry), "unsure": summary.not_known(entry),
        "orders": orders.orders_of(encounter), "triaged": triage.decisions_of(encounter),
        "decisions": consults.decisions_of(encounter), "visits": encounters.earlier(actor(), encounter.patient_id, 6),
        "emergency": pins.find_open(encounter), "before": before, "after": after, "lacking": {}, "error": None,
        "open_here": encounter.stage in (lifecycle.REVIEW, lifecycle.CONFIRMATION, lifecycle.EMERGENCY),
    }  # fmt: skip


@blueprint.post("/consults/<encounter_id>/decision")
@requires("consults:decide")
def decide(encounter_id: str) -> Response:
    """Sign the decision; what is lacking is said at the field, and what was typed stays."""
    form = TreatmentForm(locale())
    choice = _choice(form)
    lacking = consults.check(choice)
    if lacking or not form.validate():
        return _again(encounter_id, form, 422, lacking)
    try:
        consults.decide(actor(), encounter_id, form.version.data or 0, choice)
    except (Refused, Conflict) as error:
        status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
        return _again(encounter_id, form, status, {}, error)
    if choice.kind == "transfer":
        return done(url_for("emergencies.show", encounter_id=encounter_id))
    return done(url_for("consults.index"))


def _choice(form: TreatmentForm) -> consults.Choice:
    names = ("kind", "procedure", "level", "side", "modality", "note")
    texts = {name: str(form[name].data or "") for name in names}
    return consults.Choice(**texts, identified=bool(form.identified.data))


def _again(
    encounter_id: str, form: TreatmentForm, status: int, lacking: dict[str, str], error: DomainError | None = None
) -> Response:
    values = _case(encounters.get(actor(), encounter_id), form)
    values["lacking"] = {name: sentence(code) for name, code in lacking.items()}
    values["error"] = message(error) if error else None
    for name, text in values["lacking"].items():
        form[name].errors = [text]
    return page("consults/show.html", status=status, **values)


@blueprint.get("/consults/<encounter_id>/print")
@requires("consults:view")
def print_(encounter_id: str) -> Response:
    """Show the decision as a sheet for the record."""
    encounter = encounters.print_(actor(), encounter_id, "decision")
    form = TreatmentForm(locale(), formdata=None)
    return page("consults/print.html", **_case(encounter, form))
