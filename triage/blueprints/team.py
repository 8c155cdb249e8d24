"""Who is on duty, in which room, with which load; going on duty and off."""

from datetime import timedelta

from flask import Blueprint, current_app, request, url_for
from werkzeug.wrappers import Response

from triage.domain.errors import Refused
from triage.services import duty, rooms, team
from triage.web import actor, done, inside, message, page, requires

blueprint = Blueprint("team", __name__)


@blueprint.get("/team")
@requires("board:view")
def index() -> Response:
    """Show who is on duty where, and the load each carries."""
    return _page()


def _page(status: int = 200, error: str = "") -> Response:
    away = timedelta(minutes=current_app.config["SESSION_IDLE_MINUTES"])
    mine = duty.find_open(actor().staff_id)
    return page(
        "team/index.html", status=status, members=team.on_duty(actor(), away), rooms=rooms.list_rooms(actor()),
        mine=mine, error=error,
    )  # fmt: skip


@blueprint.post("/team/duty")
@requires("team:sign_on")
def sign_on() -> Response:
    """Go on duty in the chosen room, or without one."""
    try:
        team.sign_on(actor(), request.form.get("room_id", ""))
    except Refused as error:
        return _page(422, message(error))
    return done(inside(request.form.get("next")) or url_for("team.index"))


@blueprint.post("/team/duty/end")
@requires("team:sign_on")
def sign_off() -> Response:
    """Go off duty; the lead signs others off."""
    team.sign_off(actor(), request.form.get("staff_id", ""))
    return done(url_for("team.index"))
