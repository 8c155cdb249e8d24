"""Commands: ``flask db | staff | demo | rules | audit | downtime | worklist``, a file per noun, a service per verb."""

from importlib import import_module

from flask import Flask

NOUNS = ("db", "staff", "demo", "rules", "audit", "downtime", "worklist", "archive")


def register(app: Flask) -> None:
    """Add every group of commands to ``flask``."""
    for noun in NOUNS:
        app.cli.add_command(import_module(f"triage.cli.{noun}").group)
