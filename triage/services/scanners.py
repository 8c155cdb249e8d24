"""The clinic's imaging machines: who they are when they call, and in whose name they write."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import MACHINE, Actor
from triage.domain.charsets import CHARSETS
from triage.domain.errors import NotAllowed, NotFound, Refused
from triage.domain.machines import NO_TLS, Reached, ScannerValues, is_ae_title, is_host
from triage.models import Room, Scanner, Site
from triage.services import reach
from triage.services.audit import lock_site, record, record_read
from triage.services.encounters import check_version, touch

#: Machines of one site that are in use; one that is gone is retired.
MOST = 100
HIGHEST_PORT = 65535


def find(ae_title: str) -> Scanner | None:
    """Return the scanner in use that bears this AE title, None where there is none; spaces around it do not count."""
    query = select(Scanner).where(Scanner.ae_title == ae_title.strip(), Scanner.retired_at.is_(None))
    return session.scalar(query.options(joinedload(Scanner.room)))


def machine(site_id: str, name: str) -> Actor:
    """Return the actor in whose name a machine of a site writes: its name, no staff id, no person's role."""
    site = session.get_one(Site, site_id)
    return Actor("", name, site.organisation_id, site.id, site.name, site.time_zone, frozenset({MACHINE}))


def list_scanners(actor: Actor) -> Sequence[Scanner]:
    """Return the site's scanners with their rooms, by name, those that were retired at the end."""
    query = select(Scanner).where(Scanner.site_id == actor.site_id).options(joinedload(Scanner.room))
    return session.scalars(query.order_by(Scanner.retired_at.is_not(None), Scanner.name, Scanner.id)).all()


def get(actor: Actor, scanner_id: str) -> Scanner:
    """Return a scanner of the actor's site with its room; raises NotFound for any other."""
    here = (Scanner.id == scanner_id, Scanner.site_id == actor.site_id)
    found = session.scalar(select(Scanner).where(*here).options(joinedload(Scanner.room)))
    if found is None:
        raise NotFound("scanner")
    return found


@verb
def add(actor: Actor, values: ScannerValues) -> str:
    """Add a scanner and return its id; raises Refused for values that no scanner can have, or a title that is taken."""
    _only_managers(actor)
    lock_site(session(), actor.site_id)
    in_use = select(Scanner.id).where(Scanner.site_id == actor.site_id, Scanner.retired_at.is_(None))
    if len(session.scalars(in_use.limit(MOST)).all()) == MOST:
        raise Refused("too_many_scanners", count=MOST)
    _check(actor, values)
    scanner = Scanner(site_id=actor.site_id, **vars(values))
    touch(actor, scanner)
    session.add(scanner)
    _write()
    record(actor, "scanner_added", scanner=scanner.id, values=vars(values))
    return scanner.id


@verb
def change(actor: Actor, scanner_id: str, version: int, values: ScannerValues) -> None:
    """Describe a scanner anew; raises Stale when somebody was faster. From the next call on it counts."""
    _only_managers(actor)
    scanner = _for_writing(actor, scanner_id)
    check_version(scanner, version)
    _check(actor, values, scanner_id)
    before = _values_of(scanner)
    if before == vars(values):
        return
    for name, value in vars(values).items():
        setattr(scanner, name, value)
    touch(actor, scanner)
    _write()
    changed = {name for name, value in vars(values).items() if before[name] != value}
    was, now = ({name: kept[name] for name in changed} for kept in (before, vars(values)))
    record(actor, "scanner_changed", scanner=scanner.id, before=was, after=now)


@verb
def retire(actor: Actor, scanner_id: str, back: bool = False) -> None:
    """Answer a scanner no longer, or (``back``) again; it keeps its AE title, and what it did keeps its name."""
    _only_managers(actor)
    scanner = _for_writing(actor, scanner_id)
    if (scanner.retired_at is None) == back:
        return  # a second press
    scanner.retired_at = None if back else clock.now()
    touch(actor, scanner)
    record(actor, "scanner_restored" if back else "scanner_retired", scanner=scanner.id)


@dataclass(frozen=True)
class Caller:
    """As whom we call a scanner: our AE title, and what a connection over TLS needs."""

    ae_title: str
    certificate: str = ""
    key: str = ""
    authority: str = ""

    def context(self, purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH) -> ssl.SSLContext:
        """Return what a connection over TLS is made with; raises OSError where a file cannot be read."""
        made = ssl.create_default_context(purpose, cafile=self.authority or None)
        made.check_hostname = False  # a scanner's certificate seldom names its address; its authority must be ours
        made.verify_mode = ssl.CERT_REQUIRED
        if self.certificate:
            made.load_cert_chain(self.certificate, self.key or None)
        return made


def test(actor: Actor, scanner_id: str, caller: Caller) -> Reached:
    """Ask a scanner of the list whether it hears us (C-ECHO), and return what came of it.

    Raises Refused where it has no address. Only what is saved is called: nobody searches the network from here. That
    it was tried is recorded.
    """
    _only_managers(actor)
    scanner = get(actor, scanner_id)
    if not scanner.host or scanner.port is None:
        raise Refused("no_address")
    session.close()  # no transaction is open while a machine is waited for
    found = reach.within(lambda: _call(scanner, caller))
    record_read(actor, "scanner_tested", scanner=scanner_id, outcome=found.outcome)
    return found


def _call(scanner: Scanner, caller: Caller) -> Reached:
    from triage.adapters.dicom.echo import echo  # late: every other request has no use for the library

    try:
        context = caller.context() if scanner.tls else None
    except OSError as error:
        return Reached(NO_TLS, str(error))
    return echo(scanner.host, scanner.port or 0, scanner.ae_title, caller.ae_title, context)


def _only_managers(actor: Actor) -> None:
    if not actor.may("scanners:manage"):
        raise NotAllowed("not_allowed")


def _for_writing(actor: Actor, scanner_id: str) -> Scanner:
    lock_site(session(), actor.site_id)
    return get(actor, scanner_id)


def _values_of(scanner: Scanner) -> dict[str, Any]:
    return {name: getattr(scanner, name) for name in ScannerValues.__dataclass_fields__}


def _write() -> None:
    """Send the scanner to the database, which knows the titles of every site; raises Refused for one that is taken."""
    try:
        session.flush()
    except IntegrityError as error:
        raise Refused("ae_title_taken") from error


def _check(actor: Actor, values: ScannerValues, scanner_id: str = "") -> None:
    refusals = {
        "name_needed": not values.name.strip(),
        "not_an_ae_title": not is_ae_title(values.ae_title),
        "not_a_host": bool(values.host) and not is_host(values.host),
        "not_a_port": values.port is not None and not 0 < values.port <= HIGHEST_PORT,
        "not_a_choice": values.charset not in CHARSETS or values.modality not in _modalities(),
    }
    for code, wrong in refusals.items():
        if wrong:
            raise Refused(code)
    room = session.get(Room, values.room_id) if values.room_id else None
    if values.room_id and (room is None or room.site_id != actor.site_id):
        raise Refused("not_a_choice")
    same = select(Scanner.id).where(Scanner.ae_title == values.ae_title, Scanner.id != scanner_id)
    if session.scalar(same) is not None:
        raise Refused("ae_title_taken")


def _modalities() -> set[str]:
    return {known.id for known in knowledge.load().modalities if known.on_site}
