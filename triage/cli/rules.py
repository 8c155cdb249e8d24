"""``flask rules``."""

import click


@click.group("rules")
def group() -> None:
    """Hold the rules commands."""
