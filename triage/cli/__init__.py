"""Commands: ``flask db | staff | demo | rules | audit | downtime``. A file per noun; each command calls one service."""

from importlib import import_module

from flask import Flask

NOUNS = ("db", "staff", "demo", "rules", "audit", "downtime")


def register(app: Flask) -> None:
    """Add every group of commands to ``flask``."""
    for noun in NOUNS:
        app.cli.add_command(import_module(f"triage.cli.{noun}").group)
