"""Views of imaging."""

from flask import Blueprint

blueprint = Blueprint("imaging", __name__)
