"""The reception desk: find, create, change a patient."""

import secrets
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from triage.blueprints.paper_time import at_paper_time, is_from_paper, late_form
from triage.domain.dates import in_era
from triage.domain.errors import Conflict, Invalid, Stale, Untimely
from triage.domain.names import normalise
from triage.forms import decided
from triage.forms.patients import ISSUERS, REQUEST_ID, PatientForm
from triage.found import rows
from triage.services import (
    appointment_days,
    callers,
    desk,
    doubles,
    drafts,
    lookup,
    outcome_charts,
    outcome_lists,
    pathway_lists,
    patients,
)
from triage.web import actor, done, htmx, inside, message, page, requires, sentence

blueprint = Blueprint("patients", __name__)


@blueprint.get("/patients")
@requires("patients:search")
def index() -> Response:
    """Show the desk: the search, what is half done, and how long people wait."""
    return _desk()


@blueprint.get("/patients/search")
@requires("patients:search")
def search() -> Response:
    """Answer one search, as the table alone for htmx, as the desk otherwise."""
    return _desk()


def _desk() -> Response:
    words = normalise(request.args.get("q", ""))[:100]
    found = lookup.search(actor(), words)
    era = in_era(found.read_as) if found.read_as else ""
    # What else the desk shows is not asked for while somebody types: the answer to a search stands alone.
    around = None if words and htmx and not htmx.boosted else desk.look(actor())
    values: dict[str, Any] = {"found": found, "rows": rows, "words": words, "era": era, "desk": around}
    values["bookings"] = appointment_days.today_of(actor()) if around else None
    values["in_era"] = in_era
    return page("patients/index.html", "patients/_found.html", **values)


@blueprint.get("/patients/new")
@requires("patients:create")
def new() -> Response:
    """Show an empty form with the words searched for, or else what was typed before."""
    words, key = request.args.get("q", ""), _request_id(request.args)
    mine = [] if words else drafts.list_new_patients(actor())
    draft = next((row for row in mine if not key or row.form == drafts.new_patient(key)), None)
    form = PatientForm(formdata=None, data=draft.body if draft else desk.read_search(words))
    form.request_id.data = (draft and draft.body.get("request_id")) or key or secrets.token_urlsafe(12)
    return _new(form, draft=draft)


def _new(form: PatientForm, status: int = 200, **values: Any) -> Response:
    era = in_era(form.born) if form.born else ""
    return page("patients/new.html", status=status, form=form, era=era, fresh=secrets.token_urlsafe(12), **values)


@blueprint.post("/patients")
@requires("patients:create")
def create() -> AnyResponse:
    """Add the patient, unless the same person may be on file already: then ask first."""
    form = PatientForm()
    if not form.validate():
        return _new(form, 422)
    try:
        return done(at_paper_time(lambda: _save_new(form)))
    except Untimely:
        return _new(form, 422)
    except Invalid as wrong:
        _say_at_fields(form, wrong)
        return _new(form, 422)
    except Conflict as error:
        alike = doubles.find_alike(actor(), form.values())
        seen = lookup.last_seen(actor(), [patient.id for patient in alike])
        return _new(form, 409, alike=alike, last_seen=seen, error=message(error))


def _save_new(form: PatientForm) -> str:
    different = request.form.get("different", "").split(",")
    values = (actor(), form.values(), form.identifiers(), form.request_id.data or "", different)
    if request.form.get("then") == "check_in":
        paper = late_form() if is_from_paper() else None
        opened = patients.create_and_check_in(*values, (paper and paper.paper_ticket.data) or "")
        return url_for("late.show" if paper and paper.says_something else "intakes.show", encounter_id=opened)
    return url_for("patients.show", patient_id=patients.create(*values))


def _say_at_fields(form: PatientForm, wrong: Invalid) -> None:
    for name, code in wrong.fields.items():
        if name not in form:
            continue  # it was said at the fields from paper
        form[name].errors = [sentence(code)]


