"""What scanners say they did, over the wire: taken, refused by the book, in the scanner's own characters."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import ModalityPerformedProcedureStep as MPPS  # type: ignore[attr-defined]

from tests.builders import Clinic
from tests.imaging_peers import add_scanner, keys_of
from tests.services.test_imaging import ordered, payloads, stage
from tests.worklist.machines import served
from triage import db
from triage.domain.matching import Keys
from triage.models import ImagingOrder, ProcedureStep, Scanner
from triage.services import imaging

UID = "1.2.392.1"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Serve the worklist, at whatever database the test has."""
    with served() as process:
        yield process.ports.port


@pytest.fixture
def ct(clinic: Clinic) -> Scanner:
    return add_scanner(clinic)


@pytest.fixture
def call(port: int, ct: Scanner) -> Iterator[Association]:
    """Return the scanner's association."""
    association = associate(port, ct.ae_title)
    yield association
    association.release()


def associate(port: int, title: str) -> Association:
    entity = AE(title)
    entity.add_requested_context(MPPS)
    association = entity.associate("127.0.0.1", port, ae_title="TRIAGE")
    assert association.is_established
    return association


def item(keys: Keys) -> Dataset:
    """Return the attributes of one scheduled step."""
    said = Dataset()
    said.StudyInstanceUID, said.AccessionNumber = keys.study_uid, keys.accession
    return said


def begins(keys: Keys, *also: Keys, **other: Any) -> Dataset:
    """Return the attributes of an N-CREATE; None leaves one out."""
    said = Dataset()
    said.SpecificCharacterSet = "ISO_IR 192"
    said.PatientID, said.PatientName = keys.patient_number, keys.patient_name
    said.PerformedStationAETitle, said.PerformedProcedureStepID, said.Modality = "CT1", "P1", "CT"
    said.PerformedProcedureStepStartDate, said.PerformedProcedureStepStartTime = "20261122", "093015"
    said.PerformedProcedureStepStatus = "IN PROGRESS"
    said.ScheduledStepAttributesSequence = Sequence([item(one) for one in (keys, *also)])
    for name, value in other.items():
        if value is None:
            delattr(said, name)
        else:
            setattr(said, name, value)
    return said


def ends(status: str = "COMPLETED", reason: str = "", **other: Any) -> Dataset:
    """Return the attributes of an N-SET."""
    said = Dataset()
    said.PerformedProcedureStepStatus = status
    said.PerformedProcedureStepEndDate, said.PerformedProcedureStepEndTime = "20261122", "094000"
    series, image, code = Dataset(), Dataset(), Dataset()
    image.ReferencedSOPInstanceUID, series.SeriesInstanceUID = "1.2.5", "1.2.4"
    series.ReferencedImageSequence = Sequence([image, image])
    said.PerformedSeriesSequence = Sequence([series])
    if reason:
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = reason, "DCM", "-"
        said.PerformedProcedureStepDiscontinuationReasonCodeSequence = Sequence([code])
    for name, value in other.items():
        setattr(said, name, value)
    return said


def now(clinic: Clinic, order: ImagingOrder) -> ImagingOrder:
    """Return the order as the other thread has left it."""
    db.session.close()
    return imaging.get(clinic.radiographer, order.id)


def create(call: Association, said: Dataset, uid: str = UID) -> int:
    return int(call.send_n_create(said, MPPS, uid)[0].Status)


def set_(call: Association, said: Dataset, uid: str = UID) -> Dataset:
    return call.send_n_set(said, MPPS, uid)[0]


def steps() -> list[ProcedureStep]:
    db.session.close()
    return list(db.session.query(ProcedureStep))


def test_begun_and_completed_over_the_wire_the_order_is_done(clinic: Clinic, call: Association) -> None:
    order = ordered(clinic, "ct")
    assert create(call, begins(keys_of(clinic, order), PerformedProcedureStepDescription="腰椎CT")) == 0
    assert now(clinic, order).status == "started"
    assert set_(call, ends("IN PROGRESS")).Status == 0
    assert set_(call, ends()).Status == 0
    assert (now(clinic, order).status, stage(clinic, order)) == ("completed", "waiting")
    (step,) = steps()
    assert (step.received["description"], step.received["images"], step.received["step_id"]) == ("腰椎CT", 2, "P1")
    assert (step.began_at, step.ended_at) == (
        datetime(2026, 11, 22, 0, 30, 15, tzinfo=UTC), datetime(2026, 11, 22, 0, 40, tzinfo=UTC),
    )  # fmt: skip


def test_broken_off_over_the_wire_it_is_back_with_its_reason(clinic: Clinic, call: Association) -> None:
    order = ordered(clinic, "ct")
    create(call, begins(keys_of(clinic, order)))
    assert set_(call, ends("DISCONTINUED", "110515")).Status == 0
    assert (now(clinic, order).status, now(clinic, order).alert) == ("ordered", "broken_off")
    assert steps()[0].reason == "110515"


def test_the_same_instance_twice_is_a_duplicate(clinic: Clinic, call: Association) -> None:
    order = ordered(clinic, "ct")
    assert create(call, begins(keys_of(clinic, order))) == 0
    assert create(call, begins(keys_of(clinic, order))) == 0x0111
    assert len(steps()) == 1


def test_an_instance_that_nobody_created_is_unknown(clinic: Clinic, call: Association) -> None:
    assert set_(call, ends(), "1.2.3.99").Status == 0x0112


