"""Images that lie still in a real archive end the examination on both engines; the rest is in tests/archive."""

import pytest

from tests.archive.test_following import Send, archive, count, follower, kept, position, send  # noqa: F401
from tests.builders import Clinic
from tests.peers import orthanc
from tests.peers.orthanc import USER
from tests.services.test_imaging import again, ordered
from triage.services import archives

pytestmark = [pytest.mark.orthanc, pytest.mark.dcmtk]


def test_images_end_the_examination_once_though_a_new_process_reads_everything_again(
    clinic: Clinic,
    send: Send,  # noqa: F811
) -> None:
    order = ordered(clinic, "ct")
    uid = send(again(clinic, order).study_uid)
    assert follower(clinic).turn().taken == 1
    assert again(clinic, order).status == "completed"
    read = position().last
    assert follower(clinic).turn().taken == 0  # it begins where the other ended
    archives.save(clinic.admin, 1, "http://localhost:1", USER)  # elsewhere, and back: from the beginning again
    archives.save(clinic.admin, 2, orthanc.archive().url, USER)
    assert position().last == 0
    assert follower(clinic).turn().taken == 1
    assert (position().last, kept()) == (read, [(uid, order.id, 1)])
    assert (count("images_stored"), count("imaging_done_at_machine")) == (1, 1)
