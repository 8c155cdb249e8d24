"""How a list that refreshes by itself is answered: the same for every list."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from triage.services import live
from triage.web import actor


def refreshed(part: str, values: Callable[[], Mapping[str, Any]]) -> Response:
    """Answer a refresh of a list: nothing while it would look the same to the page that asks, else its part."""
    seen = request.args.get("told" if request.args.get("hold") == "1" else "rev")
    if live.page_revision(actor()) in (seen, request.args.get("rev")):
        return make_response("", 204)
    return make_response(render_template(part, **values()))
