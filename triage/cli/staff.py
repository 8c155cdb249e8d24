"""``flask staff``."""

import click


@click.group("staff")
def group() -> None:
    """Hold the staff commands."""
