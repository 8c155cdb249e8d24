"""The desk's intake, and the one place where answers of intake and sheet are saved."""

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from triage import clock
from triage.blueprints.saving import Outcome, form_context, save
from triage.domain import lifecycle
from triage.models import Encounter
from triage.services import encounters, intakes
from triage.web import actor, htmx, page, requires, zone

blueprint = Blueprint("intakes", __name__)

#: Where a plain post leads back to.
BACK = {"intake": "intakes.show", "sheet": "triage.show"}


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
    outcome = save(actor(), encounter_id, request.form)
    encounter = encounters.get(actor(), encounter_id)
    if htmx:
        return _result(encounter, outcome)
    if outcome.status != 200:
        return _again(encounter, outcome)
    if request.form.get("go") == "park":
        return redirect(url_for("patients.index"), 303)
    back = BACK.get(request.form.get("place", ""), "intakes.show")
    return redirect(url_for(back, encounter_id=encounter_id), 303)


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
    if request.form.get("place") != "sheet":
        return page("intakes/show.html", status=outcome.status, **values)
    names = sorted({*outcome.errors, *outcome.refused, *outcome.conflicts} & values["entry"].known_names)
    return page("findings/correct.html", status=outcome.status, names=names, **values)


def _result(encounter: Encounter, outcome: Outcome) -> Response:
    """Answer a saved change out of band: messages, counters, the emergency, and what others answered meanwhile."""
    values = form_context(encounter, outcome)
    entry, details = values["entry"], values["details"]
    changed = entry.changed_since(outcome.revision, actor().staff_id) if outcome.revision is not None else []
    redraw = {*outcome.refused, *outcome.conflicts, *changed, *_filled(outcome)}
    plain = [name for name in outcome.typed if name not in redraw]
    response = page(
        "findings/_result.html", status=outcome.status, **values, saved_at=_clock(outcome),
        kept=[details.get(name) or entry.field(name) for name in plain if name in details or name in entry.known_names],
        redrawn=[details.get(name) or entry.field(name) for name in sorted(redraw)],
    )  # fmt: skip
    if outcome.saved:
        response.headers["HX-Trigger"] = "findings-saved"
    return response


def _filled(outcome: Outcome) -> set[str]:
    return {name for name in outcome.saved if name not in outcome.typed} if "fill" in request.form else set()


def _since(encounter: Encounter) -> AnyResponse:
    """Answer a background refresh: 204, or the fields that others have answered since."""
    revision = request.args.get("revision", "")
    if revision == str(encounter.findings_revision):
        return Response(status=204)
    outcome = Outcome(revision=int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0)
    response = _result(encounter, outcome)
    response.headers["HX-Trigger"] = "findings-saved"
    return response


def _clock(outcome: Outcome) -> str:
    return clock.now().astimezone(zone()).strftime("%H:%M:%S") if outcome.saved else ""
