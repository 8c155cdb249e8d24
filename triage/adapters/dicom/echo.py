"""Asking a scanner whether it hears us: one C-ECHO, with a clear answer for each way in which that can fail."""

import socket
import ssl
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from triage.domain import machines
from triage.domain.machines import Reached

#: Seconds for the connection, and for each answer.
PATIENCE = 2.0


def echo(host: str, port: int, called: str, calling: str, context: ssl.SSLContext | None = None) -> Reached:
    """Ask the scanner ``called`` at an address in our name ``calling``; over TLS where there is a context."""
    unreached = _knock(host, port, context)
    if unreached:
        return Reached(unreached)
    entity = AE(ae_title=calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = PATIENCE
    entity.add_requested_context(Verification)
    call = associate(entity, host, port, ae_title=called, tls_args=(context, host) if context else None)
    try:
        return _result(call, context is not None)
    finally:
        if call.is_established:
            call.release()


def associate(entity: AE, host: str, port: int, **more: Any) -> Association:
    """Call somebody, as the library does; who was refused is told so.

    Where the refusal had come, and closed the line, before the library looked whether there was one, it says aborted.
    """
    heard: list[type] = []
    listening = (evt.EVT_PDU_RECV, lambda event: heard.append(type(event.pdu)))
    call = entity.associate(host, port, evt_handlers=[listening, *more.pop("evt_handlers", ())], **more)
    call.is_rejected = call.is_rejected or A_ASSOCIATE_RJ in heard
    return call


def _knock(host: str, port: int, context: ssl.SSLContext | None) -> str:
    """Open a connection and close it again; return why that does not go, "" where it does."""
    refused: list[tuple[type[Exception], str]] = [
        (socket.gaierror, machines.NO_HOST), (UnicodeError, machines.NO_HOST), (ssl.SSLError, machines.NO_TLS),
        (ConnectionRefusedError, machines.CLOSED), (OSError, machines.SILENT),
    ]  # fmt: skip
    try:
        with socket.create_connection((host, port), PATIENCE) as plain:
            if context:
                with context.wrap_socket(plain, server_hostname=host):
                    pass
    except (OSError, UnicodeError) as error:
        return next(word for kind, word in refused if isinstance(error, kind))
    return ""


def _result(call: Association, secure: bool) -> Reached:
    if call.is_rejected:
        return Reached(machines.REJECTED)
    if not call.is_established:
        return Reached(machines.NO_TLS if secure else machines.NOT_DICOM)  # it may refuse our certificate only now
    said = call.send_c_echo()
    return Reached(machines.REACHED if said and said.Status == 0 else machines.NO_ECHO)
