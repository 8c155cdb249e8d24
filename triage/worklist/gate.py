"""Who may call: known scanners, from where they stand, over TLS where that is asked for. Every call is recorded."""

import ipaddress
import logging
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from pynetdicom import evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from triage.db import session
from triage.models import Scanner
from triage.services import scanners
from triage.services.accounts import system_actor
from triage.services.audit import record_read

log = logging.getLogger(__name__)

#: Why a call is refused, and how DICOM says so: result, source, diagnostic (PS3.8, table 9-21).
WRONG_NAME, UNKNOWN, ELSEWHERE, NOT_SECURE, AWAY, CROWDED = (
    "called_title", "calling_title", "address", "not_secure", "database_away", "too_many",
)  # fmt: skip
ANSWERS = {
    WRONG_NAME: (1, 1, 7), UNKNOWN: (1, 1, 3), ELSEWHERE: (1, 1, 3), NOT_SECURE: (1, 1, 1), AWAY: (2, 3, 1),
}  # fmt: skip
#: The same refusal is written once in so many seconds, with how often it came: a program that tries all day fills
#: no trail. So many different ones are remembered at most.
AGAIN_AFTER, REMEMBERED = 60.0, 1000


@dataclass
class Refusals:
    """How often each caller was refused since it was last written down."""

    seen: dict[tuple[str, str, str], tuple[float, int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, key: tuple[str, str, str], now: float) -> int:
        """Return how many refusals to write down now; 0 where the last was written a moment ago."""
        with self.lock:
            last, times = self.seen.get(key, (-AGAIN_AFTER, 0))
            due = now - last >= AGAIN_AFTER
            if key not in self.seen and len(self.seen) >= REMEMBERED:
                self.seen.clear()
            self.seen[key] = (now, 0) if due else (last, times + 1)
            return times + 1 if due else 0


_refusals = Refusals()


@dataclass(frozen=True)
class Call:
    """What is known of a caller before anything is answered."""

    called: str
    calling: str
    address: str
    secure: bool
    from_here: bool

    @classmethod
    def of(cls, event: evt.Event) -> "Call":
        """Return the call of a requested association."""
        asked: Any = event.assoc.requestor.primitive
        connection: Any = event.assoc.dul.socket.socket  # type: ignore[union-attr]
        address = plain(event.assoc.requestor.address)
        local = plain(connection.getsockname()[0])
        return cls(
            asked.called_ae_title.strip(), asked.calling_ae_title.strip(), address,
            isinstance(connection, ssl.SSLSocket), address == local,
        )  # fmt: skip


def on_requested(event: evt.Event) -> None:
    """Refuse who may not call before anything else is looked at; whatever goes wrong here refuses too."""
    why, call = AWAY, None
    try:
        call = Call.of(event)
        why = _examine(event, call)
    except Exception as error:
        log.error("worklist: a call could not be examined: %s", type(error).__name__)
    finally:
        session.remove()
    if why:
        event.assoc.acse.send_reject(*ANSWERS[why])
        event.assoc.kill()
        if call:
            note_refused(call.calling, call.address, why)


def _examine(event: evt.Event, call: Call) -> str:
    """Return why the call is refused, "" where it is not; then it is recorded."""
    own = event.assoc.acceptor.ae_title.strip()
    if call.called != own:
        return WRONG_NAME
    if call.calling == own and call.from_here:  # the health check of this machine: may ask whether we live, no more
        contexts = event.assoc.acceptor.supported_contexts
        event.assoc.acceptor.supported_contexts = [one for one in contexts if one.abstract_syntax == Verification]
        return ""
    scanner = scanners.find(call.calling)
    why = UNKNOWN if scanner is None else _refused(scanner, call)
    if scanner is None or why:
        return why
    actor = scanners.machine(scanner.site_id, scanner.name)
    record_read(actor, "worklist_called", ae_title=call.calling, address=call.address, secure=call.secure)
    log.info("worklist: %s called from %s", call.calling, call.address)
    return ""


def _refused(scanner: Scanner, call: Call) -> str:
    if scanner.host and call.address not in addresses(scanner.host):
        return ELSEWHERE
    return NOT_SECURE if scanner.tls and not call.secure else ""


def addresses(host: str) -> set[str]:
    """Return the addresses of a host given by name or number; none where the name is not known."""
    try:
        return {plain(str(found[4][0])) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return set()


def plain(address: str) -> str:
    """Return an address in one form, an IPv4 one as such also where it came through IPv6."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def note_refused(calling: str, address: str, why: str) -> None:
    """Write a refusal down, in the trail of the scanner's site, else of the first; a repeated one now and then."""
    times = _refusals.count((calling, address, why), time.monotonic())
    if not times:
        return
    log.warning("worklist: %r refused from %s: %s", calling, address, why)
    try:
        scanner = scanners.find(calling)
        actor = scanners.machine(scanner.site_id, scanner.name) if scanner else system_actor("worklist")
        record_read(actor, "worklist_refused", ae_title=calling, address=address, why=why, times=times)
    except Exception as error:
        log.error("worklist: the refusal was not recorded: %s", type(error).__name__)
    finally:
        session.remove()
