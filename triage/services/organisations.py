"""The site a person works at."""

from triage.db import session
from triage.domain.access import Actor
from triage.models import Site


def site_of(actor: Actor) -> Site:
    """Return the actor's site."""
    return session.get_one(Site, actor.site_id)
