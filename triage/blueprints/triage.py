"""The triage sheet: findings beside the suggestion, the decision, its undo, and what has to be asked again."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.paper_time import at_paper_time
from triage.blueprints.questions import asked_here, waiting
from triage.blueprints.saving import form_context
from triage.domain import gate, lifecycle
from triage.domain.errors import Conflict, DomainError, Invalid, Refused, Untimely
from triage.forms.triage import DecisionForm, TaskForm, whys
from triage.services import encounters, explanations, reassessments, referrals, scores, sheets, triage
from triage.services import tasks as task_service
from triage.web import actor, done, locale, message, page, requires, sentence, status_of, toast

blueprint = Blueprint("triage", __name__)
#: Stages in which the sheet decides; elsewhere the patient was already sent on.
OPEN_HERE = (lifecycle.REGISTERED, lifecycle.WAITING, lifecycle.EMERGENCY)


def _values(encounter: Any, form: DecisionForm) -> dict[str, Any]:
    sheet, answers, known = sheets.sheet_of(encounter), form_context(encounter), knowledge.load()
    modality = triage.suggested_modality(sheet.now.suggestion)
    form.offer(locale())
    return answers | {
        **asked_here(encounter),
        "patient": encounter.patient, "sheet": sheet, "form": form, "place": "sheet",
        "bar": referrals.bar_of(encounter, sheet.now.answers),
        "closed": _closed(encounter, sheet), "routed": encounter.stage not in OPEN_HERE, "modality": modality,
        "modality_word": next((m.label(locale()) for m in known.modalities if m.id == modality), ""),
        **_open(sheet, answers["entry"]), "typed_whys": whys(request.form),
        "scores": scores.begun(encounter), "looks": reassessments.list_of(encounter),
        "holder": triage.find_holder(actor(), encounter, _lapses()),
        "shown_level": request.args.get("shown_level", ""), "shown_rules": request.args.getlist("shown_rule"),
    }  # fmt: skip


def _lapses() -> timedelta:
    return timedelta(minutes=current_app.config["CLAIM_MINUTES"])


def _open(sheet: sheets.Sheet, entry: Any) -> dict[str, list[str]]:
    """Return the questions that settle the suggestion, in order, and the other findings that could change it."""
    specs, suggestion = knowledge.load().findings, sheet.now.suggestion
    asked = {*suggestion.ask, *sheet.now.question.unanswered}
    fitting = [name for name in suggestion.unknown if specs[name].not_of is None or specs[name].not_of != entry.sex]
    settling = [name for name in suggestion.ask if name not in sheet.now.question.unanswered]
    return {
        "to_ask": [name for name in settling if name not in specs or name in fitting],
        "could_change": [name for name in fitting if name not in asked and specs[name].ask not in asked],
    }


def _closed(encounter: Any, sheet: sheets.Sheet) -> dict[str, list[str]]:
    at_desk = [sentence("intake_open")] if encounter.stage == lifecycle.REGISTERED else []
    shut = {route: gate.standing(sheet.now.question, route) for route in lifecycle.ROUTES}
    return {
        route: [] if route == gate.EMERGENCY_ROUTE else [*at_desk, *_sentences(reasons)]
        for route, reasons in shut.items()
    }


def _sentences(reasons: gate.Reasons) -> list[str]:
    return [sentence(code, **params) for code, params in reasons]


@blueprint.get("/encounters/<encounter_id>/triage")
@requires("triage:decide")
def show(encounter_id: str) -> Response:
    """Show the triage sheet."""
    encounter = encounters.open_(actor(), encounter_id, "triage sheet")
    return page("triage/show.html", **_values(encounter, DecisionForm(formdata=None)))


@blueprint.get("/encounters/<encounter_id>/suggestion")
@requires("triage:decide")
def suggestion(encounter_id: str) -> Response:
    """Show the suggestion on what is recorded now, and what changed since the page's last one."""
    form = DecisionForm(formdata=None)
    form.route.data = request.args.get("route")
    return page("triage/_suggestion.html", oob=True, **_values(encounters.get(actor(), encounter_id), form))


