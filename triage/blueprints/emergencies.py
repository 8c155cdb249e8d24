"""Views of emergencies."""

from flask import Blueprint

blueprint = Blueprint("emergencies", __name__)
