"""The emergency: the panel, raising in two actions, the transfer's steps, and taking it back by two people."""

from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from triage import clock
from triage.blueprints.paper_time import at_paper_time
from triage.domain.errors import DomainError, Invalid, NotAllowed, Refused
from triage.domain.transfers import latest
from triage.forms import summary
from triage.forms.emergencies import AgreementForm, ProposalForm, StepForm
from triage.forms.entry import Entry
from triage.services import emergencies, encounters, sheets
from triage.web import actor, done, locale, message, page, requires, status_of, zone

blueprint = Blueprint("emergencies", __name__)
PATH = "/encounters/<encounter_id>/emergency"


def _values(encounter: Any) -> dict[str, Any]:
    sheet = sheets.sheet_of(encounter)
    entry = Entry(sheet.rows, sheet.staff, locale())
    return {
        "encounter": encounter, "patient": encounter.patient, "sheet": sheet, "entry": entry,
        "present": summary.present(entry), "denied": summary.absent(entry), "unknown_fields": summary.not_known(entry),
        "unanswered": len(sheet.now.question.unanswered), "step_form": StepForm(formdata=None),
        "proposal_form": ProposalForm(formdata=None),
    }  # fmt: skip


def _panel(encounter: Any, status: int = 200, error: str = "", **forms: Any) -> Response:
    return page("emergencies/show.html", status=status, error=error, **(_values(encounter) | forms))


def _again(encounter_id: str, error: DomainError, **forms: Any) -> Response:
    return _panel(encounters.get(actor(), encounter_id), status_of(error), message(error), **forms)


@blueprint.get(PATH)
@requires("patients:open")
def show(encounter_id: str) -> Response:
    """Show the emergency panel, or how to raise."""
    return _panel(encounters.open_(actor(), encounter_id, "emergency panel"))


@blueprint.get(f"{PATH}/panel")
@requires("patients:open")
def panel(encounter_id: str) -> Response:
    """Answer the panel's own refresh: 204 while nothing changed."""
    values = _values(encounters.get(actor(), encounter_id))
    if values["sheet"].emergency is None or request.args.get("rev") == values["sheet"].rev:
        return Response(status=204)
    return page("emergencies/_panel.html", **values)


@blueprint.post(PATH)
@requires("emergencies:raise")
def raise_(encounter_id: str) -> Response:
    """Raise to emergency; whatever the note holds, it does not stand in the way."""
    note = request.form.get("note", "")[:500].replace("\x00", "")
    at_paper_time(lambda: emergencies.raise_(actor(), encounter_id, note), always=True)
    return done(url_for("emergencies.show", encounter_id=encounter_id))


@blueprint.post(f"{PATH}/acknowledgement")
@requires("emergencies:work")
def acknowledge(encounter_id: str) -> Response:
    """Answer for the emergency by name."""
    emergencies.acknowledge(actor(), encounter_id)
    return done(url_for("emergencies.show", encounter_id=encounter_id))


@blueprint.post(f"{PATH}/steps")
@requires("emergencies:work")
def step(encounter_id: str) -> Response:
    """Note a step of the transfer, now or at the typed time."""
    form = StepForm()
    if not form.validate():
        return _again(encounter_id, Invalid(), step_form=form)
    at = latest(form.clock_time, zone(), clock.now()) if form.clock_time else None
    try:
        emergencies.record_step(
            actor(), encounter_id, form.step.data or "", form.hospital.data or "", form.version.data, at
        )
    except Refused as error:
        return _again(encounter_id, error, step_form=form)
    return done(url_for("emergencies.show", encounter_id=encounter_id))


@blueprint.post(f"{PATH}/withdrawal")
@requires("emergencies:withdraw")
def propose(encounter_id: str) -> Response:
    """Propose to take the emergency back."""
    form = ProposalForm()
    if not form.validate():
        return _again(encounter_id, Invalid(), proposal_form=form)
    try:
        emergencies.propose_withdrawal(actor(), encounter_id, form.reason.data or "")
    except Refused as error:
        return _again(encounter_id, error, proposal_form=form)
    return done(url_for("emergencies.show", encounter_id=encounter_id))


@blueprint.post(f"{PATH}/withdrawal/decision")
@requires("emergencies:withdraw")
def decide(encounter_id: str) -> Response:
    """Agree to the proposal, or refuse it, on what the page showed."""
    form = AgreementForm()
    if not form.validate():
        return _again(encounter_id, Invalid())
    agree = form.answer.data == "agree"
    try:
        emergencies.decide_withdrawal(actor(), encounter_id, agree, form.proposal.data, form.version.data)
    except NotAllowed as error:
        return _again(encounter_id, error)
    target = "triage.show" if agree else "emergencies.show"
    return done(url_for(target, encounter_id=encounter_id))


@blueprint.get(f"{PATH}/transfer-sheet")
@requires("patients:open")
def transfer_sheet(encounter_id: str) -> Response:
    """Print one page for the receiving hospital; printing is recorded."""
    encounter = encounters.print_(actor(), encounter_id, "transfer sheet")
    back = url_for("emergencies.show", encounter_id=encounter_id)
    return page("emergencies/transfer_sheet.html", back_url=back, **_values(encounter))
