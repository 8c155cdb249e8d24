"""A draft of the rules tried on stored visits: start, progress, result."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage.domain import simulation
from triage.domain.errors import Invalid, Refused
from triage.domain.messages import N_
from triage.domain.simulation import Tally
from triage.domain.vignettes import Trial
from triage.forms.simulations import PeriodForm
from triage.models import Simulation
from triage.services import organisations, rulesets, simulations
from triage.web import actor, done, htmx, message, page, requires, sentence

blueprint = Blueprint("simulations", __name__)

#: Days back that the form offers, and what it begins with.
PRESETS = (30, 90, 365)
USUAL = 90
#: Without a script each piece is a press: then a piece may be longer, in seconds.
BY_HAND = 2.0
#: Changed visits on the page, unless all are asked for.
SHOWN = 500
KIND_WORDS = {
    simulation.LOST: N_("Emergency lost"),
    simulation.LOWERED: N_("Becomes less urgent"),
    simulation.FOUND: N_("Becomes an emergency"),
    simulation.RAISED: N_("Becomes more urgent"),
    simulation.REROUTED: N_("Other route"),
    simulation.IMAGED: N_("Other imaging"),
}


@blueprint.app_template_global()
def change_word(kind: str) -> str:
    """Return what a kind of change is called in the reader's language."""
    return gettext(KIND_WORDS[kind])


@blueprint.get("/rulesets/<version_id>/simulations")
@requires("rules:draft")
def index(version_id: str) -> Response:
    """Show the form that starts a simulation of this draft, and the earlier ones."""
    form, until = PeriodForm(formdata=None), organisations.today(actor().site_id)
    asked = request.args.get("days", USUAL, type=int)
    form.until.data = until
    form.since.data = until - timedelta(days=asked if asked in PRESETS else USUAL)
    if request.args.get("days") == "all":
        form.since.data = simulations.first_day(actor()) or until
    return _index(version_id, form)


def _index(version_id: str, form: PeriodForm, status: int = 200, error: str = "") -> Response:
    return page(
        "simulations/index.html", status=status, form=form, error=error, presets=PRESETS,
        draft=rulesets.get_version(actor(), version_id), in_force=rulesets.in_force(actor().site_id).ruleset,
        cases=len(simulations.notes()),
        earlier=[_values(row) for row in simulations.list_of(actor(), version_id)],
    )  # fmt: skip


@blueprint.post("/rulesets/<version_id>/simulations")
@requires("rules:draft")
def create(version_id: str) -> Response:
    """Start a simulation on the visits of the period and go to its progress."""
    form = PeriodForm()
    if not form.validate():
        return _index(version_id, form, 422)
    try:
        made = simulations.start(actor(), version_id, form.data["since"], form.data["until"])
    except Invalid as error:
        for name, code in error.fields.items():
            form[name].errors = [sentence(code)]
        return _index(version_id, form, 422)
    except Refused as error:
        return _index(version_id, form, 422, message(error))
    return done(url_for("simulations.show", simulation_id=made))


@blueprint.get("/simulations/<simulation_id>")
@requires("rules:draft")
def show(simulation_id: str) -> Response:
    """Show how far the simulation is, or its result."""
    row = simulations.get(actor(), simulation_id)
    if row.finished_at is None:
        return page("simulations/progress.html", **_values(row), paused="paused" in request.args)
    shown, now = None if "all" in request.args else SHOWN, rulesets.find_publication(row.site_id)
    values = _values(row) | {"places": simulations.places(row), "notes": simulations.notes(), "shown": shown}
    values["now_id"] = now.version_id if now else None
    return page("simulations/result.html", **values)


@blueprint.post("/simulations/<simulation_id>/steps")
@requires("rules:draft")
def step(simulation_id: str) -> Response:
    """Count the next visits; the page asks for the next piece as soon as this one is answered."""
    seen = request.form.get("seen", -1, type=int)
    seconds = simulations.STEP_SECONDS if htmx else BY_HAND
    row = simulations.step(actor(), simulation_id, seen, seconds)
    if row.finished_at is not None or not htmx:
        return done(url_for("simulations.show", simulation_id=row.id))
    return page("simulations/progress.html", partial="simulations/_progress.html", **_values(row))


def _values(row: Simulation) -> dict[str, Any]:
    trial = Trial.from_dict(row.trial) if row.trial else None
    stale = simulations.why_stale(row)
    return {"row": row, "tally": Tally.from_dict(row.tally), "trial": trial, "stale": stale, "kinds": simulation.KINDS}
