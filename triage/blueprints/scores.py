"""The scores as they are computed, open to inspection: items, points, cut-offs, sources, licences."""

from flask import Blueprint
from werkzeug.wrappers import Response

from triage import knowledge
from triage.web import page, requires

blueprint = Blueprint("scores", __name__)


@blueprint.get("/scores")
@requires("rules:view")
def index() -> Response:
    """Show every score with its items, points and bands."""
    return page("scores/index.html", known=knowledge.load())
