"""Whom the radiographer has checked stays on the scanner's worklist, marked as ready, until the scanner begins."""

import pytest

from tests.builders import Clinic
from tests.services.test_imaging import again, completed, ordered, started
from triage import clock
from triage.db import session
from triage.domain.charsets import UTF8
from triage.domain.machines import ScannerValues
from triage.domain.matching import COMPLETED, DISCONTINUED, Keys, StepBegun, StepChanged
from triage.models import ImagingOrder, Scanner
from triage.services import procedure_steps, scanners, worklist

STEP = "1.2.3.4"


@pytest.fixture
def scanner(clinic: Clinic) -> Scanner:
    """Return the X-ray machine of the clinic."""
    values = ScannerValues(name="X-ray 1", ae_title="XR1", modality="xray", charset=UTF8)
    id_ = scanners.add(clinic.admin, values)
    session.remove()
    found = scanners.find("XR1")
    assert found is not None
    assert found.id == id_
    return found


def told(scanner: Scanner) -> dict[str, str]:
    """Return the status of each item by its accession number."""
    return {item.accession: item.status for item in worklist.waiting(scanner)}


def begin(clinic: Clinic, scanner: Scanner, order: ImagingOrder) -> None:
    keys = Keys(order.study_uid or "", order.accession or "", order.encounter.patient.number)
    said = StepBegun(STEP, keys, clock.now())
    procedure_steps.begin(scanners.machine(clinic.site_id, scanner.name), scanner, said)


def test_the_item_is_there_to_be_picked_after_the_patient_was_checked(clinic: Clinic, scanner: Scanner) -> None:
    waiting, checked = ordered(clinic), started(clinic)
    assert told(scanner) == {waiting.accession: "SCHEDULED", checked.accession: "READY"}


def test_it_is_gone_once_the_scanner_began_and_back_when_that_was_broken_off(clinic: Clinic, scanner: Scanner) -> None:
    order = started(clinic)
    begin(clinic, scanner, order)
    assert told(scanner) == {}
    machine = scanners.machine(clinic.site_id, scanner.name)
    procedure_steps.change(machine, scanner, StepChanged(STEP, DISCONTINUED, clock.now(), "110513"))
    assert told(scanner) == {order.accession: "SCHEDULED"}


def test_it_is_gone_when_it_is_done(clinic: Clinic, scanner: Scanner) -> None:
    completed(clinic)
    order = started(clinic)
    begin(clinic, scanner, order)
    machine = scanners.machine(clinic.site_id, scanner.name)
    procedure_steps.change(machine, scanner, StepChanged(STEP, COMPLETED, clock.now()))
    assert again(clinic, order).status == "completed"
    assert told(scanner) == {}
