"""DCMTK asks as a scanner does. Its Debian build cannot read ISO 2022 IR 87, so its answers are kept and read here."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pydicom import Dataset, dcmread

from tests.builders import Clinic, build_clinic
from tests.peers import dcmtk_path
from tests.services.test_imaging import ordered
from tests.worklist.machines import add_scanner, served
from triage.services import imaging
from triage.worklist.server import Process

pytestmark = pytest.mark.dcmtk
STEP = "ScheduledProcedureStepSequence[0]"
KEYS = (
    "SpecificCharacterSet=ISO_IR 192", "PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID",
    f"{STEP}.Modality", f"{STEP}.ScheduledStationAETitle", f"{STEP}.ScheduledProcedureStepStartDate",
    f"{STEP}.ScheduledProcedureStepStartTime",
)  # fmt: skip


@pytest.fixture
def process(app: Flask, clinic: Clinic) -> Iterator[Process]:
    """Serve a clinic with an X-ray machine that reads UTF-8."""
    add_scanner(clinic.admin)
    with served() as running:
        yield running


def run(process: Process, program: str, *arguments: str, ae_title: str = "XRAY1") -> subprocess.CompletedProcess[str]:
    where = ("127.0.0.1", str(process.ports.port))
    command = [dcmtk_path(program), "-aet", ae_title, "-aec", "TRIAGE", *arguments, *where]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, errors="replace")


def findscu(process: Process, folder: Path, *keys: str, ae_title: str = "XRAY1") -> list[Dataset]:
    """Return what DCMTK was told; keys replace those that a console always asks for."""
    given = {key.partition("=")[0] for key in keys}
    asked = [*(key for key in KEYS if key.partition("=")[0] not in given), *keys]
    for old in folder.glob("rsp*.dcm"):
        old.unlink()
    options = [part for key in asked for part in ("-k", key)]
    done = run(process, "findscu", "-W", "-X", "-od", str(folder), *options, ae_title=ae_title)
    assert done.returncode == 0, done.stderr
    return [dcmread(file, force=True) for file in sorted(folder.glob("rsp*.dcm"))]


def test_a_scanner_asks_for_its_day_by_range_and_name_and_is_answered(
    process: Process, clinic: Clinic, tmp_path: Path
) -> None:
    order = ordered(clinic)
    ordered(clinic, family_name="佐藤", family_kana="サトウ")
    assert len(findscu(process, tmp_path)) == 2
    (item,) = findscu(process, tmp_path, "PatientName==山本*")
    assert item.PatientName == "YAMAMOTO^KAZUO=山本^和夫=ヤマモト^カズオ"
    assert (item.AccessionNumber, item.StudyInstanceUID) == (order.accession, order.study_uid)
    day = item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate
    assert len(findscu(process, tmp_path, "PatientName=yamamoto*", f"{STEP}.Modality=DX")) == 1
    assert len(findscu(process, tmp_path, "PatientName===やまもと*")) == 1
    ranges = (
        f"{STEP}.ScheduledProcedureStepStartDate={day}-{day}",
        f"{STEP}.ScheduledProcedureStepStartTime=0000-2359",
    )
    assert len(findscu(process, tmp_path, *ranges, f"{STEP}.ScheduledStationAETitle=XRAY1")) == 2
    assert findscu(process, tmp_path, f"{STEP}.ScheduledProcedureStepStartDate=-20200101") == []


def test_an_older_scanner_is_answered_in_its_own_characters(process: Process, clinic: Clinic, tmp_path: Path) -> None:
    add_scanner(clinic.admin, "OLD", charset="ir87")
    ordered(clinic, family_name="髙橋", given_name="翔", family_kana="タカハシ", given_kana="ショウ")
    (item,) = findscu(process, tmp_path, ae_title="OLD")
    assert list(item.SpecificCharacterSet) == ["", "ISO 2022 IR 87"]
    assert item.PatientName == "TAKAHASHI^SHOU=高橋^翔=タカハシ^ショウ"


def test_what_was_called_off_is_gone_when_it_asks_again(process: Process, clinic: Clinic, tmp_path: Path) -> None:
    order = ordered(clinic)
    assert len(findscu(process, tmp_path)) == 1
    imaging.cannot_image(clinic.radiographer, order.id, order.version, "pregnancy_possible")
    assert findscu(process, tmp_path) == []


def test_who_is_not_known_is_refused_and_another_site_sees_nothing(
    process: Process, clinic: Clinic, tmp_path: Path
) -> None:
    ordered(clinic)
    add_scanner(build_clinic("kyoto", suffix="-kyoto").admin, "KYOTO1")
    assert run(process, "echoscu").returncode == 0
    assert findscu(process, tmp_path, ae_title="KYOTO1") == []
    refused = run(process, "echoscu", ae_title="EVIL")
    assert refused.returncode != 0
    assert "Calling AE Title Not Recognized" in refused.stdout + refused.stderr


def test_a_scanner_may_break_off_its_question(process: Process, clinic: Clinic, tmp_path: Path) -> None:
    for _ in range(3):
        ordered(clinic)
    done = run(process, "findscu", "-v", "-W", "--cancel", "1", "-k", "PatientName")
    assert done.returncode == 0
    assert run(process, "echoscu").returncode == 0
