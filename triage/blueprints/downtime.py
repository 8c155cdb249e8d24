"""Paper for when the system is away: the board as of now, all slips, and blank forms to print beforehand."""

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import force_locale, gettext
from markupsafe import Markup

from triage import knowledge
from triage.blueprints.encounters import slip_of
from triage.domain.late import PAPER
from triage.services import downtime, organisations
from triage.web import actor, background, in_language, page, requires

blueprint = Blueprint("downtime", __name__)

#: How many of each the page of blank forms offers: by default, and at most.
SLIPS, SHEETS, MOST = 24, 4, 96


@blueprint.get("/board/snapshot")
@requires("board:print")
def snapshot() -> Response:
    """Print the board as of now, with what the rows lead to."""
    copy = downtime.last_copy(actor(), current_app.config["DOWNTIME_MINUTES"])
    asked = {question.id: question for question in knowledge.load().urgent_questions}
    return page(
        "downtime/snapshot.html", snapshot=downtime.snapshot(actor()), questions=asked, copy=copy,
        back_url=url_for("board.index"),
    )  # fmt: skip


@blueprint.get("/downtime/state")
@requires("board:print")
@background
def state() -> Response:
    """Say how old the last file of the timer is."""
    return page("downtime/_state.html", copy=downtime.last_copy(actor(), current_app.config["DOWNTIME_MINUTES"]))


@blueprint.get("/downtime/slips")
@requires("board:print")
def slips() -> Response:
    """Print the slip of everybody who is here, in one go."""
    site = organisations.site_of(actor())
    found = [(row, *slip_of(row, site)) for row in downtime.slips(actor())]
    return page("downtime/slips.html", slips=found, back_url=url_for("board.index"))


@blueprint.get("/downtime/forms")
@requires("board:print")
def forms() -> Response:
    """Print blank forms beforehand: the pad of numbered slips, and sheets with every urgent question."""
    first, slips = _number("first", 1, 999), _number("slips", SLIPS, MOST)
    asked = knowledge.load().urgent_questions
    return page(
        "downtime/forms.html", tickets=[f"{PAPER}{n:03d}" for n in range(first, min(first + slips, 1000))],
        sheets=_number("sheets", SHEETS, MOST), site=organisations.site_of(actor()), N_=_in_both,
        desk=[q for q in asked if q.asked_by == "reception"], nurse=[q for q in asked if q.asked_by == "nurse"],
        warnings=[in_language(language, "encounters/_warning.html", {}) for language in ("ja", "en")],
        first=first, count=slips, back_url=url_for("board.index"),
    )  # fmt: skip


def _number(name: str, usual: int, most: int) -> int:
    text = request.args.get(name, "")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 4 else usual


def _in_both(text: str) -> Markup:
    """Return a word of the form in both languages: paper has no switch."""
    with force_locale("ja"):
        return Markup('<span lang="ja">{}</span> <small lang="en">{}</small>').format(gettext(text), text)
