"""The desk's intake, and the one place where answers of intake and sheet are saved."""

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from triage import clock
from triage.blueprints.saving import Outcome, form_context, save
from triage.domain import lifecycle
from triage.domain.errors import Conflict
from triage.forms.entry import Entry
from triage.models import Encounter
from triage.services import encounters, intakes
from triage.web import actor, htmx, message, page, requires, zone

blueprint = Blueprint("intakes", __name__)

#: Where a plain post leads back to.
BACK = {"intake": "intakes.show", "sheet": "triage.show", "review": "consults.show"}


@blueprint.get("/encounters/<encounter_id>/intake")
@requires("intakes:record")
def show(encounter_id: str) -> AnyResponse:
    """Show the intake; in the background, only what others have answered since the page's revision."""
    if htmx and request.headers.get("X-Background"):
        return _since(encounters.get(actor(), encounter_id))
    encounter = encounters.open_(actor(), encounter_id, "intake")
    return page("intakes/show.html", **form_context(encounter))


@blueprint.post("/encounters/<encounter_id>/findings")
@requires("intakes:record")
def record(encounter_id: str) -> AnyResponse:
    """Save any answers of intake or sheet; with htmx tell what became of them, else go back to the page."""
    outcome = _save(encounter_id)
    encounter = encounters.get(actor(), encounter_id)
    if htmx:
        return _result(encounter, outcome)
    if outcome.status != 200:
        return _again(encounter, outcome)
    if request.form.get("go") == "park":
        return redirect(url_for("patients.index"), 303)
    target = BACK.get(request.form.get("place", ""), "intakes.show")
    return redirect(url_for(target, encounter_id=encounter_id), 303)


@blueprint.get("/encounters/<encounter_id>/findings")
@requires("intakes:record")
def back(encounter_id: str) -> AnyResponse:
    """Lead back to the page when the answer to a post is loaded again, as by the language switch."""
    page_of = "triage.show" if actor().may("triage:decide") else "intakes.show"
    return redirect(url_for(page_of, encounter_id=encounter_id, lang=request.args.get("lang")))


def _save(encounter_id: str) -> Outcome:
    try:
        return save(actor(), encounter_id, request.form)
    except Conflict as error:  # the visit ended meanwhile: say so on the page that is still open
        if not htmx:
            raise
        return Outcome(news=message(error), over=True)


@blueprint.post("/encounters/<encounter_id>/intake")
@requires("intakes:record")
def submit(encounter_id: str) -> AnyResponse:
    """Save what is still unsaved, send the patient to the queue and go on to the slip."""
    outcome = save(actor(), encounter_id, request.form)
    if outcome.status != 200:
        return _again(encounters.get(actor(), encounter_id), outcome)
    intakes.submit(actor(), encounter_id)
    encounter = encounters.get(actor(), encounter_id)
    target = "emergencies.show" if encounter.stage == lifecycle.EMERGENCY else "encounters.slip"
    return redirect(url_for(target, encounter_id=encounter_id), 303)


def _again(encounter: Encounter, outcome: Outcome) -> Response:
    """Show the form again with what was typed and why it was not saved; the rest of it is saved."""
    values = form_context(encounter, outcome)
    if request.form.get("place") not in ("sheet", "review"):
        return page("intakes/show.html", status=outcome.status, **values)
    names = sorted({*outcome.errors, *outcome.refused, *outcome.conflicts} & values["entry"].known_names)
    return page("findings/correct.html", status=outcome.status, names=names, **values)


def _result(encounter: Encounter, outcome: Outcome) -> Response:
    """Answer a saved change out of band: messages, counters, the emergency, and what others answered meanwhile."""
    values, place = form_context(encounter, outcome), request.values.get("place", "intake")
    entry, details = values["entry"], values["details"]
    changed = entry.changed_since(outcome.revision, actor().staff_id) if outcome.revision is not None else []
    redraw = {*outcome.refused, *outcome.conflicts, *changed, *_pressed(outcome)}
    shown = [name for name in {*redraw, *outcome.typed} if name in details or _is_on(entry, name, place)]
    response = page(
        "findings/_result.html", status=outcome.status, **values, saved_at=_clock(outcome), place=place,
        kept=[details.get(name) or entry.field(name) for name in shown if name not in redraw],
        redrawn=[details.get(name) or entry.field(name) for name in sorted(redraw.intersection(shown))],
    )  # fmt: skip
    if outcome.saved or changed:
        response.headers["HX-Trigger"] = "findings-saved"
    return response


def _is_on(entry: Entry, name: str, place: str) -> bool:
    return name in entry.known_names and entry.is_on(name, place)


def _pressed(outcome: Outcome) -> set[str]:
    """Return what a button answered ("keep mine", "rest 5"): its field does not hold that answer yet."""
    return outcome.saved | outcome.typed.keys() if request.headers.get("HX-Trigger-Name") else set()


def _since(encounter: Encounter) -> AnyResponse:
    """Answer a background refresh: 204, what the desk wrote since, or the fields that others have answered since."""
    revision, desk = request.args.get("revision", ""), request.args.get("desk")
    if revision == str(encounter.findings_revision):
        if desk in (None, str(encounter.version)):
            return Response(status=204)
        return page("triage/_intake.html", oob=True, **form_context(encounter))
    outcome = Outcome(revision=int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0)
    return _result(encounter, outcome)


def _clock(outcome: Outcome) -> str:
    return clock.now().astimezone(zone()).strftime("%H:%M:%S") if outcome.saved else ""
