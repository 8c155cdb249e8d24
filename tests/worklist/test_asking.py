"""A scanner asks what waits for it, and is told that and nothing else."""

from flask import Flask

from tests.builders import Clinic
from tests.services.test_imaging import ordered
from tests.worklist.machines import add_scanner, ask, served


def test_a_scanner_is_told_what_a_doctor_ordered(app: Flask, clinic: Clinic) -> None:
    add_scanner(clinic.admin)
    order = ordered(clinic)
    with served() as process:
        (item,) = ask(process)
    print(item)
    assert item.AccessionNumber == order.accession
    assert item.StudyInstanceUID == order.study_uid
