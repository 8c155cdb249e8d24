"""The clinic's imaging machines: who they are when they call, and in whose name they write."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage.db import session
from triage.domain.access import MACHINE, Actor
from triage.models import Scanner, Site


def find(ae_title: str) -> Scanner | None:
    """Return the scanner in use that bears this AE title, None where there is none; spaces around it do not count."""
    query = select(Scanner).where(Scanner.ae_title == ae_title.strip(), Scanner.retired_at.is_(None))
    return session.scalar(query.options(joinedload(Scanner.room)))


def machine(site_id: str, name: str) -> Actor:
    """Return the actor in whose name a machine of a site writes: its name, no staff id, no person's role."""
    site = session.get_one(Site, site_id)
    return Actor("", name, site.organisation_id, site.id, site.name, site.time_zone, frozenset({MACHINE}))
