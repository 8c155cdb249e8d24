"""The queue board, its live rows, and the alert strip of every page."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from flask import Blueprint, Response, current_app, make_response, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from triage import clock
from triage.domain import queue
from triage.domain.access import Actor
from triage.domain.errors import NotFound
from triage.rows import board_values, held, part, row_values
from triage.services import alerts, board, presence, views
from triage.web import actor, page, requires

blueprint = Blueprint("board", __name__)


@blueprint.get("/board")
@requires("board:view")
def index() -> Response:
    """Show every open encounter of the site, most urgent first; the filters stand in the URL."""
    return shown()


def shown(status: int = 200, told: Mapping[str, str] | None = None) -> Response:
    """Return the whole board; ``told`` is what was refused, by the row's id."""
    who, asked = actor(), _asked()
    filters = board.Filters.read(asked)
    return page("board/index.html", status=status, **_values(who, _look(who, filters, asked), filters, asked, told))


def row(encounter_id: str, refusal: str = "", done: str = "", undo_url: str = "") -> AnyResponse:
    """Return one row in its place as it stands now, with what was refused (409), or what was done and its undo."""
    line = board.find_line(actor(), encounter_id, lapses())
    told = {encounter_id: refusal} if refusal else {}
    said = f"{line.ticket}: {done}" if line and done else done
    values = {
        "line": line,
        "id": encounter_id,
        "told": told,
        "done": said,
        "undo_url": undo_url,
        **row_values(actor(), told),
    }
    return make_response(part("board/_one.html", **values), 409 if refusal else 200)


@blueprint.get("/board/rows")
@requires("board:view")
def rows() -> AnyResponse:
    """Answer a refresh: nothing (204), the rows that changed in their places, or the list anew; and the strip.

    While ``hold`` is 1 somebody's hand is in the list: the rows ``known`` to the page keep their order. ``at`` is when
    they were judged, ``said`` what its strip of alarms says.
    """
    who, asked = actor(), _asked()
    filters = board.Filters.read(asked)
    state = _look(who, filters, asked)
    onscreen = state.on_screen(asked.get("known", ""))
    in_place = asked.get("hold") == "1" or onscreen == state.ids
    strip, rev = _strip_beside(who, state, asked.get("said")), _rev(state)
    if in_place and strip is None and asked.get("rev") == rev:
        return make_response("", 204)
    values = {**_values(who, state, filters, asked), "alerts": strip, "rev": rev}
    if not in_place:
        return make_response(part("board/_anew.html", **values))
    ticked = asked.get("rev", "").partition(".")[2] != rev.partition(".")[2]
    return make_response(held(_pieces(state, onscreen, ticked, values), _news(state, onscreen), values))


def _strip_beside(who: Actor, state: board.Board, said: str | None) -> alerts.Alerts | None:
    """Return the strip if the page did not leave it to the strip's own request, and it would look different."""
    found = None if said is None else alerts.of(state.snapshot, who)
    return found if found and found.rev != said else None


def _pieces(state: board.Board, onscreen: Sequence[str], ticked: bool, values: Mapping[str, Any]) -> Iterator[Markup]:
    """Yield what takes the place of a row or of its wait, for each row on the screen that looks different now."""
    here, row, wait = state.snapshot.by_id, values["row"], values["wait"]
    for encounter_id in onscreen:
        line = here.get(encounter_id)
        if line is None:
            yield Markup(part("board/_gone.html", id=encounter_id, told={}))  # noqa: S704 - our own template
        elif encounter_id in state.changed:
            yield row(line, swap=True)
        elif ticked:
            yield wait(line)


def _news(state: board.Board, onscreen: Sequence[str]) -> tuple[int, int, int]:
    """Return how many rows came, would move and left since the rows on the screen were put in order."""
    if onscreen == state.ids:
        return 0, 0, 0
    before, after = set(onscreen), set(state.ids)
    stay, now = [i for i in onscreen if i in after], [i for i in state.ids if i in before]
    moved = 0 if stay == now else queue.moved(stay, now)
    return len(state.ids) - len(stay), moved, len(onscreen) - len(stay)


def _look(who: Actor, filters: board.Filters, asked: Mapping[str, str]) -> board.Board:
    return board.look(who, filters, _seen(asked), lapses())


def _rev(state: board.Board) -> str:
    return f"{state.revision}.{int(clock.now().timestamp() // 60)}"


def _values(
    who: Actor, state: board.Board, filters: board.Filters, asked: Mapping[str, str],
    told: Mapping[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    when = {"rev": _rev(state), "judged": int(state.snapshot.at.timestamp())}
    own = {"own_tabs": partial(views.tabs, who, state), "with_views": asked.get("views") == "1"}
    return {**when, **own, **board_values(who, state, filters, told)}


def _seen(asked: Mapping[str, str]) -> board.Seen | None:
    revision, _, minute = asked.get("rev", "").partition(".")
    if not (_is_number(revision) and _is_number(minute)):
        return None
    at, begun = asked.get("at", ""), int(minute) * 60  # the rows were judged within the minute, most know when
    judged = min(int(at), begun + 59) if _is_number(at, 11) else begun
    return board.Seen(int(revision), datetime.fromtimestamp(judged, UTC))


def _is_number(text: str, below: int = 10) -> bool:
    return text.isascii() and text.isdigit() and len(text) < below


def _asked() -> Mapping[str, str]:
    """Return what the address asks: much is looked for that is not there, for which Flask's own makes an error."""
    found: Mapping[str, str] = request.args.to_dict()
    return found


def lapses() -> timedelta:
    """Return after how long without activity a claim holds nobody up here."""
    return timedelta(minutes=current_app.config["CLAIM_MINUTES"])


@blueprint.get("/alerts", endpoint="alerts")
@requires("board:view")
def strip() -> AnyResponse:
    """Answer the strip of every page: open emergencies and overdue tasks; 204 while it would look the same."""
    found, open_here = alerts.look(actor(), lapses()), request.args.get("open", "")
    visitors = _visitors(open_here)
    rev = "-".join([found.rev, *(visitor.staff_id for visitor in visitors)])
    if request.args.get("rev") == rev:
        return make_response("", 204)
    values = {"strip_rev": rev, "open_here": open_here, "visitors": visitors}
    return make_response(part("board/_alerts.html", alerts=found, **values))


def _visitors(encounter_id: str) -> list[presence.Visitor]:
    """Keep the patient's page that asks counted as open, and return who else has it open."""
    try:
        return presence.beat(actor(), encounter_id) if encounter_id else []
    except NotFound:
        return []
