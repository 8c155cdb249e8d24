"""Spine Triage: a staff-side dashboard for a spine clinic."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from triage import assets, blueprints, cli, config, db, faults, knowledge, packing, screen, turns, web, wording
from triage.services import audit, streams

ROOT = Path(__file__).resolve().parent.parent


class Application(Flask):
    """The application; none of its views is a coroutine, so that nobody has to look at each request whether one is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func


def create_app(overrides: Mapping[str, Any] | None = None, instance: Path | None = None) -> Flask:
    """Return the application: configuration, database, web, blueprints, guard, commands, in this order."""
    folder = instance or Path(os.environ.get("TRIAGE_INSTANCE") or ROOT / "instance")
    app = Application(__name__, instance_path=str(folder.resolve()))
    app.config.update(config.load(folder))
    app.config.update(overrides or {})
    app.extensions["engine"] = db.connect(app.config["DATABASE_URL"], durable=app.config.get("DURABLE", True))
    secret = app.config.get("AUDIT_KEY") or app.config["SECRET_KEY"]
    if secret:  # without one nothing can be recorded, so nothing can be written
        audit.use_key(secret)
    if app.config["MODALITIES"]:
        knowledge.use_modalities(app.config["MODALITIES"].replace(",", " ").split())
    queue = turns.init_app(app)
    hub = streams.Hub(
        app.extensions["engine"], app.config["LIVE_STREAMS"], lambda: queue.are_crowded, queue.people_first
    )
    app.extensions["live"] = hub
    wording.init_app(app)
    packing.init_app(app)  # first of all, so that it packs what the others have finished
    web.init_app(app)
    faults.init_app(app)
    screen.init_app(app)
    assets.init_app(app)
    blueprints.register(app)
    web.guard(app)
    cli.register(app)
    return app
