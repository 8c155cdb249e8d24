"""The surgeon's lists, the review of one case on one screen, and the signed decision."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, make_response, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.paper_time import at_paper_time
from triage.blueprints.questions import asked_here, waiting
from triage.blueprints.refresh import refreshed
from triage.blueprints.saving import form_context
from triage.blueprints.viewer import viewer_url
from triage.domain import lifecycle
from triage.domain.errors import Conflict, DomainError, Refused
from triage.forms import decided, review, sheet, summary
from triage.forms.consults import TreatmentForm, answers_of, given
from triage.forms.entry import REVIEWED, Entry
from triage.forms.weighing import weigh
from triage.services import (
    consults,
    decisions,
    encounters,
    examinations,
    imaging,
    imaging_repeats,
    limits,
    live,
    order_times,
    organisations,
    pathway_lists,
    pins,
    procedures,
    referrals,
    scores,
    triage,
)
from triage.web import STATUS, actor, done, locale, message, page, requires, sentence, status_of

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
    return refreshed("consults/_lists.html", _lists)


def _lists() -> dict[str, Any]:
    who, known = actor(), knowledge.load()
    rev = live.page_revision(who)  # read first: a change that comes now is shown again, never lost
    cases = {stage: consults.list_cases(who, stage) for stage in consults.LISTED}
    listed = [case.encounter for rows in cases.values() for case in rows]
    asked = [order for order in imaging.list_orders(who) if order.status == "requested"]
    return {
        "rev": rev, "cases": cases, "requests": asked,
        "repeats": imaging_repeats.list_for(who, asked), "unsigned": imaging.unsigned(who), "lists": known.lists,
        "allowed": limits.in_force(who.site_id).by_stage,
        "emergencies": pins.list_open(who), "again": decisions.to_look_at_again(who),
        "today": organisations.today(who.site_id), "bars": referrals.bars_of(listed), **waiting(),
        "late": sum(case.is_over for listed in cases.values() for case in listed),
    }  # fmt: skip


@blueprint.get("/consults/<encounter_id>")
@requires("consults:view")
def show(encounter_id: str) -> Response:
    """Show one case, everything the decision needs on one screen."""
    encounter = encounters.open_(actor(), encounter_id, "review")
    return _review(encounter, _prefilled(encounter))


def _review(encounter: Any, form: TreatmentForm, status: int = 200, error: str = "") -> Response:
    ways = pathway_lists.list_of_patient(actor(), encounter.patient_id)
    return page("consults/show.html", status=status, error=error, ways=ways, **case_of(encounter, form))


def _prefilled(encounter: Any) -> TreatmentForm:
    """Return the form: on the list to confirm the nurse's route stands there, and signing confirms it."""
    values: dict[str, Any] = {"version": encounter.version, "weeks": knowledge.load().decisions.care_weeks}
    if encounter.stage == lifecycle.CONFIRMATION:
        values |= {"kind": "conservative", "measures": ["activity"], "if_needed": True}
        values["note"] = gettext("As the nurse suggested.")
    return TreatmentForm(locale(), formdata=None, **values)


@blueprint.get("/consults/<encounter_id>/candidates")
@requires("consults:view")
def candidates(encounter_id: str) -> Response:
    """Show the case again on what is recorded now; the decision that is being written stays as it is."""
    encounter = encounters.get(actor(), encounter_id)
    return page("consults/_fresh.html", **case_of(encounter, written(request.args)))


@blueprint.get("/consults/<encounter_id>/candidate")
@requires("consults:view")
def candidate(encounter_id: str) -> Response:
    """Show what the procedure that is being chosen has to say and to answer."""
    encounter, form = encounters.get(actor(), encounter_id), written(request.args)
    made_on = decisions.situation(encounter)
    w = weigh(made_on.known, made_on.candidates, replace(form.choice(), kind="procedure"), locale())
    return page("consults/_weighed.html", w=w, form=form, encounter=encounter, answers_of=answers_of)


@blueprint.get("/consults/<encounter_id>/news")
@requires("consults:view")
def news(encounter_id: str) -> Response:
    """Answer the open page: nothing while it shows what stands, else what is new, to be shown when it is asked for."""
    encounter = encounters.get(actor(), encounter_id)
    if request.args.get("version") == str(encounter.version):
        return make_response("", 204)
    ended = [(o.ended_at, o) for o in imaging.list_of(actor(), encounter) if o.status == "completed" and o.ended_at]
    newest = max(ended, key=lambda item: item[0])[1] if ended else None
    return page("consults/_announced.html", encounter=encounter, newest=newest, known=knowledge.load())


def written(posted: Any, **values: Any) -> TreatmentForm:
    """Return the form with what was posted or stands in the address."""
    return TreatmentForm(locale(), given(posted), formdata=posted, **values)


