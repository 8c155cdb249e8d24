"""The process: its ports, its limits, what it answers, and how it stops."""

import logging
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pydicom
from pydicom import Dataset
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    Verification,
)
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from triage.db import session
from triage.worklist import find, gate, mpps

log = logging.getLogger(__name__)

#: Open calls at most. Who connects and says nothing is cut off after CALL_SECONDS, who falls silent after IDLE_SECONDS.
MOST_CALLS, CALL_SECONDS, IDLE_SECONDS = 50, 5.0, 60.0
#: The longest single message part that is read, in bytes; we ask for 16 kB, and only a call's first part may be longer.
LONGEST_PART = 131_072
#: So many threads at most, also before a call is counted as one.
MOST_THREADS = 400
#: Seconds that answers under way have when the process is told to stop.
GRACE = 10.0
#: A message could not be worked on (PS3.7, C.5.19).
PROCESSING_FAILURE = 0x0110

Handler = Callable[[evt.Event], tuple[int | Dataset, Dataset | None]]


@dataclass(frozen=True)
class Ports:
    """Where to listen, and with which certificates."""

    ae_title: str = "TRIAGE"
    host: str = "127.0.0.1"
    port: int = 11112  # 0: none
    tls_port: int = 0  # 0: none
    certificate: str = ""
    key: str = ""
    authority: str = ""

    def context(self, purpose: ssl.Purpose = ssl.Purpose.CLIENT_AUTH) -> ssl.SSLContext:
        """Return the TLS settings, for listening or (SERVER_AUTH) for calling: both sides show a certificate.

        Raises ValueError where a file is not named, OSError where one cannot be read.
        """
        if not (self.certificate and self.key and self.authority):
            raise ValueError("TLS needs TRIAGE_WORKLIST_CERTIFICATE, TRIAGE_WORKLIST_KEY and TRIAGE_WORKLIST_CA")
        context = ssl.create_default_context(purpose, cafile=self.authority)
        context.check_hostname = False  # scanners are known by address and title; the authority is the clinic's own
        context.verify_mode = ssl.CERT_REQUIRED
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        return context


class _Socket(AssociationSocket):
    """A connection that reads no part longer than it should be: the library would take four gigabytes."""

    def recv(self, nr_bytes: int) -> bytearray:
        """Return so many bytes; raises OSError, which ends the connection, where that is too many."""
        if nr_bytes > LONGEST_PART:
            raise OSError("a part that is too long")
        return super().recv(nr_bytes)


class _Call(RequestHandler):
    """One connection. The TLS handshake is made here, in its own thread: a silent caller holds up nobody else."""

    def handle(self) -> None:
        """Make the handshake where there is one, then listen."""
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(CALL_SECONDS)
            self.request.do_handshake()
        self.request.settimeout(IDLE_SECONDS)
        super().handle()

    def _create_association(self) -> Association:
        association = super()._create_association()
        association.dul.socket.__class__ = _Socket  # the library leaves no other way to give it one of our own
        return association


class _Listener(ThreadedAssociationServer):
    """A port."""

    daemon_threads = True
    request_queue_size = 128

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection, without waiting for what the other side has to say."""
        client, address = self.socket.accept()  # type: ignore[union-attr]
        if self.ssl_context:
            client = self.ssl_context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
        return client, address

    def verify_request(self, request: object, client_address: object) -> bool:
        """Turn away who would be one too many."""
        return threading.active_count() < MOST_THREADS

    def handle_error(self, request: object, client_address: Any) -> None:
        """Say that a connection came to nothing: no handshake, no certificate."""
        log.warning("worklist: a connection from %s failed", client_address[0])


@dataclass
class Process:
    """The listening process."""

    ports: Ports
    listeners: list[ThreadedAssociationServer] = field(default_factory=list)

    def start(self) -> None:
        """Listen on each port that is wanted; raises OSError for one that is taken, ValueError where there is none."""
        _quiet()
        wanted: list[tuple[int, ssl.SSLContext | None]] = [(self.ports.port, None)] if self.ports.port else []
        if self.ports.tls_port:
            wanted.append((self.ports.tls_port, self.ports.context()))
        if not wanted:
            raise ValueError("the worklist has no port: set TRIAGE_WORKLIST_PORT or TRIAGE_WORKLIST_TLS_PORT")
        entity = _entity(self.ports.ae_title)
        try:
            for port, context in wanted:
                self.listeners.append(_listen(entity, (self.ports.host, port), context))
        except OSError:
            self.stop(0)
            raise

    def stop(self, grace: float = GRACE) -> None:
        """Take no more calls, let answers under way come to their end for ``grace`` seconds, then end what is left."""
        for listener in self.listeners:
            socketserver.BaseServer.shutdown(listener)
            listener.server_close()
        until = time.monotonic() + grace
        while any(call.is_established for call in self.calls) and time.monotonic() < until:
            time.sleep(0.05)
        for call in self.calls:
            if call.is_established:
                call.abort()
            else:  # who has not said yet who they are: as if their time were up
                queue: Any = call.dul.to_user_queue  # the library's own sign, which its types do not name
                queue.put(None)
        self.listeners = []

    @property
    def calls(self) -> list[Association]:
        """Return the open calls."""
        return [call for listener in self.listeners for call in listener.active_associations]


def _quiet() -> None:
    """Keep the library from writing what it is asked and answers: names are in it."""
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE  # we look at each key ourselves


def _entity(ae_title: str) -> AE:
    entity = AE(ae_title=ae_title)
    entity.maximum_associations = MOST_CALLS
    entity.acse_timeout, entity.dimse_timeout, entity.network_timeout = CALL_SECONDS, IDLE_SECONDS, IDLE_SECONDS
    for supported in (
        Verification,
        ModalityWorklistInformationFind,
        ModalityPerformedProcedureStep,
    ):
        entity.add_supported_context(supported)
    return entity


def _listen(entity: AE, address: tuple[str, int], context: ssl.SSLContext | None) -> ThreadedAssociationServer:
    handlers: list[Any] = [
        (evt.EVT_REQUESTED, gate.on_requested),
        (evt.EVT_REJECTED, _on_crowd),
        (evt.EVT_C_FIND, find.on_find),
        *((event, _apart(handler)) for event, handler in mpps.HANDLERS),
    ]
    listener = entity.make_server(
        address, ssl_context=context, evt_handlers=handlers, server_class=_Listener, request_handler=_Call
    )
    threading.Thread(target=listener.serve_forever, args=(0.1,), name=f"worklist {address[1]}", daemon=True).start()
    return listener


def _on_crowd(event: evt.Event) -> None:
    """Write down that a known scanner was turned away because too many call: the library refuses only that."""
    gate.note_refused(event.assoc.requestor.ae_title, gate.plain(event.assoc.requestor.address), gate.CROWDED)


def _apart(handler: Handler) -> Handler:
    """Give a handler a session of its own; what it did not foresee is a failure that the scanner is told of."""

    def run(event: evt.Event) -> tuple[int | Dataset, Dataset | None]:
        try:
            return handler(event)
        except Exception as error:
            log.error("worklist: unexpected %s from %s", type(error).__name__, event.assoc.requestor.ae_title)
            return PROCESSING_FAILURE, None
        finally:
            session.remove()

    return run
