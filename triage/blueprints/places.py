"""The answer to "why am I third?", for the desk to read out: no name, no ticket, no complaint of anybody else."""

from babel.lists import format_list
from flask import Blueprint, request
from flask_babel import force_locale, get_locale, gettext, ngettext
from werkzeug.wrappers import Response

from triage.domain.lifecycle import IMAGING
from triage.domain.messages import N_
from triage.services import places
from triage.services.places import Standing
from triage.web import actor, page, requires
from triage.wording import LOCALES

blueprint = Blueprint("places", __name__)

NUMBERS = (
    N_("one"), N_("two"), N_("three"), N_("four"), N_("five"), N_("six"), N_("seven"), N_("eight"), N_("nine"),
    N_("ten"),
)  # fmt: skip
PLACES = (
    N_("You are first."), N_("You are second."), N_("You are third."), N_("You are fourth."), N_("You are fifth."),
    N_("You are sixth."), N_("You are seventh."), N_("You are eighth."), N_("You are ninth."), N_("You are tenth."),
)  # fmt: skip


@blueprint.get("/encounters/<encounter_id>/place")
@requires("board:view")
def show(encounter_id: str) -> Response:
    """Show where this patient stands and why, in the patient's language or the one asked for."""
    encounter, standing = places.find(actor(), encounter_id)
    asked = request.args.get("speak", "")
    spoken = asked if asked in LOCALES else ("ja" if encounter.patient.language == "ja" else "en")
    with force_locale(spoken):
        sentences = said(standing) if standing else []
    return page(
        "places/show.html", partial="places/_place.html", encounter=encounter, standing=standing, sentences=sentences,
        spoken=spoken,
    )  # fmt: skip


def said(standing: Standing) -> list[str]:
    """Return the sentences in the language that is set."""
    line = standing.line
    waited = ngettext("You have waited %(num)s minute", "You have waited %(num)s minutes", line.minutes)
    aim = gettext("the aim for you is %(minutes)s", minutes=line.target)
    if not line.target:
        aim = gettext("you are to be seen at once")
    place = _imaging(line.imaging == "started") if line.stage == IMAGING else _place(standing)
    sentences = [*place, gettext("%(waited)s; %(aim)s.", waited=waited, aim=aim)]
    if line.is_over:
        sentences.append(gettext("That is longer than we aim for. We are sorry."))
    return [*sentences, gettext("Anyone in danger always comes first. Tell us at once if anything gets worse.")]


def _place(standing: Standing) -> list[str]:
    number = standing.number
    nth = gettext(PLACES[number - 1]) if number <= len(PLACES) else gettext("You are number %(n)s.", n=number)
    return [nth, *_before(standing)]


def _imaging(is_started: bool) -> list[str]:
    """Say no number: who is sent for images does not stand in the line that the board numbers."""
    now = gettext("Your images are being taken now.") if is_started else gettext("You are waiting for your images.")
    return [now, gettext("Afterwards you keep your place: it counts from when you came.")]


def _before(standing: Standing) -> list[str]:
    if not standing.before:
        return []
    who = format_list([_part(name, count) for name, count in standing.before.items()], locale=get_locale())
    who = who[:1].upper() + who[1:]
    count = sum(standing.before.values())
    return [ngettext("%(who)s is ahead of you.", "%(who)s are ahead of you.", count, who=who)]


def _part(reason: str, count: int) -> str:
    n = gettext(NUMBERS[count - 1]) if count <= len(NUMBERS) else str(count)
    return {
        "emergency": ngettext("%(n)s emergency", "%(n)s emergencies", count, n=n),
        "red_flag": ngettext("%(n)s patient who may not wait", "%(n)s patients who may not wait", count, n=n),
        "aged": ngettext(
            "%(n)s patient who has waited for very long", "%(n)s patients who have waited for very long", count, n=n
        ),
        "untriaged": ngettext(
            "%(n)s patient whom the nurse has still to assess",
            "%(n)s patients whom the nurse has still to assess",
            count,
            n=n,
        ),
        "more_urgent": ngettext("%(n)s patient who is more urgent", "%(n)s patients who are more urgent", count, n=n),
        "earlier": ngettext("%(n)s patient who came before you", "%(n)s patients who came before you", count, n=n),
    }[reason]
