"""The demonstration's virtual scanner does what a real one does: it picks whom the radiographer has checked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import Clinic
from tests.services.test_imaging import again, ordered, stage, started
from tests.worklist.machines import add_scanner, served
from triage.db import session
from triage.demo import imaging as beside
from triage.demo.scanner import Failed, Place, Scanner

NOWHERE = Place("127.0.0.1", 1, "ARCHIVE")


@pytest.fixture
def scanner(clinic: Clinic) -> Iterator[Scanner]:
    """Return a virtual X-ray machine that asks a real worklist and has no archive."""
    add_scanner(clinic.admin, "DEMO_XR")
    with served() as process:
        yield Scanner("DEMO_XR", "DX", Place("127.0.0.1", process.ports.port, "TRIAGE"), NOWHERE, stores=False)


class Watched:
    """A process beside it that ends after a few looks."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def poll(self) -> int | None:
        self.left -= 1
        return None if self.left >= 0 else 0


def test_whom_the_radiographer_checked_is_examined_and_goes_on_without_a_click(
    clinic: Clinic, scanner: Scanner
) -> None:
    waiting, checked, said = ordered(clinic), started(clinic), []
    session.remove()
    beside.scan([scanner], [Watched(3)], said.append, lambda _seconds: None)
    assert (again(clinic, checked).status, again(clinic, waiting).status) == ("completed", "ordered")
    assert stage(clinic, checked) == "waiting"
    assert said[0] == f"DEMO_XR begins {checked.accession}"
    assert not any(checked.encounter.patient.family_name in words for words in said), "no name is printed"


def test_its_images_bear_the_identity_of_the_item(clinic: Clinic, scanner: Scanner) -> None:
    order = started(clinic)
    session.remove()
    (item,) = scanner.look()
    images = scanner.make(item)
    assert {image.StudyInstanceUID for image in images} == {order.study_uid}
    assert {(str(image.PatientID), str(image.AccessionNumber)) for image in images} == {
        (order.encounter.patient.number, order.accession)
    }
    assert len({image.SOPInstanceUID for image in images}) == len(images)
    assert all(len(image.PixelData) == image.Rows * image.Columns for image in images)


def test_an_archive_that_does_not_answer_is_said_and_the_step_stays_open(clinic: Clinic, scanner: Scanner) -> None:
    order, said = started(clinic), []
    session.remove()
    stubborn = Scanner(scanner.ae_title, "DX", scanner.worklist, NOWHERE)
    beside.scan([stubborn], [Watched(1)], said.append, lambda _seconds: None)
    assert "ARCHIVE at 127.0.0.1:1 does not answer" in said[-2]
    assert again(clinic, order).status == "started"


def test_a_title_nobody_knows_is_told_so(scanner: Scanner) -> None:
    stranger = Scanner("EVIL", "DX", scanner.worklist, NOWHERE)
    with pytest.raises(Failed, match="does not know EVIL"):
        stranger.look()


def test_every_title_is_written_into_the_archives_settings_and_nobody_else_may_store(tmp_path: Path) -> None:
    path = beside.write_settings(tmp_path / "imaging", beside.Ports(1, 2, 3), "secret", ["DEMO_XR", "DEMO_CT"])
    assert path.stat().st_mode & 0o077 == 0
    words = path.read_text()
    assert '"DicomAlwaysAllowStore": false' in words
    assert '"RemoteAccessAllowed": false' in words
    assert '"DEMO_XR"' in words
