"""Asked to come back another day: the form and why it is closed, the lists, the telephone, the advice on paper."""

from typing import Any

from flask import Blueprint, Response, flash, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from triage.blueprints.paper_time import at_paper_time
from triage.domain import comeback
from triage.domain.errors import Conflict, DomainError, Invalid, Refused, Untimely
from triage.domain.messages import N_
from triage.forms.returns import CallForm, ReturnForm
from triage.services import encounters, hours, organisations, return_lists, returns, timetable
from triage.web import actor, done, in_language, locale, message, page, requires, sentence, toast, zone

blueprint = Blueprint("returns", __name__)
#: What a call ended in, in words.
RESULTS = {
    comeback.NEW_DAY: N_("Comes on the new day"),
    comeback.REACHED: N_("Reached, does not come"),
    comeback.NOT_REACHED: N_("Not reached"),
    comeback.STOPPED: N_("Stopped calling"),
}


@blueprint.get("/encounters/<encounter_id>/return")
@requires("returns:arrange")
def show(encounter_id: str) -> Response:
    """Ask for the day, the next open one proposed; or say why this patient is seen today."""
    encounter = encounters.open_(actor(), encounter_id, "return")
    form = ReturnForm(locale(), formdata=None)
    form.on.data = hours.next_open(actor().site_id, organisations.today(actor().site_id), after=1)
    return _form(encounter, form)


def _form(encounter: Any, form: ReturnForm, status: int = 200, error: str = "") -> Response:
    today = organisations.today(actor().site_id)
    first, last = today.fromordinal(today.toordinal() + 1), today.fromordinal(today.toordinal() + 14)
    days = {day: one for day, one in hours.openings(actor().site_id, first, last).items() if one}
    return page(
        "returns/show.html", status=status, encounter=encounter, patient=encounter.patient, form=form, error=error,
        days=days, closed=[sentence(code, **values) for code, values in returns.closed(encounter)],
    )  # fmt: skip


@blueprint.post("/encounters/<encounter_id>/return")
@requires("returns:arrange")
def ask_back(encounter_id: str) -> AnyResponse:
    """End the visit with a dated return, and lead to the advice on paper."""
    form, encounter = ReturnForm(locale()), encounters.get(actor(), encounter_id)
    if not form.validate():
        return _form(encounter, form, 422)
    words = (form.day, form.reason.data or "", form.note.data or "")
    try:
        made = at_paper_time(lambda: returns.ask_back(actor(), encounter_id, form.version.data or 0, *words))
    except (Conflict, Refused, Invalid) as error:
        return _again(encounter_id, form, error)
    toast(f"{encounter.ticket}: {gettext('Comes back another day')}", url_for("returns.undo", return_id=made))
    return done(url_for("returns.advice", return_id=made))


def _again(encounter_id: str, form: ReturnForm, error: DomainError) -> Response:
    told = "" if isinstance(error, Untimely) else _said(form, error)
    return _form(encounters.get(actor(), encounter_id), form, 409 if isinstance(error, Conflict) else 422, told)


def _said(form: Any, error: DomainError) -> str:
    """Say a refusal at its fields; return it where it belongs to none."""
    if not isinstance(error, Invalid):
        return message(error)
    for name, code in error.fields.items():
        if name in form:
            form[name].errors = [*form[name].errors, sentence(code)]
    return ""


@blueprint.get("/returns")
@requires("returns:arrange")
def index() -> Response:
    """List who is to be called back, who is expected today and later, and who has come today."""
    return _list()


def _list(status: int = 200, row: str = "", error: str = "", form: CallForm | None = None) -> Response:
    lists, given = return_lists.look(actor()), form or CallForm(formdata=None)
    return page(
        "returns/index.html", status=status, lists=lists, reasons=returns.reasons_of(), row=row, error=error,
        form=given, undo=comeback.UNDO.total_seconds(), results=RESULTS,
    )  # fmt: skip


@blueprint.post("/returns/<return_id>/undo")
@requires("returns:arrange")
def undo(return_id: str) -> AnyResponse:
    """Open the visit again, with the same ticket and arrival; where that is too late, the list says so."""
    try:
        encounter_id = returns.undo(actor(), return_id)
    except Conflict as error:
        return _list(409, return_id, message(error))
    flash(gettext("Undone. The visit is open again, with the same ticket and arrival."))
    return done(url_for("encounters.show", encounter_id=encounter_id))


@blueprint.post("/returns/<return_id>/calls")
@requires("returns:arrange")
def note_call(return_id: str) -> AnyResponse:
    """Note what a telephone call ended in."""
    form = CallForm()
    if not form.validate():
        return _list(422, return_id, "", form)
    words = (form.result.data or "", form.note.data or "", form.day)
    try:
        returns.note_call(actor(), return_id, form.version.data or 0, *words)
    except (Refused, Invalid) as error:
        return _list(422, return_id, _said(form, error), form)
    except Conflict as error:
        return _list(409, return_id, message(error), form)
    flash(f"{gettext('Noted')}: {gettext(RESULTS[form.result.data or ''])}")
    return done(url_for("returns.index"))


@blueprint.get("/returns/sheet")
@requires("returns:arrange")
def sheet() -> Response:
    """Show the lists for the printer, with room to write what a call ended in."""
    lists = return_lists.print_(actor())
    return page("returns/sheet.html", lists=lists, reasons=returns.reasons_of(), results=RESULTS)


@blueprint.get("/returns/<return_id>/advice")
@requires("returns:arrange")
def advice(return_id: str) -> Response:
    """Show what the patient takes home: when to come back, and when to come at once."""
    one = return_lists.find_expected(actor(), return_id)
    encounter = encounters.print_(actor(), one.row.encounter_id, "return advice")
    values = {"one": one, "encounter": encounter, "site": organisations.site_of(actor()), "zone": zone()}
    values |= timetable.told_to_patients(encounter.site_id, one.row.return_on)
    sheet = in_language(encounter.patient.language, "returns/_advice.html", values)
    return page("returns/advice.html", encounter=encounter, sheet=sheet, one=one)


def return_counts() -> tuple[int, int]:
    """Return how many are expected back today, and how many are to be called back."""
    return return_lists.count(actor())
