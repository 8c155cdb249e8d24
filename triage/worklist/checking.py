"""Does the worklist on this machine answer? A C-ECHO in its own name, which only this machine may use."""

import ssl

from pynetdicom import AE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from triage.worklist.server import Ports

#: Seconds until the answer is no.
PATIENCE = 5.0
#: What listens everywhere is asked here.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared, not listened on


def answers(ports: Ports) -> bool:
    """Tell whether the process answers at its port, over TLS where it has no other."""
    entity = AE(ae_title=ports.ae_title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = PATIENCE
    entity.add_requested_context(Verification)
    host, port = _EVERYWHERE.get(ports.host, ports.host), ports.port or ports.tls_port
    secure = None if ports.port else (ports.context(ssl.Purpose.SERVER_AUTH), host)
    call = entity.associate(host, port, ae_title=ports.ae_title, tls_args=secure)
    if not call.is_established:
        return False
    said = call.send_c_echo()
    call.release()
    return bool(said) and said.Status == 0
