"""An arrival: checking in, the slip, leaving, and the way to the right page."""

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.domain.errors import Conflict
from triage.forms.patients import REQUEST_ID
from triage.models import Encounter
from triage.services import departures, encounters, organisations, return_lists, timetable
from triage.web import actor, done, in_language, message, page, requires, zone

blueprint = Blueprint("encounters", __name__)


@blueprint.post("/patients/<patient_id>/encounters")
@requires("encounters:check_in")
def check_in(patient_id: str) -> AnyResponse:
    """Open an encounter with the next ticket; the same press twice opens one."""
    key = request.form.get("request_id", "")
    try:
        opened = encounters.check_in(actor(), patient_id, key if REQUEST_ID.fullmatch(key) else "")
    except Conflict as here:
        return _already_here(here)
    return done(url_for("intakes.show", encounter_id=opened))


def _already_here(here: Conflict) -> Response:
    label = gettext("Open %(ticket)s", ticket=here.params["ticket"])
    actions = [{"url": url_for("encounters.show", encounter_id=here.params["encounter"]), "label": label}]
    title = gettext("Already here")
    return page("errors/error.html", status=409, code=409, title=title, message=message(here), actions=actions)


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
    steps = encounters.timeline(encounter)
    departure = departures.latest_of(actor(), encounter) if encounter.finished_at else None
    back = return_lists.of_visit(actor(), encounter)
    return page("encounters/summary.html", encounter=encounter, steps=steps, departure=departure, returned=back)


@blueprint.get("/encounters/<encounter_id>/slip")
@requires("patients:open")
def slip(encounter_id: str) -> Response:
    """Show the slip for the printer: ticket and way, no complaint, no acuity, no birth date."""
    encounter = encounters.print_(actor(), encounter_id, "slip")
    sheet, line = slip_of(encounter, organisations.site_of(actor()))
    return page("encounters/slip.html", encounter=encounter, sheet=sheet, line=line)


def slip_of(encounter: Encounter, site: Any) -> tuple[str, str]:
    """Return the slip in the patient's language, and a line in English below a Japanese one."""
    values: dict[str, Any] = {"encounter": encounter, "site": site, "when": encounter.arrived_at.astimezone(zone())}
    values |= timetable.told_to_patients(site.id)
    language = encounter.patient.language
    line = in_language("en", "encounters/_slip_line.html", values) if language == "ja" else ""
    return in_language(language, "encounters/_slip.html", values), line
