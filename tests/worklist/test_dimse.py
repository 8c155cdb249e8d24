"""A scanner of another maker (dcmjs-dimse) takes its list and says what it did; its node process is not ours."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import Clinic
from tests.imaging_peers import add_scanner
from tests.peers.find import SCANNER, scanner_command
from tests.services.test_imaging import ordered, stage
from tests.worklist.machines import served
from triage import db
from triage.models import ImagingOrder
from triage.services import imaging

pytestmark = pytest.mark.dimse
UID = "1.2.392.7"
Words = dict[str, Any]


@pytest.fixture
def port(clinic: Clinic) -> Iterator[int]:
    """Serve the worklist of a clinic with one CT."""
    add_scanner(clinic)
    with served() as process:
        yield process.ports.port


def scan(port: int, *tasks: Words, ae_title: str = "CT1") -> list[Words]:
    """Let the scanner do these things, each in a call of its own; return what it was answered."""
    node, packages = scanner_command()
    order = json.dumps({"port": port, "ae_title": ae_title, "called": "TRIAGE", "do": tasks})
    command = [node, str(SCANNER / "scanner.js"), order]
    environ = {"PATH": os.environ["PATH"], "NODE_PATH": str(packages)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def begins(item: Words) -> Words:
    """Return what the scanner says when it begins an item of its list."""
    step = {name: item[name] for name in ("StudyInstanceUID", "AccessionNumber", "RequestedProcedureID")}
    words = {
        "SpecificCharacterSet": "ISO_IR 192", "PatientID": item["PatientID"], "PatientName": item["PatientName"],
        "PerformedStationAETitle": "CT1", "PerformedProcedureStepID": "P1", "Modality": "CT",
        "PerformedProcedureStepStartDate": "20261122", "PerformedProcedureStepStartTime": "093015",
        "PerformedProcedureStepStatus": "IN PROGRESS", "ScheduledStepAttributesSequence": [step],
    }  # fmt: skip
    return {"verb": "create", "uid": UID, "words": words}


def ends(status: str, **more: Any) -> Words:
    """Return what the scanner says when it ends."""
    series = {"SeriesInstanceUID": "1.2.4", "ReferencedImageSequence": [{"ReferencedSOPInstanceUID": "1.2.5"}]}
    words = {
        "PerformedProcedureStepStatus": status, "PerformedSeriesSequence": [series],
        "PerformedProcedureStepEndDate": "20261122", "PerformedProcedureStepEndTime": "094000",
    }  # fmt: skip
    return {"verb": "set", "uid": UID, "words": words | more}


def list_of(port: int) -> list[Words]:
    (answer,) = scan(port, {"verb": "find"})
    assert answer["status"] == 0
    return list(answer["items"])


def now(clinic: Clinic, order: ImagingOrder) -> ImagingOrder:
    """Return the order as the other thread has left it."""
    db.session.close()
    return imaging.get(clinic.radiographer, order.id)


def test_its_list_is_whole_and_the_names_are_read_in_kanji_and_kana(clinic: Clinic, port: int) -> None:
    order = ordered(clinic, "ct", family_name="髙橋", family_kana="タカハシ")
    for family in ("山﨑", "𠮷田"):
        ordered(clinic, "ct", family_name=family)
    db.session.close()
    items = list_of(port)
    written = json.dumps([item["PatientName"] for item in items], ensure_ascii=False)
    assert len(items) == 3
    assert all(name in written for name in ("髙橋^和夫", "タカハシ^カズオ", "山﨑^和夫", "𠮷田^和夫"))
    assert now(clinic, order).accession in {item["AccessionNumber"] for item in items}
    assert {item["ScheduledProcedureStepSequence"][0]["Modality"] for item in items} == {"CT"}


def test_begun_and_completed_the_order_is_done_and_the_patient_goes_on(clinic: Clinic, port: int) -> None:
    order = ordered(clinic, "ct")
    (item,) = list_of(port)
    assert [answer["status"] for answer in scan(port, begins(item))] == [0]
    assert (now(clinic, order).status, stage(clinic, order)) == ("started", "imaging")
    assert [answer["status"] for answer in scan(port, ends("COMPLETED"))] == [0]
    assert (now(clinic, order).status, stage(clinic, order)) == ("completed", "waiting")


def test_broken_off_it_is_back_on_the_list_with_an_alert(clinic: Clinic, port: int) -> None:
    order = ordered(clinic, "ct")
    (item,) = list_of(port)
    code = {"CodeValue": "110515", "CodingSchemeDesignator": "DCM", "CodeMeaning": "Patient condition prevented"}
    reason = {"PerformedProcedureStepDiscontinuationReasonCodeSequence": [code]}
    answers = scan(port, begins(item), ends("DISCONTINUED", **reason), {"verb": "find"})
    assert [answer["status"] for answer in answers] == [0, 0, 0]
    assert (now(clinic, order).status, now(clinic, order).alert) == ("ordered", "broken_off")
    assert [again["AccessionNumber"] for again in answers[2]["items"]] == [order.accession]


def test_begun_twice_is_a_duplicate_and_what_ended_stays_ended(clinic: Clinic, port: int) -> None:
    order = ordered(clinic, "ct")
    (item,) = list_of(port)
    tasks = (begins(item), begins(item), ends("COMPLETED"), ends("DISCONTINUED"))
    assert [answer["status"] for answer in scan(port, *tasks)] == [0, 0x0111, 0, 0x0110]
    assert now(clinic, order).status == "completed"
