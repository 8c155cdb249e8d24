"""The site a person works at, and its calendar."""

from datetime import date
from zoneinfo import ZoneInfo

from triage import clock
from triage.db import session
from triage.domain.access import Actor
from triage.models import Site


def site_of(actor: Actor) -> Site:
    """Return the actor's site."""
    return session.get_one(Site, actor.site_id)


def today(site_id: str) -> date:
    """Return the day that the calendar on the site's wall shows: a birthday begins at its midnight, not at UTC's."""
    return clock.now().astimezone(ZoneInfo(session.get_one(Site, site_id).time_zone)).date()
