"""An arrival: checking in, the slip, leaving, and the way to the right page."""

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.models import Encounter
from triage.services import encounters, organisations
from triage.web import actor, done, in_language, page, requires, zone

blueprint = Blueprint("encounters", __name__)


@blueprint.post("/patients/<patient_id>/encounters")
@requires("encounters:check_in")
def check_in(patient_id: str) -> AnyResponse:
    """Open an encounter with the next ticket; the same press twice opens one."""
    encounter = encounters.check_in(actor(), patient_id, request.form.get("request_id", "")[:64])
    return done(url_for("intakes.show", encounter_id=encounter))


@blueprint.get("/encounters/<encounter_id>")
@requires("patients:open")
def show(encounter_id: str) -> AnyResponse:
    """Lead to the page on which this actor works on this encounter."""
    encounter = encounters.get(actor(), encounter_id)
    return redirect(url_for(_place(actor(), encounter), encounter_id=encounter.id), 303)


def _place(who: Actor, encounter: Encounter) -> str:
    if encounter.stage == lifecycle.EMERGENCY:
        return "emergencies.show"
    if encounter.stage == lifecycle.REGISTERED and who.may("intakes:record"):
        return "intakes.show"
    if encounter.stage in (lifecycle.REVIEW, lifecycle.CONFIRMATION) and who.may("consults:view"):
        return "consults.show"
    return "triage.show" if who.may("findings:record") else "encounters.summary"


@blueprint.get("/encounters/<encounter_id>/summary")
@requires("patients:open")
def summary(encounter_id: str) -> Response:
    """Show where the visit stands, to who does not examine."""
    encounter = encounters.open_(actor(), encounter_id, "summary")
    return page("encounters/summary.html", encounter=encounter, steps=encounters.timeline(encounter))


@blueprint.get("/encounters/<encounter_id>/slip")
@requires("patients:open")
def slip(encounter_id: str) -> Response:
    """Show the slip for the printer: ticket and way, no complaint, no acuity, no birth date."""
    encounter = encounters.print_(actor(), encounter_id, "slip")
    when = encounter.arrived_at.astimezone(zone())
    values = {"encounter": encounter, "site": organisations.site_of(actor()), "when": when}
    sheet = in_language(encounter.patient.language, "encounters/_slip.html", values)
    return page("encounters/slip.html", encounter=encounter, sheet=sheet)


@blueprint.post("/encounters/<encounter_id>/departure")
@requires("encounters:leave")
def leave(encounter_id: str) -> AnyResponse:
    """End the visit of a patient who left without being seen."""
    version = request.form.get("version", type=int) or 0
    encounters.leave_unseen(actor(), encounter_id, version, request.form.get("reason", "")[:500])
    return done(url_for("board.index"))
