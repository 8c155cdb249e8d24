"""Same-day appointments and procedures: who waits for an answer today, the urgent first, and who has a time."""

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from triage import knowledge
from triage.domain.errors import Conflict, Refused
from triage.services import appointment_days, same_day
from triage.services.organisations import today
from triage.web import actor, done, locale, message, page, requires

blueprint = Blueprint("same_day", __name__)


@blueprint.get("/appointments/today")
@requires("appointments:view")
def index() -> Response:
    """Show who asked for today, in the order in which they are answered, and who has a time."""
    return _page()


def _page(status: int = 200, error: str = "") -> Response:
    day = today(actor().site_id)
    return page(
        "same_day/index.html", status=status, error=error, rows=same_day.list_waiting(actor()), today=day,
        booked=same_day.list_booked(actor()), kinds=knowledge.load().flow.hours.kinds,
        free=appointment_days.first_free(actor(), day, locale()),
    )  # fmt: skip


@blueprint.post("/appointments/requests/<request_id>/queue")
@requires("appointments:book")
def send_to_queue(request_id: str) -> Response:
    """Send the patient who is here to the queue, without a time."""
    version, patient = request.form.get("version", 0, int), request.form.get("patient", "")
    is_emergency = request.form.get("emergency") == "1"
    try:
        opened = same_day.send_to_queue(actor(), request_id, version, patient, is_emergency)
    except (Conflict, Refused) as error:
        return _page(409 if isinstance(error, Conflict) else 422, message(error))
    endpoint = "emergencies.show" if is_emergency else "encounters.show"
    return done(url_for(endpoint, encounter_id=opened))
