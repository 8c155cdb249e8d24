"""The people who work here: adding, granting, resetting, deactivating; and the first site."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select

from triage import clock
from triage.db import session, verb
from triage.domain.access import DUTIES, ROLES, Actor
from triage.domain.errors import Refused
from triage.models import Grant, Organisation, Site, Staff
from triage.services.accounts import end_sessions_of, hash_password
from triage.services.audit import record


def ensure_site(code: str, name: str = "Spine clinic") -> None:
    """Make the first organisation and site where there is none, so that a new installation can begin."""
    if session.scalars(select(Site.id).limit(1)).first() is None:
        _first_site(Actor("", "command line", "", ""), code, name)


@verb
def _first_site(actor: Actor, code: str, name: str) -> None:
    organisation = Organisation(name=name)
    session.add(organisation)
    session.flush()
    site = Site(organisation_id=organisation.id, code=code, name=name)
    session.add(site)
    session.flush()
    first = Actor(actor.staff_id, actor.name, organisation.id, site.id)
    record(first, "site_added", code=code)


@verb
def add(
    actor: Actor, user_name: str, name: str, password: str, roles: tuple[str, ...] = (), site_code: str | None = None
) -> str:
    """Add a person with roles at one site and return the id; raises Refused when the staff ID is taken."""
    if session.scalar(select(Staff.id).where(Staff.user_name == user_name)):
        raise Refused("user_name_taken")
    person = Staff(
        organisation_id=actor.organisation_id, user_name=user_name, name=name, password_hash=hash_password(password),
        updated_by=actor.name, updated_at=clock.now(),
    )  # fmt: skip
    session.add(person)
    session.flush()
    record(actor, "staff_added", whose=person.id, user_name=user_name)
    for role in roles:
        _grant(actor, person, role, site_code, None, None)
    return person.id


@verb
def grant(
    actor: Actor,
    user_name: str,
    role: str,
    site_code: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> None:
    """Grant a role or duty at a site, from a day (today) until a day (for good)."""
    _grant(actor, _find(user_name), role, site_code, since, until)


def _grant(
    actor: Actor, person: Staff, role: str, site_code: str | None, since: date | None, until: date | None
) -> None:
    if role not in (*ROLES, *DUTIES):
        raise Refused("unknown_role")
    site = _site(actor, site_code)
    since = since or clock.now().astimezone(ZoneInfo(site.time_zone)).date()
    session.add(Grant(staff_id=person.id, site_id=site.id, role=role, valid_from=since, valid_until=until))
    record(actor, "role_granted", whose=person.id, role=role, valid_from=str(since), valid_until=str(until or ""))


def _site(actor: Actor, code: str | None) -> Site:
    query = select(Site).where(Site.code == code) if code else select(Site).where(Site.id == actor.site_id)
    site = session.scalar(query)
    if site is None:
        raise Refused("no_site")
    return site


@verb
def deactivate(actor: Actor, user_name: str) -> None:
    """Deactivate a person and end every session at once."""
    person = _find(user_name)
    person.deactivated_at = person.deactivated_at or clock.now()
    end_sessions_of(person.id)
    record(actor, "staff_deactivated", whose=person.id)


@verb
def reset_password(actor: Actor, user_name: str, password: str) -> None:
    """Set a new password and end every session."""
    person = _find(user_name)
    person.password_hash = hash_password(password)
    end_sessions_of(person.id)
    record(actor, "password_reset", whose=person.id)


def _find(user_name: str) -> Staff:
    person = session.scalar(select(Staff).where(Staff.user_name == user_name))
    if person is None:
        raise Refused("unknown_staff")
    return person
