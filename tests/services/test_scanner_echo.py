"""A connection to a scanner is tried on the spot, and each way in which it can fail is told apart within seconds."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread

import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import ModalityWorklistInformationFind, Verification
from sqlalchemy import select

from tests.builders import Clinic
from tests.served import free_port
from triage.adapters.dicom.echo import associate
from triage.db import session
from triage.domain import machines
from triage.domain.errors import NotAllowed, Refused
from triage.domain.machines import BUSY, REACHED, SILENT, Reached, ScannerValues
from triage.models import AuditEvent
from triage.services import reach, scanners
from triage.services.scanners import Caller

US = Caller("TRIAGE")


@contextmanager
def scanner_at(title: str = "CT1", context: object = Verification) -> Iterator[int]:
    """Run a scanner that answers to its own title alone; yield its port."""
    entity, port = AE(ae_title=title), free_port()
    entity.require_called_aet = True
    entity.add_supported_context(context)
    server = entity.start_server(("127.0.0.1", port), block=False)
    try:
        yield port
    finally:
        server.shutdown()


def tried(clinic: Clinic, port: int | None, host: str = "127.0.0.1", tls: bool = False) -> str:
    made = scanners.add(clinic.admin, ScannerValues("CT 1", "CT1", "ct", "utf8", host=host, port=port, tls=tls))
    return scanners.test(clinic.admin, made, US).outcome


def test_a_scanner_that_hears_us_is_reached_and_the_try_is_recorded(clinic: Clinic) -> None:
    with scanner_at() as port:
        assert tried(clinic, port) == REACHED
    assert "scanner_tested" in session.scalars(select(AuditEvent.name)).all()


def test_a_scanner_with_another_title_refuses(clinic: Clinic) -> None:
    with scanner_at("CT2") as port:
        assert tried(clinic, port) == machines.REJECTED


def test_a_refusal_is_one_also_where_it_was_there_before_anybody_looked() -> None:
    closed = Event()

    def look_late(_event: object) -> None:
        assert closed.wait(20)

    entity = AE()
    entity.add_requested_context(Verification)
    handlers = [(evt.EVT_REQUESTED, look_late), (evt.EVT_CONN_CLOSE, lambda _event: closed.set())]
    with scanner_at("CT2") as port:
        call = associate(entity, "127.0.0.1", port, ae_title="CT1", evt_handlers=handlers)
    assert (call.is_rejected, call.is_established) == (True, False)


def test_a_machine_without_the_test_is_told_apart(clinic: Clinic) -> None:
    with scanner_at(context=ModalityWorklistInformationFind) as port:
        assert tried(clinic, port) == machines.NOT_DICOM


def test_nobody_at_the_port_and_no_machine_of_the_name(clinic: Clinic) -> None:
    assert tried(clinic, free_port()) == machines.CLOSED
    scanners.retire(clinic.admin, scanners.list_scanners(clinic.admin)[0].id)
    other = ScannerValues("CT 2", "CT2", "ct", "utf8", host="no-such-host.invalid", port=104)
    assert scanners.test(clinic.admin, scanners.add(clinic.admin, other), US).outcome == machines.NO_HOST


def test_what_takes_the_connection_and_says_nothing_is_left_after_seconds(clinic: Clinic) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        assert tried(clinic, silent.getsockname()[1]) == machines.NOT_DICOM


def test_a_scanner_without_tls_is_not_spoken_to_where_tls_is_asked_for(clinic: Clinic) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as plain:

        def answer() -> None:
            peer, _ = plain.accept()
            peer.sendall(b"HTTP/1.0 400 Bad\r\n\r\n")
            peer.close()

        Thread(target=answer, daemon=True).start()
        assert tried(clinic, plain.getsockname()[1], tls=True) == machines.NO_TLS


def test_only_an_administrator_tries_and_only_what_has_an_address(clinic: Clinic) -> None:
    made = scanners.add(clinic.admin, ScannerValues("CT 1", "CT1", "ct", "utf8", host="127.0.0.1"))
    with pytest.raises(Refused, match="no_address"):
        scanners.test(clinic.admin, made, US)
    with pytest.raises(NotAllowed):
        scanners.test(clinic.radiographer, made, US)


def test_a_call_that_hangs_lets_nobody_wait_longer_and_few_can_hang_at_once() -> None:
    go_on = Event()

    def hang() -> Reached:
        go_on.wait(10)
        return Reached(REACHED)

    try:
        assert [reach.within(hang, 0.01).outcome for _ in range(reach.AT_ONCE)] == [SILENT] * reach.AT_ONCE
        assert reach.within(hang, 0.01).outcome == BUSY
    finally:
        go_on.set()
    outcome = BUSY
    while outcome == BUSY:  # until the two have given their places back
        outcome = reach.within(lambda: Reached(REACHED)).outcome
    assert outcome == REACHED
