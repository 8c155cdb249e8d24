"""Views of intakes."""

from flask import Blueprint

blueprint = Blueprint("intakes", __name__)
