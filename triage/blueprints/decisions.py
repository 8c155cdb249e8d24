"""A signed decision: its amendment, and the patient's sheet in plain words."""

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import force_locale, gettext
from werkzeug.wrappers import Response

from triage.blueprints.consults import case_of, say, written
from triage.blueprints.paper_time import at_paper_time
from triage.domain.errors import Conflict, DomainError, NotFound, Refused, Untimely
from triage.forms import sheet as plain_words
from triage.forms.consults import TreatmentForm
from triage.services import decisions, encounters, organisations, timetable
from triage.web import STATUS, actor, done, in_language, locale, message, page, requires, status_of, zone

blueprint = Blueprint("decisions", __name__)


@blueprint.get("/decisions/<decision_id>/amendment")
@requires("consults:decide")
def amendment(decision_id: str) -> Response:
    """Show a signed decision with a new one to be signed in its place."""
    old = decisions.find(actor(), decision_id)
    encounter = encounters.open_(actor(), old.encounter_id, "amendment")
    choice = decisions.choice_of(old)
    form = TreatmentForm(locale(), dict(choice.answers), formdata=None, obj=choice, version=encounter.version)
    return _form(old, encounter, form)


def _form(old: Any, encounter: Any, form: TreatmentForm, status: int = 200, error: str = "") -> Response:
    if not decisions.may_amend(encounter, old) and status == 200:
        raise Conflict("decision_amended" if old.amended else "step_not_possible", stage=encounter.stage)
    form.only_kinds(decisions.kinds_at(encounter))
    return page("consults/amend.html", status=status, error=error, **case_of(encounter, form) | {"amended": old})


@blueprint.post("/decisions/<decision_id>/amendment")
@requires("consults:decide")
def amend(decision_id: str) -> Response:
    """Sign the decision that takes the place of another; what is lacking is said at the field."""
    old, form = decisions.find(actor(), decision_id), written(request.form)
    encounter = encounters.get(actor(), old.encounter_id)
    lacking = decisions.lacking(encounter, form.choice())
    if not form.reason.data:
        lacking["reason"] = "amend_reason_needed"
    if not form.validate() or lacking:
        say(form, lacking)
        return _form(old, encounter, form, 422)
    signed = (decision_id, form.version.data or 0, form.choice(), form.reason.data or "")
    try:
        at_paper_time(lambda: decisions.amend(actor(), *signed))
    except (Refused, Conflict) as error:
        return _again(decision_id, form, error)
    flash(gettext("%(ticket)s: the decision is amended.", ticket=encounter.ticket))
    return done(url_for("consults.show", encounter_id=encounter.id))


def _again(decision_id: str, form: TreatmentForm, error: DomainError) -> Response:
    old = decisions.find(actor(), decision_id)
    status = status_of(error)
    form.identified.data = form.identified.data and status != STATUS[Conflict]
    told = "" if isinstance(error, Untimely) else message(error)
    return _form(old, encounters.get(actor(), old.encounter_id), form, status, told)


@blueprint.get("/decisions/<decision_id>/sheet")
@requires("consults:view")
def sheet(decision_id: str) -> Response:
    """Show what was decided for the patient, in plain words and the patient's language."""
    decision = decisions.find(actor(), decision_id)
    if decision.kind not in plain_words.KINDS:
        raise NotFound("decision")
    if decision.amended:
        raise Conflict("decision_amended")
    encounter = encounters.print_(actor(), decision.encounter_id, "patient_sheet")
    back = url_for("consults.show", encounter_id=encounter.id)
    return page("consults/sheet.html", encounter=encounter, back_url=back, **_in_plain_words(decision, encounter))


def _in_plain_words(decision: Any, encounter: Any) -> dict[str, Any]:
    language = "ja" if encounter.patient.language == "ja" else "en"
    with force_locale(language):
        told = plain_words.sheet(decision, language)
    values = timetable.told_to_patients(encounter.site_id) | {
        "sheet": told, "patient": encounter.patient, "site": organisations.site_of(actor()),
        "doctor": decision.staff.name, "day": plain_words.day(decision.at.astimezone(zone()).date(), language),
    }  # fmt: skip
    return {"language": language, "words": in_language(language, "consults/_sheet.html", values)}
