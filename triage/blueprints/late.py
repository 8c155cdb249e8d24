"""The pad of paper slips, one after another: who came when, what was asked, how it went on."""

import secrets
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from triage.blueprints.paper_time import at_paper_time, late_form
from triage.blueprints.saving import Outcome, form_context, save
from triage.domain import lifecycle
from triage.domain.errors import Conflict, Invalid, Untimely
from triage.domain.gate import EMERGENCY_LEVEL
from triage.domain.late import next_ticket
from triage.domain.names import normalise
from triage.forms import findings
from triage.forms.departures import LeaveForm
from triage.forms.patients import REQUEST_ID
from triage.models import Encounter
from triage.services import advice, encounters, intakes, late, lookup, patients
from triage.web import actor, done, locale, message, page, requires

blueprint = Blueprint("late", __name__)


@blueprint.get("/late")
@requires("encounters:check_in")
def index() -> Response:
    """Show one slip to fill in, the patients who fit the words, and what was entered from paper lately."""
    return _slip()


def _slip(status: int = 200, **values: Any) -> Response:
    words = normalise(request.values.get("q", ""))[:100]
    chosen = request.values.get("patient", "")
    people = [patients.get(actor(), chosen)] if chosen else lookup.search(actor(), words).patients if words else []
    here = lookup.here(actor(), [person.id for person in people])
    return page(
        "late/index.html", status=status, late=late_form(), words=words, people=people, here=here, chosen=chosen,
        key=secrets.token_urlsafe(12), entered=late.list_entered(actor()), **values,
    )  # fmt: skip


@blueprint.post("/late")
@requires("encounters:check_in")
def arrive() -> AnyResponse:
    """Enter the arrival of a known patient with the time and the number of the slip; or look for the patient first."""
    if request.form.get("go") == "search":
        return _slip()
    if request.form.get("go") == "new":
        return done(url_for("patients.new", **_carried()))
    who, key = request.form.get("patient_id", ""), request.form.get("request_id", "")
    ticket, key = late_form().paper_ticket.data or "", key if REQUEST_ID.fullmatch(key) else ""
    try:
        opened = at_paper_time(lambda: encounters.check_in(actor(), who, key, ticket), needed=True)
    except (Untimely, Invalid):
        return _slip(422)
    except Conflict as here:
        return _slip(409, error=message(here), already=here.params["encounter"])
    return done(url_for("late.show", encounter_id=opened, late_day=late_form().late_day.data or None))


def _carried() -> dict[str, Any]:
    """Return what was typed of the slip, for the form of a new patient."""
    names = ("q", "paper_ticket", "late_time", "late_day")
    return {name: value for name in names if (value := request.form.get(name, "")[:100])}


@blueprint.get("/late/<encounter_id>")
@requires("patients:open")
def show(encounter_id: str) -> Response:
    """Show the sheet of one visit to enter from paper: the answers, and how it went on."""
    return _sheet(encounters.open_(actor(), encounter_id, "paper sheet"))


def _sheet(encounter: Encounter, outcome: Outcome | None = None, status: int = 200) -> Response:
    return page(
        "late/show.html", status=status, late=late_form(), form=None, leave_form=LeaveForm(locale(), formdata=None),
        steps=encounters.timeline(encounter), following=next_ticket(encounter.ticket),
        day=request.values.get("late_day") or None, **form_context(encounter, outcome),
    )  # fmt: skip


@blueprint.post("/late/<encounter_id>/answers")
@requires("intakes:record")
def answers(encounter_id: str) -> AnyResponse:
    """Save the answers with the time at which they were taken, and send the patient to the queue."""
    try:
        outcome = at_paper_time(lambda: _save(encounter_id), needed=True, always=_alarming(encounter_id))
    except Untimely:
        return _sheet(encounters.get(actor(), encounter_id), Outcome(typed=_typed(), keep=True), 422)
    encounter = encounters.get(actor(), encounter_id)
    if outcome.status != 200:
        outcome.keep = True
        return _sheet(encounter, outcome, outcome.status)
    if encounter.stage == lifecycle.EMERGENCY:
        return done(url_for("emergencies.show", encounter_id=encounter_id))
    day = late_form().late_day.data or None
    if request.form.get("go") == "next":
        return done(url_for("late.index", paper_ticket=next_ticket(encounter.ticket), late_day=day))
    return done(url_for("late.show", encounter_id=encounter_id, late_day=day))


def _alarming(encounter_id: str) -> bool:
    """Tell whether the posted answers make an emergency of it: no wrong time holds that up."""
    encounter, said = encounters.get(actor(), encounter_id), findings.parse(request.form).answers
    answers = intakes.answers_of(encounter) | {name: answer for name, answer in said.items() if answer is not None}
    return advice.suggest(encounter.site_id, answers).level <= EMERGENCY_LEVEL


def _save(encounter_id: str) -> Outcome:
    outcome = save(actor(), encounter_id, request.form)
    if outcome.status == 200 and encounters.get(actor(), encounter_id).stage == lifecycle.REGISTERED:
        intakes.submit(actor(), encounter_id)
    return outcome


def _typed() -> dict[str, str]:
    """Return every answer as it was posted, so that a time that cannot be loses none of them."""
    names = (key for key in request.form if key[:2] in ("a.", "d."))
    return {key[2:]: request.form.getlist(key)[-1] for key in names}
