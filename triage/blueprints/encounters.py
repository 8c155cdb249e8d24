"""Views of encounters."""

from flask import Blueprint

blueprint = Blueprint("encounters", __name__)
