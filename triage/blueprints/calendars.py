"""A surgeon's appointments in the calendar program of their choice: the page of the address, and the feed."""

from flask import Blueprint, make_response, url_for
from werkzeug.wrappers import Response

from triage import knowledge
from triage.adapters import ical
from triage.domain.access import PUBLIC
from triage.domain.appointments import ABSENT, CANCELLED
from triage.models import Appointment
from triage.services import calendars
from triage.web import actor, done, locale, page, requires

blueprint = Blueprint("calendars", __name__)


@blueprint.get("/appointments/calendar")
@requires("calendar:own")
def index() -> Response:
    """Show whether there is an address, and when it was last fetched."""
    return page("calendars/index.html", feed=calendars.find(actor()), address="")


@blueprint.post("/appointments/calendar")
@requires("calendar:own")
def give() -> Response:
    """Make a new address and show it, this once."""
    address = url_for("calendars.feed", token=calendars.give(actor()), lang=locale(), _external=True)
    return page("calendars/index.html", feed=calendars.find(actor()), address=address)


@blueprint.post("/appointments/calendar/revocation")
@requires("calendar:own")
def revoke() -> Response:
    """Let the address show nothing any more."""
    calendars.revoke(actor())
    return done(url_for("calendars.index"))


@blueprint.get("/calendars/<token>.ics")
@requires(PUBLIC)
def feed(token: str) -> Response:
    """Answer a calendar program that knows the address: times and kinds, no patient."""
    shown = calendars.read(token)
    name = shown.site.name_ja or shown.site.name if locale() == "ja" else shown.site.name
    entries = [_entry(row, name) for row in shown.appointments]
    answer = make_response(ical.write(f"{shown.staff.name} – {name}", entries))
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8"
    return answer


def _entry(row: Appointment, place: str) -> ical.Entry:
    kind = knowledge.load().flow.hours.kinds.get(row.kind)
    return ical.Entry(
        row.id, row.starts_at, row.minutes, kind.label(locale()) if kind else row.kind,
        url_for("appointments.show", appointment_id=row.id, _external=True), place, row.version,
        row.updated_at or row.starts_at, row.status in (CANCELLED, ABSENT),
    )  # fmt: skip
