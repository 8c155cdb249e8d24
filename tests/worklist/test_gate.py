"""Who may call the worklist, and what nobody who may not can do to it."""

import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pynetdicom.sop_class import ModalityWorklistInformationFind, Verification
from sqlalchemy.exc import OperationalError

from tests.builders import Clinic
from tests.served import free_port
from tests.services.test_imaging import ordered
from tests.worklist.machines import add_scanner, ask, calling, recorded, served
from triage import db
from triage.services import scanners
from triage.worklist import checking, gate, server
from triage.worklist.server import Ports, Process


@pytest.fixture(autouse=True)
def no_refusals_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin with nobody refused."""
    monkeypatch.setattr(gate, "_refusals", gate.Refusals())


@pytest.fixture
def process(app: Flask, clinic: Clinic) -> Iterator[Process]:
    """Serve a clinic with an X-ray machine."""
    add_scanner(clinic.admin)
    with served() as running:
        yield running


def why_refused(process: Process, ae_title: str = "XRAY1", called: str = "TRIAGE") -> str:
    """Call and return the reason that the trail gives for the refusal, "" where the call was taken."""
    before = len(recorded("worklist_refused"))
    with calling(process, ae_title, called) as call:
        taken = call.is_established
        assert taken or call.is_rejected
    wait_until(lambda: taken or len(recorded("worklist_refused")) > before)
    return "" if taken else recorded("worklist_refused")[-1]["why"]


def wait_until(true: object) -> None:
    """Wait until the process has done what it does after its answer."""
    for _ in range(3000):
        if true():  # type: ignore[operator]
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come to that")


def test_a_known_scanner_is_answered(process: Process) -> None:
    with calling(process) as call:
        assert call.send_c_echo().Status == 0
    assert recorded("worklist_called")[-1]["ae_title"] == "XRAY1"


def test_who_is_not_known_or_calls_somebody_else_is_refused_and_it_is_recorded(
    process: Process, clinic: Clinic
) -> None:
    assert why_refused(process, "EVIL") == "calling_title"
    assert why_refused(process, called="ORTHANC") == "called_title"
    gone = add_scanner(clinic.admin, "GONE")
    scanners.retire(clinic.admin, gone)
    assert why_refused(process, "GONE") == "calling_title"
    assert recorded("worklist_called") == []


def test_a_scanner_may_call_from_its_own_address_only(process: Process, clinic: Clinic) -> None:
    add_scanner(clinic.admin, "THERE", host="192.0.2.7")
    add_scanner(clinic.admin, "HERE", host="localhost")
    assert why_refused(process, "THERE") == "address"
    assert why_refused(process, "HERE") == ""


def test_addresses_are_compared_in_one_form() -> None:
    assert gate.plain("::ffff:192.0.2.7") == "192.0.2.7"
    assert gate.addresses("192.0.2.7") == {"192.0.2.7"}
    assert gate.addresses("") <= {"127.0.0.1", "::1"}


def test_a_scanner_that_is_taken_out_of_use_while_it_calls_is_told_nothing_more(
    process: Process, clinic: Clinic
) -> None:
    ordered(clinic)
    scanner_id = add_scanner(clinic.admin, "XRAY9")
    with calling(process, "XRAY9") as call:
        scanners.retire(clinic.admin, scanner_id)
        answers = list(call.send_c_find(checking_identifier(), ModalityWorklistInformationFind))
    assert [status.Status for status, _ in answers] == [0xA900]


def checking_identifier() -> object:
    from tests.worklist.machines import identifier

    return identifier()


def test_while_the_database_is_away_nobody_is_let_in(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_title: str) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(gate.scanners, "find", away)
    with calling(process) as call:
        assert call.is_rejected


def test_a_program_that_tries_all_day_fills_no_trail(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "AGAIN_AFTER", 1000.0)
    monkeypatch.setattr(gate.time, "monotonic", lambda: 5000.0)
    for _ in range(3):
        with calling(process, "EVIL") as call:
            assert call.is_rejected
    wait_until(lambda: gate._refusals.seen.get(("EVIL", "127.0.0.1", "calling_title"), (0, 0))[1] == 2)
    monkeypatch.setattr(gate.time, "monotonic", lambda: 7000.0)
    with calling(process, "EVIL") as call:
        assert call.is_rejected
    wait_until(lambda: len(recorded("worklist_refused")) == 2)
    assert [one["times"] for one in recorded("worklist_refused")] == [1, 3]


def test_the_health_check_is_answered_from_this_machine_and_may_ask_for_nothing_else(process: Process) -> None:
    assert checking.answers(process.ports)
    with calling(process, "TRIAGE") as call:
        assert [context.abstract_syntax for context in call.accepted_contexts] == [Verification]
    assert recorded("worklist_called") == []


def test_twenty_five_silent_connections_keep_no_scanner_waiting(
    process: Process, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = ordered(clinic)
    monkeypatch.setattr(server, "CALL_SECONDS", 30.0)  # that they are all there at once does not hang on the machine
    with served() as patient:
        silent = [socket.create_connection(("127.0.0.1", patient.ports.port)) for _ in range(25)]
        try:
            wait_until(lambda: len(patient.calls) == 25)
            assert [item.AccessionNumber for item in ask(patient)] == [order.accession]
        finally:
            for connection in silent:
                connection.close()


def test_one_call_too_many_is_turned_away_and_it_is_recorded(
    process: Process, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_CALLS", 1)
    with served() as narrow, calling(narrow) as first:
        assert first.is_established
        assert why_refused(narrow) == "too_many"


def test_a_silent_connection_is_cut_off(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    process.stop()
    monkeypatch.setattr(server, "CALL_SECONDS", 0.2)
    with served() as quick, socket.create_connection(("127.0.0.1", quick.ports.port)) as silent:
        silent.settimeout(10)
        assert silent.recv(1) == b""


def test_a_part_that_claims_to_be_too_long_is_not_read(process: Process) -> None:
    with socket.create_connection(("127.0.0.1", process.ports.port)) as connection:
        connection.sendall(struct.pack(">BBL", 1, 0, 2**31) + b"x" * 1000)
        connection.settimeout(10)
        try:
            while connection.recv(4096):
                pass
        except ConnectionResetError:
            pass  # it hung up with our bytes unread
    with calling(process) as call:
        assert call.is_established


def test_ten_scanners_are_answered_at_once(process: Process, clinic: Clinic) -> None:
    accessions = [ordered(clinic).accession for _ in range(5)]
    names = [f"XR{number}" for number in range(10)]
    for name in names:
        add_scanner(clinic.admin, name)
    told: dict[str, list[str]] = {}
    together = threading.Barrier(10)

    def one(name: str) -> None:
        together.wait()
        told[name] = [item.AccessionNumber for item in ask(process, name)]

    threads = [threading.Thread(target=one, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == dict.fromkeys(names, accessions)
    assert len(recorded("worklist_asked")) == 10


def test_a_call_under_way_ends_before_the_process_does(process: Process) -> None:
    with calling(process) as call:
        stopping = threading.Thread(target=process.stop)
        stopping.start()
        assert call.send_c_echo().Status == 0
        call.release()
        stopping.join()
    assert process.calls == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", process.ports.port))


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an authority, a certificate of it for us and for a scanner, and one of nobody's."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "stranger"):
        openssl(
            *f"req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem -days 2 -subj /CN={name}".split()
        )
    for name in ("ours", "scanner"):
        openssl(*f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}".split())
        openssl(*f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 2".split())
    return folder


def ports(folder: Path, name: str = "ours", **more: int) -> Ports:
    files = {"certificate": f"{name}.pem", "key": f"{name}.key", "authority": "ca.pem"}
    return Ports(**{what: str(folder / file) for what, file in files.items()}, **more)  # type: ignore[arg-type]


@pytest.mark.dcmtk
def test_a_scanner_of_tls_is_answered_over_tls_alone(app: Flask, clinic: Clinic, certificates: Path) -> None:
    add_scanner(clinic.admin, "SAFE", tls=True)
    ours = ports(certificates, port=free_port(), tls_port=free_port())
    with served(**vars(ours)) as process:
        assert why_refused(process, "SAFE") == "not_secure"
        with socket.create_connection(("127.0.0.1", ours.tls_port)):  # says nothing, not even hello
            tls = ports(certificates, "scanner").context(server.ssl.Purpose.SERVER_AUTH)
            with calling(process, "SAFE", port=ours.tls_port, tls_args=(tls, "worklist")) as call:
                assert call.send_c_echo().Status == 0
        assert recorded("worklist_called")[-1]["secure"] is True
        stranger = ports(certificates, "stranger").context(server.ssl.Purpose.SERVER_AUTH)
        with (
            socket.create_connection(("127.0.0.1", ours.tls_port)) as plain,
            pytest.raises(OSError, match="alert"),
            stranger.wrap_socket(plain, server_hostname="worklist") as secure,
        ):
            secure.recv(1)
        assert checking.answers(Ports(**vars(ours) | {"port": 0}))
    db.session.remove()


def test_tls_without_its_files_does_not_start(app: Flask) -> None:
    with pytest.raises(ValueError, match="TRIAGE_WORKLIST_CA"):
        Process(Ports(port=0, tls_port=free_port())).start()
    with pytest.raises(ValueError, match="no port"):
        Process(Ports(port=0)).start()
