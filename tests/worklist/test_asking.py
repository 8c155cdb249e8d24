"""A scanner asks what waits for it, and is told that and nothing else."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from pydicom import Dataset
from pydicom.sequence import Sequence
from pynetdicom.sop_class import ModalityWorklistInformationFind
from sqlalchemy import select

from tests.builders import Clinic, build_clinic
from tests.services.test_imaging import asked as asked_for
from tests.services.test_imaging import ordered
from tests.worklist.machines import add_scanner, ask, calling, found, identifier, recorded, served
from triage import clock, db
from triage.models import ImagingOrder
from triage.services import imaging, imaging_times, scanners, worklist
from triage.worklist.server import Process

#: Every key that an answer must have, and those among them that may not be empty (PS3.4, table K.6-1).
TYPE_1 = ("PatientName", "PatientID", "StudyInstanceUID", "RequestedProcedureID", "RequestedProcedureDescription")
STEP_TYPE_1 = (
    "Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime",
    "ScheduledProcedureStepID", "ScheduledProcedureStepDescription",
)  # fmt: skip
TYPE_2 = (
    "AccessionNumber", "ReferringPhysicianName", "RequestingPhysician", "PatientBirthDate", "PatientSex",
    "PatientWeight", "MedicalAlerts", "Allergies", "PregnancyStatus", "PatientState", "SpecialNeeds", "AdmissionID",
    "CurrentPatientLocation", "RequestedProcedurePriority", "PatientTransportArrangements",
    "ConfidentialityConstraintOnPatientDataDescription", "ReferencedStudySequence", "ReferencedPatientSequence",
)  # fmt: skip
STEP_TYPE_2 = (
    "ScheduledPerformingPhysicianName", "ScheduledStationName", "ScheduledProcedureStepLocation", "PreMedication",
    "RequestedContrastAgent",
)  # fmt: skip


@pytest.fixture
def process(app: Flask, clinic: Clinic) -> Iterator[Process]:
    """Serve a clinic with an X-ray machine that reads UTF-8."""
    add_scanner(clinic.admin)
    with served() as running:
        yield running


def numbers(items: list[Dataset]) -> list[str]:
    return [item.AccessionNumber for item in items]


def test_a_scanner_is_told_what_a_doctor_ordered_and_the_same_when_it_asks_again(
    process: Process, clinic: Clinic
) -> None:
    order = ordered(clinic)
    (item,) = ask(process)
    step = item.ScheduledProcedureStepSequence[0]
    assert (item.AccessionNumber, item.StudyInstanceUID) == (order.accession, order.study_uid)
    assert item.PatientName == "YAMAMOTO^KAZUO=山本^和夫=ヤマモト^カズオ"
    assert (step.Modality, step.ScheduledStationAETitle) == ("DX", "XRAY1")
    days = {f"{moment + timedelta(hours=9):%Y%m%d}" for moment in (order.ordered_at, clock.now())}  # midnight may pass
    assert step.ScheduledProcedureStepStartDate in days
    assert ask(process) == [item] or len(days) == 2


def test_every_key_that_the_standard_wants_is_there(process: Process, clinic: Clinic) -> None:
    ordered(clinic, sex="female", allergies="造影剤", implants="ペースメーカー", mobility="wheelchair")
    asked, step = Dataset(), Dataset()
    for keyword in (*TYPE_1, *TYPE_2):
        setattr(asked, keyword, None)
    for keyword in (*STEP_TYPE_1, *STEP_TYPE_2):
        setattr(step, keyword, None)
    asked.RequestedProcedureCodeSequence = Sequence()
    asked.ScheduledProcedureStepSequence = Sequence([step])
    (item,) = ask(process, asked=asked)
    told = item.ScheduledProcedureStepSequence[0]
    assert all(item.get(keyword) for keyword in TYPE_1)
    assert all(told.get(keyword) for keyword in STEP_TYPE_1)
    assert all(keyword in item for keyword in TYPE_2)
    assert all(keyword in told for keyword in STEP_TYPE_2)
    assert item.RequestedProcedureCodeSequence[0].CodeValue == "24970-6"
    assert (item.Allergies, item.MedicalAlerts, item.SpecialNeeds) == ("造影剤", "ペースメーカー", "WHEELCHAIR")
    assert item.PregnancyStatus == 4  # nobody answered: unknown, never "no"


def test_nothing_is_told_that_was_not_asked_for(process: Process, clinic: Clinic) -> None:
    order = ordered(clinic)
    asked, step = Dataset(), Dataset()
    asked.PatientID, asked.EthnicGroup, step.Modality = "", "", ""
    asked.ScheduledProcedureStepSequence = Sequence([step])
    (item,) = ask(process, asked=asked)
    assert item.dir() == ["PatientID", "ScheduledProcedureStepSequence", "SpecificCharacterSet"]
    assert item.ScheduledProcedureStepSequence[0].dir() == ["Modality"]
    asked.ScheduledProcedureStepSequence = Sequence()  # an empty sequence asks for all that is in it
    (item,) = ask(process, asked=asked)
    assert item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID == order.accession


def test_what_no_doctor_has_ordered_or_what_is_called_off_is_not_on_the_list(process: Process, clinic: Clinic) -> None:
    asked_for(clinic)
    first, second = ordered(clinic), ordered(clinic, family_name="佐藤", family_kana="サトウ")
    assert numbers(ask(process)) == [first.accession, second.accession]
    imaging.cannot_image(clinic.radiographer, second.id, second.version, "pregnancy_possible")
    assert numbers(ask(process)) == [first.accession]


def test_a_scanner_sees_nothing_of_another_site(process: Process, clinic: Clinic) -> None:
    other = build_clinic("kyoto", suffix="-kyoto")
    add_scanner(other.admin, "KYOTO1")
    order = ordered(clinic)
    assert ask(process, "KYOTO1") == []
    assert numbers(ask(process)) == [order.accession]


def test_an_examination_stands_at_its_own_scanner_else_at_whichever_asks(process: Process, clinic: Clinic) -> None:
    second, ct = add_scanner(clinic.admin, "XRAY2"), add_scanner(clinic.admin, "CT1", "ct")
    free, bound = ordered(clinic), ordered(clinic)
    bind(bound, second)
    assert numbers(ask(process, "XRAY1", ScheduledStationAETitle="XRAY1")) == [free.accession]
    assert numbers(ask(process, "XRAY2", ScheduledStationAETitle="XRAY2")) == [free.accession, bound.accession]
    assert numbers(ask(process, "CT1", ScheduledStationAETitle="CT1")) == []
    scanners.retire(clinic.admin, second)
    assert numbers(ask(process, "XRAY1", ScheduledStationAETitle="XRAY1")) == [free.accession, bound.accession]
    assert ct


@db.verb
def _bind(actor: Any, order_id: str, scanner_id: str) -> None:
    db.session.get_one(ImagingOrder, order_id).scanner_id = scanner_id
    worklist.scanners.record(actor, "scanner_retired", scanner=scanner_id)


def bind(order: ImagingOrder, scanner_id: str) -> None:
    """Order an examination at one machine."""
    _bind(worklist.scanners.machine(order.site_id, "test"), order.id, scanner_id)


def test_a_booked_time_is_the_scheduled_one(process: Process, clinic: Clinic) -> None:
    order = ordered(clinic)
    imaging_times.book_next(clinic.radiographer, order.id)
    booked = worklist.read(select(worklist.Appointment.starts_at))[0][0] + timedelta(hours=9)
    (item,) = ask(process, ScheduledProcedureStepStartDate=f"{booked:%Y%m%d}")
    assert ask(process, ScheduledProcedureStepStartDate=f"{booked + timedelta(days=1):%Y%m%d}-") == []
    assert ask(process, ScheduledProcedureStepStartDate=f"-{booked - timedelta(days=1):%Y%m%d}") == []
    assert ask(process) == [item]
    assert item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime == f"{booked:%H%M%S}"


def test_what_nobody_did_yesterday_stands_on_todays_list(process: Process, clinic: Clinic) -> None:
    with clock.at(clock.now() - timedelta(days=1)):
        order = ordered(clinic)
    day = f"{clock.now() + timedelta(hours=9):%Y%m%d}"
    assert numbers(ask(process, ScheduledProcedureStepStartDate=day, ScheduledStationAETitle="XRAY1")) == [
        order.accession
    ]


def test_a_patient_is_found_by_name_in_three_scripts_by_number_and_by_the_keys_of_the_order(
    process: Process, clinic: Clinic
) -> None:
    order = ordered(clinic)
    ordered(clinic, family_name="佐藤", family_kana="サトウ")
    names = [{"PatientName": pattern} for pattern in ("YAMA*", "=山本*", "==ヤマモト*", "==やまもと*", "山本*")]
    with calling(process) as call:
        for keys in (
            *names, {"PatientID": "000001"}, {"AccessionNumber": order.accession},
            {"RequestedProcedureID": order.accession}, {"StudyInstanceUID": str(order.study_uid)},
        ):  # fmt: skip
            assert numbers(found(call, identifier(keys))) == [order.accession], keys


def test_a_value_that_a_console_fills_in_by_itself_leaves_nobody_out(process: Process, clinic: Clinic) -> None:
    order = ordered(clinic)
    asked = identifier()
    asked.PregnancyStatus, asked.PatientWeight, asked.RequestedProcedurePriority = 0, "70", "LOW"
    asked.ScheduledProcedureStepSequence[0].ScheduledProcedureStepLocation = "ROOM 9"
    with calling(process) as call:
        (item,) = found(call, asked)
    assert item.AccessionNumber == order.accession
    assert item.PregnancyStatus != 0


def test_each_scanner_reads_and_asks_in_its_own_characters(process: Process, clinic: Clinic) -> None:
    order = ordered(clinic, family_name="髙橋", given_name="翔", family_kana="タカハシ", given_kana="ショウ")
    for charset, pattern, name in (
        ("utf8", "=髙橋*", "TAKAHASHI^SHOU=髙橋^翔=タカハシ^ショウ"),
        ("ir87", "=高橋*", "TAKAHASHI^SHOU=高橋^翔=タカハシ^ショウ"),
        ("ir13_87", "ﾀｶﾊｼ*", "ﾀｶﾊｼ^ｼｮｳ=高橋^翔=タカハシ^ショウ"),
        ("ascii", "TAKA*", "TAKAHASHI^SHOU"),
    ):
        add_scanner(clinic.admin, charset.upper(), charset=charset)
        (item,) = ask(process, charset.upper(), asked=identifier({"PatientName": pattern}, charset=charset))
        assert str(item.PatientName) == name
        said = recorded("worklist_asked")[-1]
        assert (said["replaced"], said["dropped"]) == ([order.accession] * ("=高橋" in name), [])


def test_kanji_that_no_table_knows_are_left_out_and_it_is_recorded(process: Process, clinic: Clinic) -> None:
    add_scanner(clinic.admin, "OLD", charset="ir87")
    order = ordered(clinic, family_name="草彅", given_name="剛", family_kana="クサナギ", given_kana="ツヨシ")
    (item,) = ask(process, "OLD")
    assert str(item.PatientName) == "KUSANAGI^TSUYOSHI==クサナギ^ツヨシ"
    assert recorded("worklist_asked")[-1]["dropped"] == [order.accession]


def test_what_was_asked_is_recorded_and_no_name(process: Process, clinic: Clinic) -> None:
    ordered(clinic)
    ask(process, PatientName="YAMA*", Modality="DX")
    said = recorded("worklist_asked")[-1]
    assert (said["ae_title"], said["address"], said["found"]) == ("XRAY1", "127.0.0.1", 1)
    assert said["asked"] == {"PatientName": "", "Modality": "DX"}
    assert recorded("worklist_called")[-1] == {"ae_title": "XRAY1", "address": "127.0.0.1", "secure": False}


def statuses(process: Process, asked: Dataset, ae_title: str = "XRAY1") -> list[int]:
    with calling(process, ae_title) as call:
        return [status.Status for status, _ in call.send_c_find(asked, ModalityWorklistInformationFind)]


def test_nonsense_is_refused_in_the_words_of_the_standard(process: Process, clinic: Clinic) -> None:
    ordered(clinic)
    assert statuses(process, identifier({"ScheduledProcedureStepStartTime": "2500"})) == [0xA900]
    assert statuses(process, identifier({"ScheduledProcedureStepStartDate": "20261322"})) == [0xA900]
    twice = identifier()
    twice.ScheduledProcedureStepSequence = Sequence([Dataset(), Dataset()])
    assert statuses(process, twice) == [0xA900]
    assert statuses(process, identifier()) == [0xFF00, 0]


def test_no_more_is_told_than_the_most_and_that_there_is_more(
    process: Process, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklist, "MOST", 2)
    for _ in range(3):
        ordered(clinic)
    with calling(process) as call:
        told = [status.Status for status, _ in call.send_c_find(identifier(), ModalityWorklistInformationFind)]
        assert call.send_c_echo().Status == 0  # nothing is left over that would be taken for the next answer
    assert told == [0xFF00, 0xFF00, 0xA700]
    assert len(recorded("worklist_asked")) == 1


def test_a_scanner_may_say_that_it_has_heard_enough(process: Process, clinic: Clinic) -> None:
    for _ in range(3):
        ordered(clinic)
    with calling(process) as call:
        told = []
        for status, _ in call.send_c_find(identifier(), ModalityWorklistInformationFind, msg_id=7):
            told.append(status.Status)
            if len(told) == 1:
                call.send_c_cancel(7, query_model=ModalityWorklistInformationFind)
    assert told[-1] in (0xFE00, 0)  # the rest may be on its way already
    assert len(told) <= 4
