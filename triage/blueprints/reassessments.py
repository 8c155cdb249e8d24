"""Looking again at who waits: the same, or worse; and taking who is worse back to triage."""

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage.domain.reassessment import WORSE
from triage.services import encounters, reassessments
from triage.web import actor, done, inside, requires

blueprint = Blueprint("reassessments", __name__)


@blueprint.post("/encounters/<encounter_id>/reassessments")
@requires("findings:record")
def add(encounter_id: str) -> Response:
    """Append what was found; "worse" leads to the sheet, whatever page it was pressed on."""
    result, words = request.form.get("result", ""), request.form.get("note", "")[:500].replace("\x00", "")
    reassessments.note_result(actor(), encounter_id, result, words)
    if result == WORSE:
        return done(url_for("triage.show", encounter_id=encounter_id))
    ticket = encounters.get(actor(), encounter_id).ticket
    flash(gettext("%(ticket)s: looked at again, the same.", ticket=ticket))
    return done(inside(request.form.get("next")) or url_for("triage.tasks"))


@blueprint.post("/encounters/<encounter_id>/retriage")
@requires("triage:decide")
def again(encounter_id: str) -> Response:
    """Take a patient who is worse back to triage."""
    reassessments.triage_again(actor(), encounter_id)
    return done(url_for("triage.show", encounter_id=encounter_id))
