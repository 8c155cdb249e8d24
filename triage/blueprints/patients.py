"""The reception desk: find, create, change a patient."""

import secrets

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from triage.domain.dates import in_era
from triage.domain.errors import Conflict, Stale
from triage.forms.patients import ISSUERS, PatientForm
from triage.services import desk, drafts, encounters, patients
from triage.web import actor, done, message, page, requires

blueprint = Blueprint("patients", __name__)


@blueprint.get("/patients")
@requires("patients:search")
def index() -> Response:
    """Show the desk: the search, what is half done, and how long people wait."""
    return _desk(patients.Found(), "")


@blueprint.get("/patients/search")
@requires("patients:search")
def search() -> Response:
    """Answer one search, as the table alone for htmx, as the desk otherwise."""
    words = request.args.get("q", "")
    return _desk(patients.search(actor(), words), words.strip())


def _desk(found: patients.Found, words: str) -> Response:
    state = desk.look(actor())
    era = in_era(found.read_as) if found.read_as else ""
    keys = {patient.id: secrets.token_urlsafe(12) for patient in found.patients}
    return page("patients/index.html", "patients/_found.html", found=found, words=words, desk=state, era=era, keys=keys)


@blueprint.get("/patients/new")
@requires("patients:create")
def new() -> Response:
    """Show an empty form, or what was typed before; the words searched for are carried into it."""
    draft = drafts.find(actor(), patients.NEW_PATIENT)
    form = PatientForm(data=draft.body if draft else desk.read_search(request.args.get("q", "")))
    form.request_id.data = form.request_id.data or secrets.token_urlsafe(12)
    return page("patients/new.html", form=form, draft=draft, alike=[])


@blueprint.post("/patients")
@requires("patients:create")
def create() -> AnyResponse:
    """Add the patient, unless the same person may be on file already: then ask first."""
    form = PatientForm()
    if not form.validate():
        return page("patients/new.html", status=422, form=form, draft=None, alike=[])
    decided = request.form.get("different") or patients.find_made(form.request_id.data)
    alike = [] if decided else patients.find_alike(actor(), form.values())
    if alike:
        return page("patients/new.html", status=409, form=form, draft=None, alike=alike)
    try:
        return done(_save_new(form))
    except Conflict as taken:
        return page("patients/new.html", status=409, form=form, draft=None, alike=[], error=message(taken))


def _save_new(form: PatientForm) -> str:
    values = (actor(), form.values(), form.identifiers(), form.request_id.data or "")
    if request.form.get("then") == "check_in":
        return url_for("intakes.show", encounter_id=patients.create_and_check_in(*values))
    return url_for("patients.show", patient_id=patients.create(*values))


@blueprint.post("/patients/draft")
@requires("patients:create")
def draft() -> AnyResponse:
    """Keep what is typed into the new patient's form; an empty post forgets it."""
    typed = {name: value for name, value in request.form.items() if name in PatientForm() and name != "csrf_token"}
    if request.form.get("discard"):
        drafts.discard(actor(), patients.NEW_PATIENT)
        return done(url_for("patients.new"))
    drafts.save(actor(), patients.NEW_PATIENT, {name: value[:1000] for name, value in typed.items()})
    return Response(status=204)


@blueprint.get("/patients/<patient_id>")
@requires("patients:open")
def show(patient_id: str) -> Response:
    """Show the record: who it is, what to mind, and every visit."""
    patient = patients.open_(actor(), patient_id, "record")
    visits = encounters.earlier(actor(), patient_id, 50)
    here = next((visit for visit in visits if visit.finished_at is None), None)
    key = secrets.token_urlsafe(12)
    return page("patients/show.html", patient=patient, visits=visits, here=here, request_id=key)


@blueprint.get("/patients/<patient_id>/edit")
@requires("patients:edit")
def edit(patient_id: str) -> Response:
    """Show the record as a form."""
    patient = patients.open_(actor(), patient_id, "edit")
    held = {issuer: patient.identifier(issuer) for issuer, _label in ISSUERS}
    born = patient.birth_date.isoformat() if patient.birth_date else ""
    form = PatientForm(data=patient.as_dict() | held | {"birth_date": born})
    return page("patients/edit.html", patient=patient, form=form, theirs=None)


@blueprint.post("/patients/<patient_id>")
@requires("patients:edit")
def update(patient_id: str) -> AnyResponse:
    """Save the record; when somebody was faster, show both versions side by side and keep what was typed."""
    form = PatientForm()
    patient = patients.get(actor(), patient_id)
    if not form.validate():
        return page("patients/edit.html", status=422, patient=patient, form=form, theirs=None)
    try:
        patients.update(actor(), patient_id, form.version.data or 0, form.values(), form.identifiers())
    except Conflict as faster:
        theirs = faster if isinstance(faster, Stale) else None
        if theirs:  # sent once more, the form now answers what stands
            form.version.data = int(str(theirs.current["version"]))
        return page("patients/edit.html", status=409, patient=patient, form=form, theirs=theirs, error=message(faster))
    return done(url_for("patients.show", patient_id=patient_id))
