"""A follow-up begun by hand, after a treatment that this program has not seen."""

from flask import Blueprint, Response, flash, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from triage.domain.errors import Conflict, Invalid
from triage.forms.outcome_starts import StartForm
from triage.services import outcome_starts, patients
from triage.web import actor, done, locale, message, page, requires, sentence

blueprint = Blueprint("outcome_starts", __name__)


@blueprint.get("/patients/<string(length=16):patient_id>/outcomes/new")
@requires("outcomes:record")
def new(patient_id: str) -> Response:
    """Ask after what, since when and why; who is a surgeon stands there as the surgeon."""
    patients.open_(actor(), patient_id, "outcomes")
    surgeons = outcome_starts.surgeons(actor())
    me = next((one.id for one in surgeons if one.id == actor().staff_id), "")
    return _form(patient_id, StartForm(locale(), surgeons, formdata=None, data={"surgeon": me}))


def _form(patient_id: str, form: StartForm, status: int = 200, error: str = "") -> Response:
    patient = patients.get(actor(), patient_id)
    return page("outcomes/new.html", status=status, patient=patient, form=form, error=error)


@blueprint.post("/patients/<string(length=16):patient_id>/outcomes")
@requires("outcomes:record")
def begin(patient_id: str) -> AnyResponse:
    """Begin the follow-up; what was typed stays when it cannot be begun."""
    form = StartForm(locale(), outcome_starts.surgeons(actor()))
    if not form.validate():
        return _form(patient_id, form, 422)
    try:
        made = outcome_starts.begin(actor(), patient_id, form.on, form.treatment)
    except Invalid as error:
        for name, code in error.fields.items():
            form[name].errors = [sentence(code)]
        return _form(patient_id, form, 422)
    except Conflict as error:
        return _form(patient_id, form, 409, message(error))
    flash(gettext("The follow-up has begun. Look whether something is to be asked now."))
    return done(url_for("outcomes.show", series_id=made))
