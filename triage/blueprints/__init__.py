"""HTTP in, HTML out, one blueprint per noun. A view is short and calls one service verb."""

from importlib import import_module

from flask import Flask

from triage.blueprints.appointments import booked_for
from triage.blueprints.ordered import as_moment, ordered, told_value
from triage.blueprints.paper_time import late_form
from triage.blueprints.pathways import pathway_counts
from triage.blueprints.returns import return_counts
from triage.blueprints.viewer import study_url

NOUNS = (
    "accounts",
    "devices",
    "wall",
    "patients",
    "encounters",
    "intakes",
    "board",
    "claims",
    "calls",
    "departures",
    "returns",
    "team",
    "views",
    "days",
    "rooms",
    "downtime",
    "live",
    "late",
    "places",
    "triage",
    "reassessments",
    "questions",
    "emergencies",
    "imaging",
    "results",
    "unmatched",
    "scanners",
    "archives",
    "imaging_orders",
    "consults",
    "pathways",
    "decisions",
    "outcomes",
    "outcome_results",
    "outcome_starts",
    "outcome_exports",
    "limits",
    "hours",
    "appointments",
    "appointment_requests",
    "same_day",
    "surgeons",
    "calendars",
    "agreement",
    "simulations",
    "feedback",
    "scores",
    "rulesets",
    "rule_drafts",
    "audit",
)


def register(app: Flask) -> None:
    """Register every noun's blueprint."""
    for noun in NOUNS:
        app.register_blueprint(import_module(f"triage.blueprints.{noun}").blueprint)
    app.jinja_env.globals.update(booked_for=booked_for, ordered=ordered, told_value=told_value)
    app.jinja_env.filters["as_moment"] = as_moment
    app.jinja_env.globals.update(study_url=study_url)
    app.jinja_env.globals.update(late_form=late_form, pathway_counts=pathway_counts, return_counts=return_counts)
