"""Images that lie still in a real archive end the examination, once, whatever breaks in between."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import generate_uid
from sqlalchemy import func, select

from tests.builders import Clinic
from tests.peers import orthanc
from tests.peers.orthanc import UNKNOWN, USER, WORD, Orthanc, draw
from tests.services.test_imaging import again, ordered
from triage.db import session
from triage.domain.machines import CLOSED, WRONG_PASSWORD
from triage.models import ArchivePosition, AuditEvent, ImagingOrder, ImagingStudy
from triage.services import archives
from triage.services.archive_changes import Follower

pytestmark = [pytest.mark.orthanc, pytest.mark.dcmtk]
Send = Callable[..., str]


@pytest.fixture
def archive(clinic: Clinic) -> Orthanc:
    """Return an empty archive, set as the clinic's."""
    made = orthanc.archive()
    made.forget()
    archives.save(clinic.admin, 0, made.url, USER)
    return made


@pytest.fixture
def send(archive: Orthanc, tmp_path: Path) -> Send:
    """Return what sends one image as the CT does and waits until its study lies still; it returns the study's UID."""

    def sent(study_uid: str = "", accession: str = "", number: str = "", wait: bool = True) -> str:
        uid = study_uid or generate_uid()
        assert archive.store([draw(tmp_path / "image.dcm", uid, accession, number)])
        if wait:
            archive.wait_until_stable(uid)
        return uid

    return sent


def follower(clinic: Clinic, password: str = WORD) -> Follower:
    found = archives.find(clinic.admin)
    assert found is not None
    return Follower(found.id, password)


def position() -> ArchivePosition:
    session.close()
    return session.scalars(select(ArchivePosition)).one()


def kept() -> list[tuple[str, str | None, int]]:
    rows = session.execute(select(ImagingStudy.study_uid, ImagingStudy.order_id, ImagingStudy.images))
    return [tuple(row) for row in rows]


def count(name: str) -> int:
    return session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.name == name)) or 0


def keys(clinic: Clinic, order: ImagingOrder) -> dict[str, Any]:
    now = again(clinic, order)
    return {"accession": now.accession, "number": now.encounter.patient.number}


def test_the_number_of_the_order_and_of_the_patient_match_too_and_strangers_are_left_for_a_person(
    clinic: Clinic, send: Send
) -> None:
    order = ordered(clinic, "ct")
    stranger = send(accession="NARA0000000000", number="000009", wait=False)
    own = send(**keys(clinic, order))
    orthanc.archive().wait_until_stable(stranger)
    assert follower(clinic).turn().taken == 2
    assert sorted(kept()) == sorted([(own, order.id, 1), (stranger, None, 1)])


def test_what_was_there_before_the_first_order_belongs_to_none(clinic: Clinic, send: Send) -> None:
    send()
    assert (follower(clinic).turn().taken, kept()) == (0, [])
    assert position().last > 0


def test_a_late_image_is_counted_and_the_examination_ends_no_second_time(clinic: Clinic, send: Send) -> None:
    order = ordered(clinic, "ct")
    uid = send(again(clinic, order).study_uid)
    assert follower(clinic).turn().taken == 1
    orthanc.archive().ask("/changes", "DELETE")
    send(uid)
    assert follower(clinic).turn().taken == 1
    assert (kept(), count("imaging_done_at_machine")) == ([(uid, order.id, 2)], 1)


def test_an_archive_that_is_down_is_noted_once_and_followed_again_when_it_is_back(
    clinic: Clinic, archive: Orthanc, send: Send
) -> None:
    order = ordered(clinic, "ct")
    uid = send(again(clinic, order).study_uid)
    reading = follower(clinic)
    archive.stop()
    assert [reading.turn().failure for _ in range(2)] == [CLOSED, CLOSED]
    state = archives.state(clinic.nurse)
    assert state is not None
    assert state.silent_since is not None
    assert count("archive_silent") == 1
    archive.start()
    assert reading.turn().taken == 1
    assert (position().failed_at, position().failure) == (None, "")
    assert (kept(), count("archive_answers")) == ([(uid, order.id, 1)], 1)


def test_an_archive_that_was_installed_anew_is_read_from_its_beginning(
    clinic: Clinic, archive: Orthanc, send: Send
) -> None:
    ordered(clinic, "ct")
    send(wait=False)
    reading = follower(clinic)
    reading.turn()
    archive.stop(at_once=True)
    archive.start(emptied=True)
    assert reading.turn().more
    assert (position().last, count("archive_began_again")) == (0, 1)
    again_ = ordered(clinic, "ct")
    send(again(clinic, again_).study_uid)
    assert reading.turn().taken == 1
    assert again(clinic, again_).status == "completed"


def test_a_wrong_password_is_said_and_nothing_is_read(clinic: Clinic, archive: Orthanc) -> None:
    assert follower(clinic, "other").turn().failure == WRONG_PASSWORD
    assert archives.test(clinic.admin, "other").outcome == WRONG_PASSWORD
    found = archives.test(clinic.admin, WORD)
    assert found.good
    assert found.detail.startswith("Test archive · Orthanc 1.")


def test_a_machine_that_the_archive_does_not_know_leaves_nothing(
    clinic: Clinic, archive: Orthanc, tmp_path: Path
) -> None:
    assert not archive.store([draw(tmp_path / "image.dcm", generate_uid())], UNKNOWN)
    assert archive.ask("/studies") == []
