"""The image archive of the site: where it is, whether it answers, whether its changes are read."""

from typing import Any

from flask import Blueprint, current_app, url_for
from werkzeug.wrappers import Response

from triage.domain.errors import Refused, Stale
from triage.domain.machines import Reached
from triage.forms.archives import OUTCOMES, ArchiveForm
from triage.models import ImageArchive
from triage.services import archives
from triage.web import actor, done, message, page, requires

blueprint = Blueprint("archives", __name__)

#: Code of a refusal -> the field at which it is said.
PLACES = {"not_an_address": "url", "not_a_viewer": "viewer"}


@blueprint.app_template_global()
def archive_state() -> archives.State | None:
    """Return whether the archive of the reader's site is followed, None where none is set."""
    return archives.state(actor())


@blueprint.get("/archive")
@requires("scanners:view")
def show() -> Response:
    """Show where the archive is, and whether it is followed."""
    return _page(_filled(archives.find(actor())))


@blueprint.post("/archive")
@requires("scanners:manage")
def save() -> Response:
    """Say where the archive is."""
    form = ArchiveForm()
    given = (form.version.data or 0, form.url.data or "", form.user_name.data or "", form.viewer.data or "")
    try:
        if not form.validate():
            return _page(form, 422)
        archives.save(actor(), *given)
    except Refused as error:
        form[PLACES[error.code]].errors = [message(error)]
        return _page(form, 422)
    except Stale as faster:
        return _page(form, 409, error=message(faster), theirs=_filled(archives.find(actor())))
    return done(url_for("archives.show"))


@blueprint.post("/archive/test")
@requires("scanners:manage")
def test() -> Response:
    """Ask the archive who it is, and say what came of it."""
    tried = archives.test(actor(), current_app.config["ARCHIVE_PASSWORD"])
    return _page(_filled(archives.find(actor())), partial="scanners/_tried.html", tried=tried)


def _filled(archive: ImageArchive | None) -> ArchiveForm:
    names = ("version", "url", "user_name", "viewer")
    return ArchiveForm(formdata=None, **{name: getattr(archive, name) for name in names} if archive else {"version": 0})


def _page(form: ArchiveForm, status: int = 200, partial: str | None = None, **more: Any) -> Response:
    tried: Reached | None = more.pop("tried", None)
    values = {
        "form": form, "archive": archives.find(actor()), "state": archives.state(actor()), "outcomes": OUTCOMES,
        "has_password": bool(current_app.config["ARCHIVE_PASSWORD"]), "tried": tried, "error": "", "theirs": None,
    }  # fmt: skip
    return page("scanners/archive.html", partial=partial, status=status, **(values | more))
