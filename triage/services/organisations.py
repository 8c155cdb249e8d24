"""The site a person works at, and its calendar."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from triage import clock
from triage.db import read_one, session
from triage.domain.access import Actor
from triage.models import Site
from triage.prepared import Prepared

ZONE = Prepared(select(Site.time_zone).where(Site.id == bindparam("site")))


def site_of(actor: Actor) -> Site:
    """Return the actor's site."""
    return session.get_one(Site, actor.site_id)


def today(site_id: str) -> date:
    """Return the day that the calendar on the site's wall shows: a birthday begins at its midnight, not at UTC's."""
    return clock.now().astimezone(ZoneInfo(read_one(ZONE, site=site_id))).date()
