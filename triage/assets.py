"""Serves htmx from its hash-locked package: two named files, never the folder."""

from flask import Flask, Response, abort, current_app, send_from_directory

from triage.domain.access import PUBLIC
from triage.web import requires

#: Name in our pages -> file in the package.
FILES = {"htmx.min.js": "htmx-2.min.js"}


@requires(PUBLIC)
def assets(name: str) -> Response:
    """Send one of the named files; 404 for any other."""
    if name not in FILES:
        abort(404)
    return send_from_directory(current_app.config["ASSETS_DIR"], FILES[name], max_age=86400)


def init_app(app: Flask) -> None:
    """Route ``/assets/<name>`` to the locked package."""
    app.add_url_rule("/assets/<name>", "assets", assets)
