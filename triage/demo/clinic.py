"""The clinic itself: organisation, site, rooms, and one demonstration account per role."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.machines import ScannerValues
from triage.models import Grant, LoginSession, Organisation, Room, Site, Staff
from triage.services import accounts, rooms, scanners
from triage.services import team as duty
from triage.services.audit import record

Team = dict[str, Actor]


def found(plan: Mapping[str, Any], password: str) -> Team:
    """Found the clinic of ``plan`` and return its people by user name; all of them share one password."""
    hashed = accounts.hash_password(password)  # once: it is meant to be slow
    return _found(Actor("", "demonstration", "", ""), plan, hashed)


@verb
def _found(actor: Actor, plan: Mapping[str, Any], hashed: str) -> Team:
    site = _site(plan)
    system = Actor("", actor.name, site.organisation_id, site.id, site.name, site.time_zone)
    record(system, "site_added", code=site.code)
    return {entry["user_name"]: _person(system, site, entry, hashed, plan["since"]) for entry in plan["staff"]}


def _site(plan: Mapping[str, Any]) -> Site:
    organisation = Organisation(name=plan["organisation"])
    session.add(organisation)
    session.flush()
    site = Site(organisation_id=organisation.id, **plan["site"])
    session.add(site)
    session.flush()
    session.add_all(Room(site_id=site.id, **room) for room in plan["room"])
    return site


def _person(system: Actor, site: Site, entry: Mapping[str, Any], hashed: str, since: Any) -> Actor:
    staff = Staff(
        organisation_id=site.organisation_id, user_name=entry["user_name"], name=entry["name"], demo=True,
        password_hash=hashed, updated_by=system.name, updated_at=clock.now(),
    )  # fmt: skip
    session.add(staff)
    session.flush()
    record(system, "staff_added", whose=staff.id, user_name=staff.user_name)
    for role in entry["roles"]:
        session.add(Grant(staff_id=staff.id, site_id=site.id, role=role, valid_from=since))
        record(system, "role_granted", whose=staff.id, role=role, valid_from=str(since), valid_until="")
    roles = frozenset(entry["roles"])
    return Actor(staff.id, staff.name, site.organisation_id, site.id, site.name, site.time_zone, roles)


def connect_scanners(team: Team, plan: Mapping[str, Any]) -> None:
    """Let the administrator say which scanners there are."""
    places = {room.name: room.id for room in rooms.list_rooms(team["admin"])}
    for entry in plan["scanner"]:
        values = {name: value for name, value in entry.items() if name != "room"}
        scanners.add(team["admin"], ScannerValues(room_id=places[entry["room"]], **values))


def go_on_duty(team: Team, plan: Mapping[str, Any], until: datetime) -> None:
    """Let everybody with a room go on duty there, signed in and last seen at ``until``."""
    for entry in plan["staff"]:
        if "room" in entry:
            _work(team[entry["user_name"]], entry["room"], until)


def _work(actor: Actor, name: str, until: datetime) -> None:
    duty.sign_on(actor, next(room.id for room in rooms.list_rooms(actor) if room.name == name))
    _stay(actor, until)


@verb
def _stay(actor: Actor, until: datetime) -> None:
    browser = f"demonstration-{actor.staff_id}"  # no token hashes to this: nobody can sign in with it
    session.add(
        LoginSession(
            token_hash=browser, staff_id=actor.staff_id, site_id=actor.site_id, created_at=clock.now(), seen_at=until
        )
    )