def case_of(encounter: Any, form: TreatmentForm) -> dict[str, Any]:
    """Return everything the review shows of one case, with the decision as far as it is written."""
    found, who, made_on = form_context(encounter), actor(), decisions.situation(encounter)
    before, after = consults.neighbours(who, encounter)
    signed, orders = consults.decisions_of(encounter), imaging.list_of(who, encounter)
    times = procedures.booked_for(who, encounter.patient_id, [d.id for d in signed if d.procedure])
    return found | {
        "patient": encounter.patient, "form": form, "lately": imaging_repeats.lately(who, encounter.patient_id),
        "steps": encounters.timeline(encounter),
        **_told(encounter, found["entry"]),
        "orders": orders, "times": order_times.of_orders([o.id for o in orders if o.ended_at is None]),
        "triaged": triage.decisions_of(encounter),
        "decisions": signed, "procedure_times": times, "candidates": made_on.candidates,
        "sections": REVIEWED, "place": "review", **_weighed(made_on, form), "viewer_url": viewer_url(encounter.patient),
        "bar": referrals.bar_of(encounter), **asked_here(encounter),
        "scores": scores.begun(encounter), "before": before, "after": after, "lists": knowledge.load().lists,
        "decidable": encounter.stage in consults.DECIDABLE and who.may("consults:decide"),
    }  # fmt: skip


def _told(encounter: Any, entry: Entry) -> dict[str, Any]:
    """Return what was found, each examined sign beside what it was before, and the visits before this one."""
    visits = consults.earlier_visits(actor(), encounter)
    stood = examinations.before_now(encounter, [visit for visit, _ in visits], entry.rows, review.examined(entry))
    return {
        "story": review.story(entry), "vitals": review.vitals(entry), "neurology": review.neurology(entry, stood),
        "denied": summary.absent(entry), "unsure": summary.not_known(entry), "visits": visits,
    }  # fmt: skip


def _weighed(made_on: Any, form: TreatmentForm) -> dict[str, Any]:
    chosen = form.choice()
    listed, by = (made_on.known, made_on.candidates), locale()
    operation = weigh(*listed, replace(chosen, kind="procedure"), by)
    return {
        "w": operation, "w_block": weigh(*listed, replace(chosen, kind="nerve_block"), by),
        "words": decided, "may_amend": decisions.may_amend, "sheet_kinds": sheet.KINDS, "amended": None,
        "answers_of": answers_of,
    }  # fmt: skip


@blueprint.post("/consults/<encounter_id>/decision")
@requires("consults:decide")
def decide(encounter_id: str) -> Response:
    """Sign the decision; what is lacking is said at the field, and what was typed stays."""
    form = written(request.form)
    choice = form.choice()
    lacking = consults.check(encounters.get(actor(), encounter_id), choice)
    if not form.validate() or lacking:
        return _again(encounter_id, form, lacking)
    signed = (encounter_id, form.version.data or 0, choice)
    try:
        at_paper_time(lambda: consults.decide(actor(), *signed), always=choice.kind == "transfer")
    except (Refused, Conflict) as error:
        return _again(encounter_id, form, {}, error)
    if choice.kind == "transfer":
        return done(url_for("emergencies.show", encounter_id=encounter_id))
    _tell(encounter_id)
    return done(url_for("consults.index"))


def _tell(encounter_id: str) -> None:
    ticket = encounters.get(actor(), encounter_id).ticket
    flash(gettext("%(ticket)s: the decision is signed.", ticket=ticket))


def _again(
    encounter_id: str, form: TreatmentForm, lacking: dict[str, str], error: DomainError | None = None
) -> Response:
    encounter = encounters.get(actor(), encounter_id)
    say(form, lacking)
    status = status_of(error) if error else 422
    if status == STATUS[Conflict]:
        form.identified.data = False  # what the page shows now has not been signed for yet
    return _review(encounter, form, status, message(error) if error else "")


def say(form: TreatmentForm, lacking: dict[str, str]) -> None:
    """Put what is lacking at its field."""
    for name, code in lacking.items():
        form[name].errors = [*form[name].errors, sentence(code)]


@blueprint.get("/consults/<encounter_id>/print")
@requires("consults:view")
def print_(encounter_id: str) -> Response:
    """Show the decision as a sheet for the record."""
    encounter = encounters.print_(actor(), encounter_id, "decision")
    back = url_for("consults.show", encounter_id=encounter_id)
    case = case_of(encounter, TreatmentForm(locale(), formdata=None))
    signed = next((d for d in case["decisions"] if not d.amended), None)
    weighed = (consults.seen_candidates(signed) if signed else ()) or case["candidates"]
    return page("consults/print.html", back_url=back, shown=_on_paper(signed, weighed), **case)


def _on_paper(signed: Any, weighed: Any) -> list[Any]:
    """Return the candidates that the record needs: with an operation what else was considered, else all."""
    others = signed.details.get("alternatives") if signed else None
    return [item for item in weighed if not others or item.procedure in others]
