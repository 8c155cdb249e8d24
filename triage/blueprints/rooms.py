"""The rooms of the site: what an administrator adds, renames and retires."""

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from triage.domain.errors import Refused
from triage.forms.rooms import RoomForm
from triage.services import rooms
from triage.web import actor, done, locale, message, page, requires

blueprint = Blueprint("rooms", __name__)


@blueprint.get("/rooms")
@requires("rooms:manage")
def index() -> Response:
    """List the rooms, those that are no longer offered at the end."""
    return _page(RoomForm(locale(), formdata=None))


def _page(form: RoomForm, status: int = 200, room_id: str = "") -> Response:
    return page(
        "rooms/index.html", status=status, rooms=rooms.list_rooms(actor(), retired=True), form=form, room_id=room_id
    )


@blueprint.post("/rooms")
@requires("rooms:manage")
def add() -> Response:
    """Add a room."""
    form = RoomForm(locale())
    try:
        if not form.validate():
            return _page(form, 422)
        rooms.add(actor(), form.name.data or "", form.name_ja.data or "", form.machine)
    except Refused as error:
        form.name.errors = [message(error)]
        return _page(form, 422)
    return done(url_for("rooms.index"))


@blueprint.post("/rooms/<room_id>/name")
@requires("rooms:manage")
def rename(room_id: str) -> Response:
    """Give a room other names."""
    form = RoomForm(locale())
    try:
        if not form.validate():
            return _page(form, 422, room_id)
        rooms.rename(actor(), room_id, form.name.data or "", form.name_ja.data or "")
    except Refused as error:
        form.name.errors = [message(error)]
        return _page(form, 422, room_id)
    return done(url_for("rooms.index"))


@blueprint.post("/rooms/<room_id>/retirement")
@requires("rooms:manage")
def retire(room_id: str) -> Response:
    """Offer the room no longer, or again."""
    rooms.retire(actor(), room_id, back=request.form.get("back") == "1")
    return done(url_for("rooms.index"))
