"""Scanners for the tests, the process that they call, and how they ask."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydicom import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE
from pynetdicom.sop_class import ModalityWorklistInformationFind, Verification
from sqlalchemy import select

from tests.served import free_port
from triage import db
from triage.adapters.dicom.echo import associate
from triage.domain.access import Actor
from triage.domain.charsets import CHARSETS
from triage.domain.machines import ScannerValues
from triage.models import AuditEvent, AuditPayload
from triage.services import scanners
from triage.worklist.server import Ports, Process

STEP = "ScheduledProcedureStepSequence"
#: What a console asks for when it fills its list: the type 1 and 2 keys that it shows.
LIST = (
    "AccessionNumber", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID",
    "RequestedProcedureID", "RequestedProcedureDescription",
)  # fmt: skip
STEP_LIST = (
    "Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime",
    "ScheduledProcedureStepID", "ScheduledProcedureStepDescription",
)  # fmt: skip


def add_scanner(actor: Actor, ae_title: str = "XRAY1", modality: str = "xray", **values: Any) -> str:
    """Add a scanner to the actor's site; return its id."""
    usual = {"name": ae_title.title(), "ae_title": ae_title, "modality": modality, "charset": "utf8"}
    return scanners.add(actor, ScannerValues(**usual | values))


NOTHING: Mapping[str, str] = {}


@contextmanager
def served(**ports: Any) -> Iterator[Process]:
    """Run the worklist in this process, on a free port."""
    process = Process(Ports(**{"port": free_port()} | ports))
    process.start()
    try:
        yield process
    finally:
        process.stop(grace=5)


def identifier(keys: Mapping[str, str] = NOTHING, charset: str = "utf8") -> Dataset:
    """Return what a console sends: its usual list, with some keys to match."""
    asked, step = Dataset(), Dataset()
    asked.SpecificCharacterSet = list(CHARSETS[charset]) or None
    for keyword in dict.fromkeys((*LIST, *keys)):
        if keyword not in STEP_KEYS:
            setattr(asked, keyword, keys.get(keyword, ""))
    for keyword in dict.fromkeys((*STEP_LIST, *keys)):
        if keyword in STEP_KEYS:
            setattr(step, keyword, keys.get(keyword, ""))
    asked.ScheduledProcedureStepSequence = Sequence([step])
    return asked


STEP_KEYS = (*STEP_LIST, "ScheduledPerformingPhysicianName", "ScheduledProcedureStepStatus")


@contextmanager
def calling(process: Process, ae_title: str = "XRAY1", called: str = "TRIAGE", **more: Any) -> Iterator[Any]:
    """Call the process; yield the association, established or not."""
    entity = AE(ae_title=ae_title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
    for supported in (Verification, ModalityWorklistInformationFind):
        entity.add_requested_context(supported)
    call = associate(entity, "127.0.0.1", more.pop("port", process.ports.port), ae_title=called, **more)
    try:
        yield call
    finally:
        if call.is_established:
            call.release()


def ask(process: Process, ae_title: str = "XRAY1", asked: Dataset | None = None, **keys: str) -> list[Dataset]:
    """Ask for the worklist as a scanner does; return the items."""
    with calling(process, ae_title) as call:
        assert call.is_established
        return found(call, asked or identifier(keys))


def found(call: Any, asked: Dataset) -> list[Dataset]:
    """Ask over an open call; return the items."""
    answers = list(call.send_c_find(asked, ModalityWorklistInformationFind))
    assert [status.Status for status, _ in answers] == [0xFF00] * (len(answers) - 1) + [0]
    return [item for _, item in answers[:-1]]


def recorded(name: str) -> list[dict[str, Any]]:
    """Return what the trail says under a name by now, the oldest first."""
    db.session.remove()
    query = select(AuditPayload.body).join(AuditEvent).where(AuditEvent.name == name).order_by(AuditEvent.sequence)
    return list(db.session.scalars(query))
