"""Views of triage."""

from flask import Blueprint

blueprint = Blueprint("triage", __name__)
