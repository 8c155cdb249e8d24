"""Saved views of the board: kept under a name, renamed, removed."""

from urllib.parse import urlencode

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage.domain.errors import Refused
from triage.forms.views import ViewForm
from triage.services import board, views
from triage.web import actor, done, message, page, requires, toast

blueprint = Blueprint("views", __name__)


@blueprint.get("/board/views")
@requires("board:view")
def index() -> Response:
    """Show the person's own views, and a name to give to the filter in the address."""
    return _page(ViewForm(formdata=None))


def _page(form: ViewForm, status: int = 200, view_id: str = "") -> Response:
    filters = board.Filters.read(request.values)
    return page(
        "views/index.html", status=status, views=views.list_views(actor()), filters=filters, form=form, view_id=view_id
    )


@blueprint.post("/board/views")
@requires("board:view")
def save() -> Response:
    """Keep the filter that stands in the form under a name."""
    form, query = ViewForm(), board.Filters.read(request.values).query()
    try:
        if not form.validate():
            return _page(form, 422)
        views.save(actor(), form.name.data or "", urlencode(query))
    except Refused as error:
        form.name.errors = [message(error)]
        return _page(form, 422)
    return done(f"{url_for('board.index')}?{urlencode(query)}")


@blueprint.post("/board/views/<view_id>/name")
@requires("board:view")
def rename(view_id: str) -> Response:
    """Give an own view another name."""
    form = ViewForm()
    try:
        if not form.validate():
            return _page(form, 422, view_id)
        views.rename(actor(), view_id, form.name.data or "")
    except Refused as error:
        form.name.errors = [message(error)]
        return _page(form, 422, view_id)
    toast(gettext("Renamed: %(name)s", name=form.name.data), None)
    return done(url_for("views.index"))


@blueprint.post("/board/views/<view_id>/removal")
@requires("board:view")
def remove(view_id: str) -> Response:
    """Remove an own view; the way to have it again is its name and its filter."""
    name, query = views.remove(actor(), view_id)
    toast(gettext("Removed: %(name)s", name=name), f"{url_for('views.restore')}?{urlencode({'name': name})}&{query}")
    return done(url_for("views.index"))


@blueprint.post("/board/views/restoration")
@requires("board:view")
def restore() -> Response:
    """Keep again the view that was removed, as it stands in the address."""
    form = ViewForm(request.args)
    if not form.validate():
        return _page(form, 422)
    views.save(actor(), form.name.data or "", urlencode(board.Filters.read(request.args).query()))
    return done(url_for("views.index"))
