"""``./dev bench worklist``: how long a scanner waits for its list, beside a bare program that holds the list in memory.

DCMTK's findscu asks, as a scanner does: each figure is from its start to its end, the call and the release among it.
"""

import argparse
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydicom import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE, evt
from pynetdicom.sop_class import ModalityWorklistInformationFind
from sqlalchemy import insert

from bench import measure, stored
from bench.measure import seconds, table
from tests.peers import dcmtk_path
from tests.served import free_port
from triage import clock, db, migrate
from triage.adapters.dicom import answering, asking
from triage.db import new_id, session
from triage.demo import loading
from triage.domain.access import Actor
from triage.models import Appointment, Encounter, ImagingOrder, Patient, Scanner, Staff
from triage.services import accounts, audit, worklist
from triage.services.organisations import today
from triage.worklist.server import Ports, Process

#: Examinations that wait, those of them on one day in one room, and those that are done.
WAITING, DAILY, DONE = 1_000, 37, 20_000
REPEATS = 15
STEP = "ScheduledProcedureStepSequence[0]"
KEYS = (
    "SpecificCharacterSet=ISO_IR 192", "AccessionNumber", "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
    "StudyInstanceUID", "RequestedProcedureID", "RequestedProcedureDescription", "MedicalAlerts", "Allergies",
    "PregnancyStatus", f"{STEP}.Modality", f"{STEP}.ScheduledStationAETitle", f"{STEP}.ScheduledProcedureStepStartTime",
    f"{STEP}.ScheduledProcedureStepID", f"{STEP}.ScheduledProcedureStepDescription",
)  # fmt: skip


def fill(waiting: int, done: int) -> Scanner:
    """Put examinations that wait, and some that are done, into the clinic; return the scanner that most are for."""
    actor = accounts.system_actor()
    staff = session.query(Staff.id).first()[0]
    scanner = Scanner(
        id=new_id(), site_id=actor.site_id, name="X-ray 1", ae_title="BENCH", modality="xray", charset="utf8"
    )
    tables: dict[Any, list[dict[str, Any]]] = {Patient: [], Encounter: [], ImagingOrder: [], Appointment: []}
    for number in range(waiting + done):
        for model, row in _rows(actor, staff, scanner.id, number, waiting).items():
            tables[model].append(row)
    engine = session.get_bind()
    session.remove()
    with engine.begin() as connection:  # type: ignore[union-attr]
        values = {column.key: getattr(scanner, column.key) for column in Scanner.__table__.columns}
        connection.execute(
            insert(Scanner), {**values, "version": 1, "updated_by": "", "tls": False, "mpps": True, "host": ""}
        )
        for model, rows in tables.items():
            connection.execute(insert(model), rows)
    return scanner


def _rows(actor: Actor, staff: str, scanner: str, number: int, waiting: int) -> dict[Any, dict[str, Any]]:
    now, waits = clock.now(), number < waiting
    ids = {"site_id": actor.site_id, "version": 1, "updated_by": ""}
    patient, encounter, order = new_id(), new_id(), new_id()
    day = today(actor.site_id) + timedelta(days=number // DAILY)
    starts = datetime.combine(day, time(9, number % DAILY), ZoneInfo(actor.time_zone))
    rows: dict[Any, dict[str, Any]] = {
        Patient: {
            "id": patient, "organisation_id": actor.organisation_id, "number": f"B{number:06}", "family_name": "山本",
            "given_name": f"和{chr(0x4E00 + number)}", "family_kana": "ヤマモト", "given_kana": "カズオ", "sex": "male",
            "created_at": now, "version": 1, "updated_by": "",
        },
        Encounter: {
            **ids, "id": encounter, "patient_id": patient, "ticket_date": day, "ticket": f"B{number}",
            "arrived_at": now, "stage": "done", "stage_since": now, "finished_at": now,
        },
        ImagingOrder: {
            **ids, "id": order, "encounter_id": encounter, "modality": "xray", "requested_by": staff,
            "status": "ordered" if waits else "completed", "ended_at": None if waits else now, "requested_at": now,
            "ordered_by": staff, "ordered_at": now, "procedure": "xray_lumbar", "views": ["ap", "lateral"],
            "accession": f"BENCH{number:07}", "study_uid": f"2.25.{number + 1}", "scanner_id": scanner,
        },
    }  # fmt: skip
    if waits:
        rows[Appointment] = {
            **ids, "id": new_id(), "patient_id": patient, "kind": "xray", "modality": "xray", "day": day,
            "starts_at": starts, "minutes": 10, "status": "booked", "order_id": order,
        }  # fmt: skip
    return rows


def ask(port: int, *keys: str) -> int:
    """Ask as a scanner does; return how many items were told."""
    given = {key.partition("=")[0] for key in keys}
    options = [part for key in (*(key for key in KEYS if key not in given), *keys) for part in ("-k", key)]
    command = [dcmtk_path(), "-v", "-W", "-aet", "BENCH", "-aec", "TRIAGE", *options, "127.0.0.1", str(port)]
    said = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    told = (said.stdout + said.stderr).count("(Pending)")
    if not told:
        raise RuntimeError(said.stderr)
    return told


@contextmanager
def bare(items: list[Dataset]) -> Iterator[int]:
    """Serve a list from memory with the same library and nothing else; yield the port."""
    entity = AE(ae_title="TRIAGE")
    entity.add_supported_context(ModalityWorklistInformationFind)
    port = free_port()

    def tell(_event: evt.Event) -> Iterator[tuple[int, Dataset]]:
        yield from ((0xFF00, item) for item in items)

    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_FIND, tell)])
    try:
        yield port
    finally:
        server.shutdown()


