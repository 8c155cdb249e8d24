"""The loop closes by itself: ordered, asked for by the scanner, begun, sent, done, back with the nurse, seen."""

from collections.abc import Iterator

import pytest

from tests.archive.test_following import archive, follower  # noqa: F401 - the fixture
from tests.builders import Clinic
from tests.peers.orthanc import ARCHIVE, KNOWN, Orthanc
from tests.services.test_imaging import again, stage, started
from tests.worklist.machines import add_scanner, served
from triage.db import session
from triage.demo.scanner import Place, Scanner, is_ready
from triage.services import alerts, results

pytestmark = [pytest.mark.orthanc, pytest.mark.dcmtk]


@pytest.fixture(params=["utf8", "ir87", "ir13_87"])
def scanner(request: pytest.FixtureRequest, clinic: Clinic, archive: Orthanc) -> Iterator[Scanner]:  # noqa: F811
    """Return a CT that writes in one of the character sets, between a real worklist and a real archive."""
    add_scanner(clinic.admin, KNOWN, "ct", charset=request.param)
    with served() as process:
        worklist = Place("127.0.0.1", process.ports.port, "TRIAGE")
        yield Scanner(KNOWN, "CT", worklist, Place("127.0.0.1", archive.dicom, ARCHIVE))


def test_an_examination_goes_round_without_a_click(clinic: Clinic, scanner: Scanner, archive: Orthanc) -> None:  # noqa: F811
    order = started(clinic, "ct")
    session.remove()
    (item,) = [one for one in scanner.look() if is_ready(one)]
    scanner.examine(item)
    assert (again(clinic, order).status, stage(clinic, order)) == ("completed", "waiting")
    archive.wait_until_stable(order.study_uid or "")
    assert follower(clinic).turn().taken == 1
    result = results.get(clinic.surgeon, order.id)
    (study,) = result.studies
    patient = result.order.encounter.patient
    assert (study.images, study.patient_number) == (3, patient.number)
    assert study.patient_name.split("=")[1] == f"{patient.family_name}^{patient.given_name}"
    assert [row.id for row in results.list_unseen(clinic.surgeon)] == [order.id]
    results.see(clinic.surgeon, order.id, result.order.version)
    assert (results.list_unseen(clinic.surgeon), alerts.look(clinic.surgeon).unseen) == ([], 0)
    assert scanner.look() == []
