"""One click to the images: the address of the viewer, for one patient or for one study, where the clinic has one."""

from typing import Any
from urllib.parse import quote, urlsplit

from flask import current_app, g

from triage.domain.machines import KEY, STUDY
from triage.services import archives
from triage.web import actor


def viewer_url(patient: Any) -> str:
    """Return the viewer's address for the patient, empty where no viewer is set up or its address is none."""
    template: str = current_app.config["IMAGE_VIEWER"]
    known = urlsplit(template).scheme in ("http", "https")
    return template.replace("{number}", quote(patient.number, safe="")) if known else ""


def study_url(study: Any, patient: Any) -> str:
    """Return the viewer's address for one study, else for its patient; empty where there is neither."""
    template = _of_studies()
    if not template:
        return viewer_url(patient)
    uid, key = quote(study.study_uid, safe=""), quote(study.archive_key, safe="")
    return template.replace(STUDY, uid).replace(KEY, key)


def _of_studies() -> str:
    """Return the address of the viewer that the archive of the reader's site has, asked for once a request."""
    if "study_viewer" not in g:
        archive = archives.find(actor())
        g.study_viewer = archive.viewer if archive else ""
    found: str = g.study_viewer
    return found
