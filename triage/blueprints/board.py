"""The queue board, its live rows, claims, and the alert strip of every page."""

from datetime import timedelta

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from triage import clock
from triage.domain import lifecycle
from triage.domain.errors import Conflict
from triage.services import alerts, board, encounters
from triage.web import actor, done, htmx, inside, message, page, requires

blueprint = Blueprint("board", __name__)

LEVELS = ("1", "2", "3", "4", "5", "0")


@blueprint.get("/board")
@requires("board:view")
def index() -> Response:
    """Show every open encounter of the site, most urgent first; the filters stand in the URL."""
    state = board.look(actor(), _filters())
    return page("board/index.html", board=state, filters=_filters(), rev=_rev(state), kept=_kept())


@blueprint.get("/board/rows")
@requires("board:view")
def rows() -> AnyResponse:
    """Answer a refresh: nothing (204), the rows that changed, or the list anew when nobody's hand is in it."""
    seen, _, minute = request.args.get("rev", "").partition(".")
    state = board.look(actor(), _filters(), _whole(seen))
    if request.args.get("rev") == _rev(state):
        return make_response("", 204)
    known = [row.removeprefix("e-") for row in request.args.get("known", "").split(",") if row]
    values = {"board": state, "filters": _filters(), "rev": _rev(state), "onscreen": known, "kept": _kept()}
    if request.args.get("hold") == "1" or known == state.ids:
        here = {line.encounter.id: line for line in state.lines}
        ticked = minute != _rev(state).partition(".")[2]
        return make_response(render_template("board/_held.html", here=here, ticked=ticked, **values))
    return make_response(render_template("board/_anew.html", **values))


def _rev(state: board.Board) -> str:
    """Return what the page shows now: the last change, and the minute for the waits."""
    return f"{state.revision}.{int(clock.now().timestamp() // 60) % 100000}"


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _filters() -> board.Filters:
    level, stage = request.args.get("level", ""), request.args.get("stage", "")
    return board.Filters(
        level=level if level in LEVELS else "",
        stage=stage if stage in lifecycle.OPEN else "",
        mine=request.args.get("mine") == "1",
        over=request.args.get("over") == "1",
    )


def _kept() -> dict[str, str]:
    return {name: request.args[name] for name in ("level", "stage", "mine", "over") if request.args.get(name)}


@blueprint.get("/alerts", endpoint="alerts")
@requires("board:view")
def strip() -> AnyResponse:
    """Answer the strip of every page: open emergencies and overdue tasks; 204 while it would look the same."""
    found = alerts.look(actor())
    if request.args.get("rev") == found.rev:
        return make_response("", 204)
    return page("board/_alerts.html", alerts=found)


@blueprint.post("/encounters/<encounter_id>/claim")
@requires("encounters:claim")
def claim(encounter_id: str) -> AnyResponse:
    """Take the patient; who comes second is shown the row as it stands now."""
    lapses = timedelta(minutes=current_app.config["CLAIM_MINUTES"])
    try:
        board.claim(actor(), encounter_id, lapses)
    except Conflict as faster:
        if not htmx:
            raise
        return _row(encounter_id, 409, message(faster))
    return _row(encounter_id) if htmx else done(_back())


@blueprint.post("/encounters/<encounter_id>/claim/release")
@requires("encounters:claim")
def release(encounter_id: str) -> AnyResponse:
    """Give the patient back to the queue."""
    board.release(actor(), encounter_id)
    return _row(encounter_id) if htmx else done(_back())


@blueprint.post("/encounters/<encounter_id>/claim/takeover")
@requires("claims:take_over")
def take_over(encounter_id: str) -> AnyResponse:
    """Take the patient from whoever has it."""
    board.take_over(actor(), encounter_id)
    return _row(encounter_id) if htmx else done(_back())


def _row(encounter_id: str, status: int = 200, told: str = "") -> Response:
    line = board.line_of(encounters.get(actor(), encounter_id))
    return make_response(render_template("board/_one.html", line=line, told=told), status)


def _back() -> str:
    return inside(request.form.get("next")) or url_for("board.index")
