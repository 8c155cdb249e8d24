"""``flask demo``."""

import click


@click.group("demo")
def group() -> None:
    """Hold the demo commands."""
