"""The scanners of the site: what an administrator adds, changes, retires and tries."""

from typing import Any

from flask import Blueprint, current_app, request, url_for
from werkzeug.wrappers import Response

from triage.domain.errors import Refused, Stale
from triage.domain.machines import Reached
from triage.forms.archives import OUTCOMES
from triage.forms.scanners import ScannerForm
from triage.models import Scanner
from triage.services import rooms, scanners
from triage.web import actor, done, locale, message, page, requires

blueprint = Blueprint("scanners", __name__)

#: Code of a refusal -> the field at which it is said.
PLACES = {
    "name_needed": "name", "ae_title_taken": "ae_title", "not_an_ae_title": "ae_title", "not_a_host": "host",
    "not_a_port": "port", "too_many_scanners": "name", "not_a_choice": "room",
}  # fmt: skip


@blueprint.get("/scanners")
@requires("scanners:view")
def index() -> Response:
    """List the scanners, those that were retired at the end, and the archive."""
    return show()


def show(status: int = 200, partial: str | None = None, **more: Any) -> Response:
    """Answer the list of the scanners, or what came of a test alone."""
    values = {"scanners": scanners.list_scanners(actor()), "outcomes": OUTCOMES, "tried": None, "tried_id": ""}
    return page("scanners/index.html", partial, status, **(values | more))


@blueprint.get("/scanners/new")
@requires("scanners:manage")
def new() -> Response:
    """Ask for a new scanner."""
    return _form_page(_form(ScannerForm(formdata=None)))


@blueprint.post("/scanners")
@requires("scanners:manage")
def add() -> Response:
    """Add a scanner."""
    form = _form(ScannerForm())
    try:
        if not form.validate():
            return _form_page(form, 422)
        scanners.add(actor(), form.values)
    except Refused as error:
        return _refused(form, error)
    return done(url_for("scanners.index"))


@blueprint.get("/scanners/<scanner_id>")
@requires("scanners:manage")
def edit(scanner_id: str) -> Response:
    """Show what is known of a scanner, to be changed."""
    scanner = scanners.get(actor(), scanner_id)
    return _form_page(_form(ScannerForm(formdata=None, **_shown(scanner))), scanner=scanner)


@blueprint.post("/scanners/<scanner_id>/description")
@requires("scanners:manage")
def change(scanner_id: str) -> Response:
    """Describe a scanner anew."""
    form = _form(ScannerForm())
    try:
        if not form.validate():
            return _form_page(form, 422, scanner=scanners.get(actor(), scanner_id))
        scanners.change(actor(), scanner_id, form.version.data or 0, form.values)
    except Refused as error:
        return _refused(form, error, scanner=scanners.get(actor(), scanner_id))
    except Stale as faster:
        now = scanners.get(actor(), scanner_id)
        return _form_page(form, 409, scanner=now, error=message(faster), theirs=_form(_filled(now)))
    return done(url_for("scanners.index"))


@blueprint.post("/scanners/<scanner_id>/retirement")
@requires("scanners:manage")
def retire(scanner_id: str) -> Response:
    """Answer the scanner no longer, or again."""
    scanners.retire(actor(), scanner_id, back=request.form.get("back") == "1")
    return done(url_for("scanners.index"))


@blueprint.post("/scanners/<scanner_id>/test")
@requires("scanners:manage")
def test(scanner_id: str) -> Response:
    """Ask the scanner whether it hears us, and say what came of it."""
    config, names = current_app.config, ("AE", "CERTIFICATE", "KEY", "CA")
    caller = scanners.Caller(*(config[f"WORKLIST_{name}"] for name in names))
    try:
        tried, status = scanners.test(actor(), scanner_id, caller), 200
    except Refused as error:
        tried, status = Reached(error.code), 422
    return show(status, partial="scanners/_tried.html", tried=tried, tried_id=scanner_id)


def _form(form: ScannerForm) -> ScannerForm:
    """Offer the rooms in use, and the one in which the scanner stands where that is retired."""
    every = rooms.list_rooms(actor(), retired=True)
    here = [room for room in every if room.retired_at is None or room.id == form.room.data]
    return form.offer([(room.id, room.label(locale())) for room in here], locale())


def _filled(scanner: Scanner) -> ScannerForm:
    return ScannerForm(formdata=None, **_shown(scanner))


def _shown(scanner: Scanner) -> dict[str, Any]:
    names = ("version", "name", "ae_title", "modality", "host", "charset", "tls", "mpps")
    return {name: getattr(scanner, name) for name in names} | {
        "room": scanner.room_id or "", "port": "" if scanner.port is None else str(scanner.port),
    }  # fmt: skip


def _form_page(form: ScannerForm, status: int = 200, **more: Any) -> Response:
    return page("scanners/form.html", status=status, form=form, **({"scanner": None, "error": ""} | more))


def _refused(form: ScannerForm, error: Refused, **more: Any) -> Response:
    form[PLACES[error.code]].errors = [message(error)]
    return _form_page(form, 422, **more)
