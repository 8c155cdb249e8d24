"""One click to the images: the address of the viewer for one patient, where the clinic has one."""

from typing import Any
from urllib.parse import quote, urlsplit

from flask import current_app


def viewer_url(patient: Any) -> str:
    """Return the viewer's address for the patient, empty where no viewer is set up or its address is none."""
    template: str = current_app.config["IMAGE_VIEWER"]
    known = urlsplit(template).scheme in ("http", "https")
    return template.replace("{number}", quote(patient.number, safe="")) if known else ""
