"""Devices: the administrator's list, and the page on which a browser becomes one of them."""

from typing import Any

from flask import Blueprint, Response, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from triage import device_door
from triage.blueprints.accounts import lock_out
from triage.domain.access import PUBLIC
from triage.domain.errors import DomainError, Stale
from triage.forms.devices import CodeForm, DeviceForm, RenameForm
from triage.services import devices, rooms
from triage.web import actor, done, locale, message, page, requires

blueprint = Blueprint("devices", __name__)

#: Under this name the code waits in the administrator's own session until the list has shown it once.
SHOWN_ONCE = "device_code"


@blueprint.get("/devices")
@requires("devices:manage")
def index() -> Response:
    """List the site's devices; a code that was just given is shown this once."""
    return _list(_form(), shown=session.pop(SHOWN_ONCE, None))


@blueprint.post("/devices")
@requires("devices:manage")
def add() -> AnyResponse:
    """Add a device; its code is shown on the list."""
    form = _form()
    if not form.validate():
        return _list(form, 422)
    try:
        device_id, code = devices.add(actor(), form.kind.data, form.name.data or "", form.room.data or None)
    except DomainError as error:
        return _list(form, 422, error=message(error))
    return _show_once(device_id, code)


@blueprint.post("/devices/<device_id>/code")
@requires("devices:manage")
def give_code(device_id: str) -> AnyResponse:
    """Give the device a new code; the browser that was the device until now is shut out."""
    return _show_once(device_id, devices.give_code(actor(), device_id))


@blueprint.post("/devices/<device_id>/name")
@requires("devices:manage")
def rename(device_id: str) -> AnyResponse:
    """Give the device another name."""
    form = RenameForm()
    if not form.validate():
        return _list(_form(empty=True), 422, renaming=(device_id, form))
    try:
        devices.rename(actor(), device_id, form.version.data or 0, form.name.data or "")
    except Stale as faster:
        return _list(_form(empty=True), 409, renaming=(device_id, form), error=message(faster))
    return done(url_for("devices.index"))


@blueprint.post("/devices/<device_id>/revoke")
@requires("devices:manage")
def revoke(device_id: str) -> AnyResponse:
    """Shut the device out at once."""
    devices.revoke(actor(), device_id)
    return done(url_for("devices.index"))


@blueprint.route("/device", methods=["GET", "POST"])
@requires(PUBLIC)
def set_up() -> AnyResponse:
    """Turn this browser into a device by the code that the administrator was shown."""
    form = CodeForm()
    if not form.validate_on_submit():
        return _ask_code(form, 422 if form.is_submitted() else 200)
    try:
        token, held = devices.enrol(form.code.data or "", request.remote_addr or "", lock_out())
    except DomainError as error:
        return _ask_code(form, 422, error=message(error))
    answer = done(url_for("wall.show" if held.kind == "wall" else "accounts.sign_in"))
    device_door.remember(answer, token, held)
    return answer


def _ask_code(form: CodeForm, status: int, **values: Any) -> Response:
    return page("devices/set_up.html", status=status, form=form, held=device_door.current(), **values)


def _form(empty: bool = False) -> DeviceForm:
    ja = locale() == "ja"
    choices = [(room.id, (ja and room.name_ja) or room.name) for room in rooms.list_rooms(actor())]
    return (DeviceForm(formdata=None) if empty else DeviceForm()).offer(choices)


def _list(form: DeviceForm, status: int = 200, **values: Any) -> Response:
    found = devices.list_devices(actor())
    address = url_for("devices.set_up", _external=True)
    return page("devices/index.html", status=status, form=form, devices=found, address=address, **values)


def _show_once(device_id: str, code: str) -> AnyResponse:
    session[SHOWN_ONCE] = {"device": device_id, "code": code, "minutes": int(devices.CODE_LASTS.total_seconds() // 60)}
    return done(url_for("devices.index"))