def at_once(port: int, *keys: str) -> None:
    """Let ten scanners ask at the same moment."""
    threads = [threading.Thread(target=ask, args=(port, *keys)) for _ in range(10)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def measured(port: int, keys: dict[str, tuple[str, ...]], repeats: int) -> dict[str, float]:
    """Return the median seconds of each question."""
    ask(port)  # the first reads the clinical knowledge
    found = {
        f"{what}, {ask(port, *one)} items": statistics.median(seconds(lambda: ask(port, *one)) for _ in range(repeats))  # noqa: B023
        for what, one in keys.items()
    }
    day = keys["a room's day"]
    found["ten at once, each a room's day"] = statistics.median(seconds(lambda: at_once(port, *day)) for _ in range(3))
    return {what: round(value, 3) for what, value in found.items()}


def run(url: str, waiting: int, done: int, repeats: int) -> dict[str, dict[str, float]]:
    """Measure on a database at ``url``, filled with the demonstration clinic and this many examinations."""
    engine = db.connect(url)
    try:
        migrate.upgrade(engine)
        audit.use_key("bench")
        loading.fill("correct horse battery", loading.SEED)
        session.remove()
        return here(waiting, done, repeats)
    finally:
        session.remove()
        engine.dispose()


def here(waiting: int, done: int, repeats: int) -> dict[str, dict[str, float]]:
    """Measure the product on the clinic that is there, then the bare program with the same items."""
    scanner = fill(waiting, done)
    engine: Any = session.get_bind()
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
    day = f"{STEP}.ScheduledProcedureStepStartDate={today(scanner.site_id):%Y%m%d}"
    keys = {"a room's day": (day, f"{STEP}.ScheduledStationAETitle=BENCH", "AccessionNumber=BENCH*"), "everything": ()}
    process = Process(Ports(port=free_port()))
    process.start()
    found = {"product": measured(process.ports.port, keys, repeats)}
    process.stop()
    with bare(_items(scanner)[:DAILY]) as port:
        floor = statistics.median(seconds(lambda: ask(port)) for _ in range(repeats))
    return found | {"floor": {f"from memory, {DAILY} items": round(floor, 3)}}


def _items(scanner: Scanner) -> list[Dataset]:
    asked, step = Dataset(), Dataset()
    for key in KEYS[1:]:
        setattr(step if key.startswith(STEP) else asked, key.removeprefix(f"{STEP}."), None)
    asked.ScheduledProcedureStepSequence = Sequence([step])
    read = asking.read(asked, "utf8")
    return [answering.answer(item, read, "utf8") for item in worklist.find(scanner, read, "bench").items]


def main() -> None:
    """Measure on SQLite and on PostgreSQL, and keep what was found."""
    parser = argparse.ArgumentParser(prog="./dev bench worklist", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything; nothing is kept")
    quick = parser.parse_args().quick
    sizes = (100, 100, 3) if quick else (WAITING, DONE, REPEATS)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, url in (("sqlite", stored.sqlite(Path(folder))), ("postgresql", stored.postgres())):
            if url is None:
                continue
            found[name] = run(url, *sizes)
            rows = [(f"{kind}: {what}", value) for kind, one in found[name].items() for what, value in one.items()]
            table(
                f"{name}, {sizes[0]:,} waiting, {sizes[1]:,} done (target: a room's day under 0.3 s)", ("", "s"), rows
            )
    if not quick:
        print(f"\nkept in {measure.keep('worklist', found).relative_to(measure.ROOT)}")


if __name__ == "__main__":
    main()
