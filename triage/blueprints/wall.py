"""The wall display: tickets and rooms, for a device that holds a token of its own."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, jsonify, make_response, request
from flask_babel import force_locale, gettext

from triage import clock, device_door, knowledge
from triage.domain.messages import N_
from triage.services import wall
from triage.web import page, requires

blueprint = Blueprint("wall", __name__)

LANGUAGES = ("ja", "en")
WORDS = {
    "calling": N_("Now calling"),
    "nobody": N_("Nobody is being called now."),
    "wait": N_("Usual wait"),
    "minutes": N_("min"),
    "too_few": N_("Too few to say yet."),
    "order": N_("The most urgent are seen first, so the order can change."),
    "ask": N_("Please ask at the desk"),
    "advice": N_("Worse pain or numbness, weak legs, trouble passing urine, fever: tell the desk at once."),
    "as_of": N_("as of"),
    "sound": N_("Sound"),
    "colours": N_("Colours"),
}
STATIONS = {"nurse": N_("Nurse"), "specialist": N_("Specialist")}
#: A call stands inverted for so many seconds; after so many without an answer the numbers are taken down.
NEW, SILENT = 30, 60
#: A page of an older release than the server's renews itself.
_FILES = ("static/wall.js", "static/wall.css", "static/tokens.css", "templates/wall/show.html")
_HERE = Path(__file__).parents[1]
RELEASE = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _FILES)).hexdigest()[:12]


@blueprint.get("/wall")
@requires("device:wall")
def show() -> Response:
    """Show the wall; it follows the clinic by itself and renews its cookie."""
    state = wall.look(device_door.screen())
    shown = _shown(state)
    words = {name: _both(text) for name, text in WORDS.items()}
    stations = {wait.station: _station(wait.station) for wait in state.waits}
    values: dict[str, Any] = {
        "state": state,
        "shown": shown,
        "rev": _revision(shown),
        "words": words,
        "stations": stations,
    }
    timing: dict[str, Any] = {"every": current_app.config["WALL_SECONDS"], "new": NEW, "silent": SILENT}
    answer = page("wall/show.html", release=RELEASE, most=wall.MOST, **timing, **values)
    device_door.renew(answer)
    return answer


@blueprint.get("/wall/now")
@requires("device:wall")
def now() -> Response:
    """Answer a refresh: nothing (204) while the page shows the present, else what it has to show."""
    shown = _shown(wall.look(device_door.screen()))
    rev = _revision(shown)
    if request.args.get("rev") == rev:
        return make_response("", 204)
    answer = jsonify(rev=rev, **shown)
    device_door.renew(answer)
    return answer


@blueprint.after_request
def _tell(answer: Response) -> Response:
    """Tell the server's time and release with every answer; a page that failed asks again by itself."""
    answer.headers["X-Wall-Now"] = str(int(clock.now().timestamp() * 1000))
    answer.headers["X-Wall-Release"] = RELEASE
    if answer.status_code >= 500:
        answer.headers["Refresh"] = "15"
    return answer


def _shown(state: wall.Wall) -> dict[str, Any]:
    calls = [
        {"ticket": c.ticket, "ja": c.room_ja, "en": c.room, "at": int(c.called_at.timestamp() * 1000)}
        for c in state.calls
    ]
    return {"calls": calls, "waits": {wait.station: _range(wait) for wait in state.waits}}


def _range(wait: wall.Wait) -> str:
    return f"{wait.range.low}–{wait.range.high}" if wait.range else ""


def _revision(shown: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


@blueprint.app_template_filter()
def clock_in(moment: datetime, zone: str) -> str:
    """Return hours and minutes in a time zone: a device has a site, and no person whose zone it could be."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def _station(station: str) -> dict[str, str]:
    for modality in knowledge.load().modalities:
        if modality.id == station:
            return {language: modality.label(language) for language in LANGUAGES}
    return _both(STATIONS[station])


def _both(text: str) -> dict[str, str]:
    """Return a text in both languages of the wall, which shows them side by side whoever reads it."""
    found = {}
    for language in LANGUAGES:
        with force_locale(language):
            found[language] = gettext(text)
    return found
