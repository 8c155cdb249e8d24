"""The surgeon's lists, the review of one case on one screen, and the signed decision."""

from typing import Any

from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.paper_time import at_paper_time
from triage.blueprints.saving import form_context
from triage.domain import lifecycle
from triage.domain.errors import Conflict, DomainError, Refused
from triage.forms import review, summary
from triage.forms.consults import TreatmentForm
from triage.forms.entry import REVIEWED
from triage.services import consults, encounters, imaging, limits, live, pins, scores, triage
from triage.web import STATUS, actor, done, locale, message, page, requires, sentence

blueprint = Blueprint("consults", __name__)


@blueprint.get("/consults")
@requires("consults:view")
def index() -> Response:
    """Show everything that waits for a surgeon."""
    return page("consults/index.html", **_lists())


@blueprint.get("/consults/rows")
@requires("consults:view")
def rows() -> Response:
    """Answer a refresh: nothing while the page would look the same, else the lists."""
    seen = request.args.get("told" if request.args.get("hold") == "1" else "rev")
    if live.page_revision(actor()) in (seen, request.args.get("rev")):
        return make_response("", 204)
    return make_response(render_template("consults/_lists.html", **_lists()))


def _lists() -> dict[str, Any]:
    who, known = actor(), knowledge.load()
    rev = live.page_revision(who)  # read first: a change that comes now is shown again, never lost
    cases = {stage: consults.list_cases(who, stage) for stage in consults.LISTED}
    asked = [order for order in imaging.list_orders(who) if order.status == "requested"]
    return {
        "rev": rev, "cases": cases, "requests": asked, "unsigned": imaging.unsigned(who), "lists": known.lists,
        "allowed": limits.in_force(who.site_id).by_stage,
        "emergencies": pins.list_open(who),
        "late": sum(case.is_over for listed in cases.values() for case in listed),
    }  # fmt: skip


@blueprint.get("/consults/<encounter_id>")
@requires("consults:view")
def show(encounter_id: str) -> Response:
    """Show one case, everything the decision needs on one screen."""
    encounter = encounters.open_(actor(), encounter_id, "review")
    return page("consults/show.html", **_case(encounter, _prefilled(encounter)))


def _prefilled(encounter: Any) -> TreatmentForm:
    """Return the form: on the list to confirm the nurse's route stands there, and signing confirms it."""
    confirming = encounter.stage == lifecycle.CONFIRMATION
    note = gettext("As the nurse suggested.") if confirming else ""
    kind = "conservative" if confirming else None
    return TreatmentForm(locale(), formdata=None, kind=kind, note=note, version=encounter.version)


@blueprint.get("/consults/<encounter_id>/candidates")
@requires("consults:view")
def candidates(encounter_id: str) -> Response:
    """Show the case again on what is recorded now; the decision that is being written stays as it is."""
    encounter = encounters.get(actor(), encounter_id)
    return page("consults/_fresh.html", **_case(encounter, TreatmentForm(locale(), formdata=None)))


@blueprint.get("/consults/<encounter_id>/candidate")
@requires("consults:view")
def candidate(encounter_id: str) -> Response:
    """Show what speaks against the procedure that is being chosen."""
    weighed = consults.candidates_for(encounters.get(actor(), encounter_id))
    return page("consults/_weighed.html", candidates=weighed, procedure=request.args.get("procedure", ""))


def _case(encounter: Any, form: TreatmentForm) -> dict[str, Any]:
    found, who = form_context(encounter), actor()
    entry = found["entry"]
    before, after = consults.neighbours(who, encounter)
    return found | {
        "patient": encounter.patient, "form": form, "steps": encounters.timeline(encounter),
        "story": review.story(entry), "vitals": review.vitals(entry), "neurology": review.neurology(entry),
        "denied": summary.absent(entry), "unsure": summary.not_known(entry),
        "orders": imaging.list_of(who, encounter), "triaged": triage.decisions_of(encounter),
        "decisions": consults.decisions_of(encounter), "candidates": consults.candidates_for(encounter),
        "sections": REVIEWED, "place": "review", "procedure": form.procedure.data or "",
        "visits": consults.earlier_visits(who, encounter),
        "scores": scores.begun(encounter), "before": before, "after": after, "lists": knowledge.load().lists,
        "decidable": encounter.stage in consults.DECIDABLE and who.may("consults:decide"),
    }  # fmt: skip


@blueprint.post("/consults/<encounter_id>/decision")
@requires("consults:decide")
def decide(encounter_id: str) -> Response:
    """Sign the decision; what is lacking is said at the field, and what was typed stays."""
    form = TreatmentForm(locale())
    choice = _choice(form)
    lacking = consults.check(choice)
    if not form.validate() or lacking:
        return _again(encounter_id, form, lacking)
    given = (encounter_id, form.version.data or 0, choice)
    try:
        at_paper_time(lambda: consults.decide(actor(), *given), always=choice.kind == "transfer")
    except (Refused, Conflict) as error:
        return _again(encounter_id, form, {}, error)
    if choice.kind == "transfer":
        return done(url_for("emergencies.show", encounter_id=encounter_id))
    _tell(encounter_id)
    return done(url_for("consults.index"))


def _tell(encounter_id: str) -> None:
    ticket = encounters.get(actor(), encounter_id).ticket
    flash(gettext("%(ticket)s: the decision is signed.", ticket=ticket))


def _choice(form: TreatmentForm) -> consults.Choice:
    names = ("kind", "procedure", "level", "side", "modality", "note")
    texts = {name: str(form[name].data or "") for name in names}
    return consults.Choice(**texts, identified=bool(form.identified.data))


def _again(
    encounter_id: str, form: TreatmentForm, lacking: dict[str, str], error: DomainError | None = None
) -> Response:
    encounter = encounters.get(actor(), encounter_id)
    for name, code in lacking.items():
        form[name].errors = [*form[name].errors, sentence(code)]
    status = next(code for kind, code in STATUS.items() if isinstance(error, kind)) if error else 422
    if status == STATUS[Conflict]:
        form.identified.data = False  # what the page shows now has not been signed for yet
    return page("consults/show.html", status=status, error=message(error) if error else "", **_case(encounter, form))


@blueprint.get("/consults/<encounter_id>/print")
@requires("consults:view")
def print_(encounter_id: str) -> Response:
    """Show the decision as a sheet for the record."""
    encounter = encounters.print_(actor(), encounter_id, "decision")
    back = url_for("consults.show", encounter_id=encounter_id)
    case = _case(encounter, TreatmentForm(locale(), formdata=None))
    seen = consults.seen_candidates(case["decisions"][0]) if case["decisions"] else ()
    return page("consults/print.html", back_url=back, shown=seen or case["candidates"], **case)
