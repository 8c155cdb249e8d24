"""Calling patients: into a room, whether they came, once more; and the list of those to be called again."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage.blueprints.paper_time import at_paper_time
from triage.blueprints.refresh import refreshed
from triage.domain.errors import Untimely
from triage.models import Encounter
from triage.services import calls, duty, encounters, live, rooms
from triage.web import actor, done, inside, locale, page, requires, toast

blueprint = Blueprint("calls", __name__)
PATH = "/encounters/<encounter_id>/calls"


@blueprint.app_template_global()
def may_call(encounter: Encounter) -> bool:
    """Tell whether the reader calls this patient now: nobody is shown a button that would be refused."""
    return actor().may("calls:make") and calls.may_call(actor(), encounter)


@blueprint.get("/calls")
@requires("board:view")
def index() -> Response:
    """Show who is called now, and who did not answer and has to be called again."""
    return page("calls/index.html", **_lists())


@blueprint.get("/calls/rows")
@requires("board:view")
def rows() -> Response:
    """Answer a refresh: nothing while nothing changed, else both lists."""
    return refreshed("calls/_rows.html", _lists)


def _lists() -> dict[str, Any]:
    who = actor()
    return {
        "called": calls.list_called(who), "missing": calls.list_missing(who), "rev": live.page_revision(who),
    }  # fmt: skip


@blueprint.get(PATH)
@requires("calls:make")
def show(encounter_id: str) -> Response:
    """Show one patient's calls, and the rooms to call into."""
    return _show(encounters.open_(actor(), encounter_id, "calls"))


def _show(encounter: Encounter, status: int = 200) -> Response:
    return page(
        "calls/show.html", status=status, encounter=encounter, patient=encounter.patient,
        calls=calls.list_of(encounter), rooms=rooms.list_rooms(actor()), own_room=duty.room_of(actor()),
    )  # fmt: skip


@blueprint.post(PATH)
@requires("calls:make")
def call(encounter_id: str) -> Response:
    """Call the patient into the chosen room."""
    try:
        at_paper_time(lambda: calls.call(actor(), encounter_id, request.form.get("room_id", "")))
    except Untimely:
        return _show(encounters.get(actor(), encounter_id), 422)
    encounter = encounters.get(actor(), encounter_id)
    room = rooms.name_of(encounter.room_id, locale())
    toast(f"{encounter.ticket} → {room}", _undo_url(encounter_id))
    return _back(encounter_id)


@blueprint.post(f"{PATH}/answer")
@requires("calls:make")
def answered(encounter_id: str) -> Response:
    """Note that the patient has come."""
    return _noted(calls.answered, encounter_id, gettext("Has come"), _undo_url(encounter_id))


@blueprint.post(f"{PATH}/no-answer")
@requires("calls:make")
def no_answer(encounter_id: str) -> Response:
    """Note that nobody came; the patient is to be called again."""
    return _noted(calls.no_answer, encounter_id, gettext("No answer"), _undo_url(encounter_id))


@blueprint.post(f"{PATH}/undo")
@requires("calls:make")
def undo(encounter_id: str) -> Response:
    """Take the last thing noted of a call back."""
    return _noted(calls.undo, encounter_id, gettext("taken back"))


@blueprint.post("/encounters/<encounter_id>/room")
@requires("calls:make")
def place(encounter_id: str) -> Response:
    """Note in which room the patient is, without a call."""
    calls.place(actor(), encounter_id, request.form.get("room_id", ""))
    return _back(encounter_id)


def _noted(verb: Callable[[Any, str], None], encounter_id: str, said: str, undo_url: str | None = None) -> Response:
    try:
        at_paper_time(lambda: verb(actor(), encounter_id))
    except Untimely:
        return _show(encounters.get(actor(), encounter_id), 422)
    toast(f"{encounters.get(actor(), encounter_id).ticket}: {said}", undo_url)
    return _back(encounter_id)


def _undo_url(encounter_id: str) -> str:
    """Return where the last thing noted is taken back; from there one comes back to the page that it was noted on."""
    return url_for("calls.undo", encounter_id=encounter_id, next=inside(request.form.get("next")))


def _back(encounter_id: str) -> Response:
    return done(inside(request.values.get("next")) or url_for("calls.show", encounter_id=encounter_id))