def _request_id(values: Any) -> str:
    given = values.get("request_id", "")
    return given if REQUEST_ID.fullmatch(given) else ""


@blueprint.post("/patients/draft")
@requires("patients:create")
def draft() -> AnyResponse:
    """Keep what is typed into the new patient's form and echo the birth date; or forget it and go on."""
    form, key = PatientForm(), _request_id(request.form)
    if request.form.get("discard") or not form.says_something:
        drafts.discard(actor(), drafts.new_patient(key))
    elif key:
        kept = {field.name for field in form} - {"version", "base"}
        typed = {name: value[:1000] for name, value in request.form.items() if name in kept}
        drafts.save_new_patient(actor(), key, typed)
    if htmx:
        return page("patients/_born.html", form=form, era=in_era(form.born) if form.born else "", swap=True)
    known = request.form.get("patient_id")
    return done(url_for("patients.show", patient_id=known) if known else url_for("patients.index"))


@blueprint.get("/patients/<string(length=16):patient_id>")
@requires("patients:open")
def show(patient_id: str) -> Response:
    """Show the record: who it is, what to mind, and every visit."""
    patient = patients.open_(actor(), patient_id, "record")
    visits = patients.list_visits(actor(), patient_id)
    here = next((visit.encounter for visit in visits if visit.encounter.finished_at is None), None)
    key, ways = secrets.token_urlsafe(12), pathway_lists.list_of_patient(actor(), patient_id)
    more: dict[str, Any] = {
        "request_id": key,
        "ways": ways,
        "followed": _followed(patient_id),
        "booked": appointment_days.next_of_patient(actor(), patient_id),
    }
    return page("patients/show.html", patient=patient, visits=visits, here=here, in_era=in_era, words=decided, **more)


def _followed(patient_id: str) -> list[tuple[outcome_lists.Course, list[outcome_charts.Chart]]]:
    """Return the patient's follow-ups with their pictures, for who may see them."""
    if not actor().may("outcomes:view"):
        return []
    return [(course, outcome_charts.charts_of(course)) for course in outcome_lists.courses_of(actor(), patient_id)]


@blueprint.get("/patients/<string(length=16):patient_id>/edit")
@requires("patients:edit")
def edit(patient_id: str) -> Response:
    """Show the record as a form."""
    patient = patients.open_(actor(), patient_id, "edit")
    form = PatientForm(formdata=None, obj=patient, **{issuer: patient.identifier(issuer) for issuer, _label in ISSUERS})
    form.note_base()
    return _edit(patient, form)


def _edit(patient: Any, form: PatientForm, status: int = 200, **values: Any) -> Response:
    era = in_era(form.born) if form.born else ""
    return page("patients/edit.html", status=status, patient=patient, form=form, era=era, **values)


@blueprint.post("/patients/<string(length=16):patient_id>")
@requires("patients:edit")
def update(patient_id: str) -> AnyResponse:
    """Save the record; when somebody was faster, show both versions side by side and keep what was typed."""
    form = PatientForm()
    patient = patients.get(actor(), patient_id)
    if not form.validate():
        return _edit(patient, form, 422)
    try:
        patients.update(actor(), patient_id, form.version.data or 0, form.values(), form.identifiers())
    except Stale as theirs:
        return _edit(patient, form, 409, theirs=theirs, clashes=form.merge(theirs.current), error=message(theirs))
    except Invalid as wrong:
        _say_at_fields(form, wrong)
        return _edit(patient, form, 422)
    return done(url_for("patients.show", patient_id=patient_id))


@blueprint.post("/patients/<string(length=16):patient_id>/verification")
@requires("patients:edit")
def verify(patient_id: str) -> AnyResponse:
    """Note that somebody has checked who this is."""
    callers.verify(actor(), patient_id)
    return done(inside(request.form.get("next")) or url_for("patients.show", patient_id=patient_id))