@blueprint.get("/encounters/<encounter_id>/why")
@requires("triage:decide")
def why(encounter_id: str) -> Response:
    """Show what would change the suggestion, and why the other rules are silent."""
    encounter = encounters.open_(actor(), encounter_id, "why")
    return page(
        "triage/why.html", "triage/_explanation.html", encounter=encounter, patient=encounter.patient,
        sheet=sheets.sheet_of(encounter), why=explanations.explain(encounter),
    )  # fmt: skip


@blueprint.post("/encounters/<encounter_id>/decision")
@requires("triage:decide")
def decide(encounter_id: str) -> Response:
    """Send the patient on as suggested or another way; refused with every reason on the page."""
    form = DecisionForm()
    choice = _choice(form)
    emergency = gate.is_emergency(choice.acuity, choice.route)
    try:
        if not form.validate() and not emergency:
            raise Invalid()
        given = (encounter_id, form.version.data or 0, choice, _lapses())
        decided = at_paper_time(lambda: triage.decide(actor(), *given), always=emergency)
    except (Conflict, Invalid, Refused) as error:
        return _again(encounter_id, form, choice, error)
    if emergency:
        return done(url_for("emergencies.show", encounter_id=encounter_id))
    _flash_undo(encounter_id, decided, choice.route)
    return done(url_for("board.index"))


def _again(encounter_id: str, form: DecisionForm, choice: triage.Choice, error: DomainError) -> Response:
    status = status_of(error)
    encounter = encounters.get(actor(), encounter_id)
    values = _values(encounter, form)
    gated = isinstance(error, Refused) and not isinstance(error, Untimely)
    reasons = triage.closed(values["sheet"].now, choice) if gated else []
    refused = {code: sentence(code, **params) for code, params in reasons} or {error.code: message(error)}
    if "referral_incomplete" in refused:
        refused["referral_incomplete"] += f" {gettext('Missing')}: " + _named(values["sheet"].now, choice.route)
    return page("triage/show.html", status=status, refused=refused, **values)


def _choice(form: DecisionForm) -> triage.Choice:
    why, without = whys(request.form), form.without.data or ""
    return triage.Choice(form.level, form.way, form.imaging, form.why, form.words, why, without)


def _named(now: triage.Situation, route: str) -> str:
    lacks = triage.lacking(now, route)
    return ", ".join(part.text[locale()] for part in knowledge.load().flow.referral if part.id in lacks)


def _flash_undo(encounter_id: str, decided: triage.Decided, route: str) -> None:
    where = knowledge.load().routes[route].label(locale())
    toast(f"{decided.ticket} → {where}", url_for("triage.recall", encounter_id=encounter_id, decision=decided.id))


@blueprint.post("/encounters/<encounter_id>/recall")
@requires("triage:decide")
def recall(encounter_id: str) -> Response:
    """Undo the last routing and show the sheet again."""
    triage.recall(actor(), encounter_id, request.args.get("decision"))
    flash(gettext("Undone. The patient waits for triage again."))
    return done(url_for("triage.show", encounter_id=encounter_id))


@blueprint.get("/tasks")
@requires("tasks:view")
def tasks() -> Response:
    """List what has to be asked again, the first due first."""
    return _tasks()


def _tasks(status: int = 200, form: TaskForm | None = None, task_id: str = "") -> Response:
    found, known = task_service.open_tasks(actor()), knowledge.load()
    questions = {question.id: question.question(locale()) for question in known.urgent_questions}
    return page(
        "triage/tasks.html", status=status, tasks=found, questions=questions, form=form, task_id=task_id,
        looks=reassessments.list_due(actor()), **waiting(),
    )  # fmt: skip


@blueprint.post("/tasks/<task_id>/repeat")
@requires("triage:decide")
def ask_again(task_id: str) -> Response:
    """Note that the question is still not known; the next task is due in 15 minutes."""
    form = TaskForm()
    if not form.validate():
        return _tasks(422, form, task_id)
    task_service.ask_again(actor(), task_id, form.version.data or 0, form.reason.data or "")
    return done(url_for("triage.tasks"))
