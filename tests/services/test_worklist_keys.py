"""The keys by which a scanner knows an order: given with the doctor's order, once, and never to another."""

from datetime import UTC, datetime

import time_machine

from tests.builders import Clinic, build_clinic
from tests.services.test_consults import IMAGING, at_stage, decide
from tests.services.test_imaging import asked, ordered
from triage.services import imaging, orders

NOON = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)  # a Wednesday, noon in Japan


def test_a_request_has_no_keys_before_a_doctor_ordered_it(clinic: Clinic) -> None:
    request = asked(clinic)
    assert (request.accession, request.study_uid) == (None, None)


def test_the_days_orders_are_numbered_and_the_keys_fit_what_dicom_allows(clinic: Clinic) -> None:
    with time_machine.travel(NOON, tick=True):
        rows = [ordered(clinic) for _number in range(3)]
    assert [row.accession for row in rows] == ["NARA2611250001", "NARA2611250002", "NARA2611250003"]
    assert len({row.study_uid for row in rows}) == 3
    assert all(row.study_uid and row.study_uid.startswith("2.25.") and len(row.study_uid) <= 64 for row in rows)


def test_what_the_surgeon_asks_for_at_the_review_has_its_keys_at_once(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, IMAGING)
    (order,) = orders.orders_of(encounter)
    assert order.accession
    assert order.study_uid


def test_two_sites_whose_codes_begin_alike_never_give_the_same_number(clinic: Clinic) -> None:
    other = build_clinic("nara-minami", suffix="-minami")
    with time_machine.travel(NOON, tick=True):
        here, there = ordered(clinic), ordered(other)
    assert here.accession != there.accession


def test_what_was_suggested_is_what_is_ordered_in_its_usual_views(clinic: Clinic) -> None:
    order = imaging.get(clinic.radiographer, ordered(clinic, "ct").id)
    assert (order.procedure, order.views) == ("ct_lumbar", [])
    order = imaging.get(clinic.radiographer, ordered(clinic, "xray").id)
    assert order.procedure.startswith("xray_")
    assert order.views