@pytest.mark.parametrize("last", ["COMPLETED", "DISCONTINUED"])
@pytest.mark.parametrize("more", ["COMPLETED", "DISCONTINUED", "IN PROGRESS"])
def test_what_has_ended_may_no_longer_be_updated(clinic: Clinic, call: Association, last: str, more: str) -> None:
    order = ordered(clinic, "ct")
    create(call, begins(keys_of(clinic, order)))
    set_(call, ends(last))
    before = now(clinic, order).version
    answer = set_(call, ends(more))
    assert (answer.Status, answer.ErrorID) == (0x0110, 0xA710)
    assert answer.ErrorComment == "Performed Procedure Step Object may no longer be updated"
    assert now(clinic, order).version == before


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"PerformedProcedureStepStatus": "COMPLETED"}, 0x0106),
        ({"PerformedProcedureStepStatus": None}, 0x0120),
        ({"PerformedProcedureStepStatus": ""}, 0x0121),
        ({"ScheduledStepAttributesSequence": None}, 0x0120),
        ({"ScheduledStepAttributesSequence": Sequence([Dataset()])}, 0x0120),
        ({"PerformedProcedureStepStartDate": None}, 0x0120),
        ({"PerformedProcedureStepStartTime": ""}, 0x0121),
        ({"PerformedProcedureStepID": None}, 0x0120),
        ({"PerformedStationAETitle": None}, 0x0120),
        ({"Modality": None}, 0x0120),
    ],
)
def test_what_lacks_or_cannot_be_is_refused_by_the_book_and_changes_nothing(
    clinic: Clinic, call: Association, other: dict[str, Any], status: int
) -> None:
    order = ordered(clinic, "ct")
    assert create(call, begins(keys_of(clinic, order), **other)) == status
    assert (steps(), now(clinic, order).status) == ([], "ordered")
    assert payloads("procedure_step_refused")[0]["status"] == f"{status:04X}"


@pytest.mark.parametrize("day", ["2026112", "20261340", "yesterda"])
def test_a_day_that_cannot_be_is_refused(clinic: Clinic, call: Association, day: str) -> None:
    said = begins(keys_of(clinic, ordered(clinic, "ct")))
    said["PerformedProcedureStepStartDate"]._value = day
    assert create(call, said) == 0x0106


def test_a_status_that_does_not_exist_is_refused(clinic: Clinic, call: Association) -> None:
    order = ordered(clinic, "ct")
    create(call, begins(keys_of(clinic, order)))
    assert set_(call, ends("FINISHED")).Status == 0x0106
    assert now(clinic, order).status == "started"


def test_an_emergency_without_a_worklist_item_is_kept_for_a_person(clinic: Clinic, call: Association) -> None:
    said = begins(Keys(patient_number="000001", patient_name="ヤマモト^カズオ"))
    said.ScheduledStepAttributesSequence = Sequence([])
    assert create(call, said) == 0
    (step,) = steps()
    assert (step.order_id, step.patient_number) == (None, "000001")


def test_one_acquisition_for_two_orders(clinic: Clinic, call: Association) -> None:
    first, second = ordered(clinic, "ct"), ordered(clinic, "ct")
    keys = keys_of(clinic, first)
    number = keys.patient_number
    other = Keys(keys_of(clinic, second).study_uid, "", number)
    assert create(call, begins(keys, other)) == 0
    assert {step.order_id for step in steps()} == {first.id, None}, "another patient's order is not begun"


@pytest.mark.parametrize(("charset", "said"), [("ir87", ["", "ISO 2022 IR 87"]), ("utf8", "ISO_IR 192")])
def test_a_name_comes_in_the_characters_the_scanner_says(
    clinic: Clinic, call: Association, charset: str, said: Any
) -> None:
    order = ordered(clinic, "ct")
    keys = keys_of(clinic, order, patient_name="YAMAMOTO^KAZUO=山本^和夫=やまもと^かずお")
    assert create(call, begins(keys, SpecificCharacterSet=said)) == 0
    assert steps()[0].patient_name == "YAMAMOTO^KAZUO=山本^和夫=やまもと^かずお"


def test_a_scanner_that_does_not_say_how_it_writes_writes_as_always(clinic: Clinic, port: int) -> None:
    old = add_scanner(clinic, "OLD", charset="ir87")
    order = ordered(clinic, "ct")
    said = begins(keys_of(clinic, order), SpecificCharacterSet=None)
    said.PatientName = "YAMAMOTO^KAZUO=山本^和夫".encode("iso2022_jp")
    call = associate(port, old.ae_title)
    assert create(call, said) == 0
    call.release()
    assert steps()[0].patient_name == "YAMAMOTO^KAZUO=山本^和夫"


def test_a_scanner_that_is_not_set_to_report_is_not_heard(clinic: Clinic, port: int) -> None:
    add_scanner(clinic, "OTHER", mpps=False)
    call = associate(port, "OTHER")
    order = ordered(clinic, "ct")
    assert create(call, begins(keys_of(clinic, order))) == 0x0124
    call.release()
    assert (steps(), now(clinic, order).status) == ([], "ordered")


def test_no_patients_name_is_in_the_log(clinic: Clinic, call: Association, caplog: pytest.LogCaptureFixture) -> None:
    order = ordered(clinic, "ct")
    create(call, begins(keys_of(clinic, order)))
    create(call, begins(keys_of(clinic, order)))
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("triage")]
    assert ours
    assert all("ヤマモト" not in line and "山本" not in line and "000001" not in line for line in ours)
