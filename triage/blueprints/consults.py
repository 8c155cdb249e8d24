"""Views of consults."""

from flask import Blueprint

blueprint = Blueprint("consults", __name__)
