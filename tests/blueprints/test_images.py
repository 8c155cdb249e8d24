"""The images of an examination: opened by their own study, with the patient's identity on both sides of the click."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, add_patient
from tests.imaging_peers import add_scanner, keys_of, machine, stable
from tests.services.test_imaging import again, ordered
from triage.models import ImagingOrder
from triage.services import archives, studies
from triage.services.images import BIRTH_DATE, NUMBER, compare

SignIn = Callable[[str], FlaskClient]
VIEWER = "https://viewer.example/viewer?StudyInstanceUIDs={study}"


@pytest.fixture
def imaged(clinic: Clinic) -> ImagingOrder:
    """Return an examination whose images have come back."""
    archives.save(clinic.admin, 0, "http://localhost:8042", viewer=VIEWER)
    order = ordered(clinic, "ct")
    studies.take(machine(add_scanner(clinic)), stable(keys_of(clinic, order)))
    return again(clinic, order)


def test_the_row_of_the_list_leads_to_this_study_and_says_whose_it_is(
    signed_in: SignIn, clinic: Clinic, imaged: ImagingOrder
) -> None:
    for path in ("/imaging", f"/imaging-orders/{imaged.id}/result"):
        shown = signed_in("radiographer").get(path).text
        address = VIEWER.replace("{study}", imaged.study_uid or "")
        assert f'href="{address}" target="images" referrerpolicy="no-referrer"' in shown
        assert "Opens the images of" in shown
        assert "In the images" in shown
        assert "images of somebody else" not in shown


def test_images_with_another_birth_date_are_marked(signed_in: SignIn, clinic: Clinic) -> None:
    order = ordered(clinic, "ct")
    studies.take(machine(add_scanner(clinic)), replace(stable(keys_of(clinic, order)), birth_date="19010203"))
    shown = signed_in("surgeon").get("/imaging").text
    for said in ("Another birth date", "These may be the images of somebody else.", "19010203"):
        assert said in shown


def test_without_a_viewer_there_is_no_link_and_the_page_says_where_the_images_are(
    signed_in: SignIn, clinic: Clinic, imaged: ImagingOrder
) -> None:
    archives.save(clinic.admin, 1, "http://localhost:8042")
    shown = signed_in("radiographer").get("/imaging").text
    assert "viewer.example" not in shown
    assert "on the viewer of the imaging room" in shown


def test_what_is_missing_on_either_side_differs_in_nothing(clinic: Clinic) -> None:
    from triage.models import ImagingStudy

    patient = add_patient(clinic.reception, birth_date=date(1963, 7, 30))
    same = ImagingStudy(patient_number=patient.number, birth_date="19630730")
    assert compare(same, patient).differs == ()
    assert compare(ImagingStudy(patient_number="", birth_date=""), patient).differs == ()
    assert compare(ImagingStudy(patient_number="x", birth_date="19630731"), patient).differs == (NUMBER, BIRTH_DATE)


def test_every_page_keeps_hold_of_the_images_window(signed_in: SignIn, clinic: Clinic) -> None:
    answer = signed_in("surgeon").get("/board")
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
