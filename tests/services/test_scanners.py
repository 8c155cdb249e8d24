"""The scanners: who is answered, by which AE title, and what is never mixed up between two of them."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from tests.builders import Clinic, build_clinic
from triage.db import session
from triage.domain.errors import NotAllowed, NotFound, Refused, Stale
from triage.domain.machines import ScannerValues
from triage.models import AuditEvent, AuditPayload
from triage.services import rooms, scanners

CT = ScannerValues("CT 1", "CT1", "ct", "ir87", host="192.0.2.7", port=104, tls=True)


def events() -> list[tuple[str, Any]]:
    query = select(AuditEvent.name, AuditPayload.body).join(AuditPayload).where(AuditEvent.name.startswith("scanner_"))
    return [(name, body) for name, body in session.execute(query.order_by(AuditEvent.sequence))]


def test_a_scanner_is_known_by_its_title_until_it_is_retired(clinic: Clinic) -> None:
    room = rooms.add(clinic.admin, "CT room")
    made = scanners.add(clinic.admin, replace(CT, room_id=room))
    found = scanners.find(" CT1 ")
    assert found is not None
    assert (found.id, found.room and found.room.name, found.charset) == (made, "CT room", "ir87")
    scanners.retire(clinic.admin, made)
    scanners.retire(clinic.admin, made)  # a second press
    assert scanners.find("CT1") is None
    scanners.retire(clinic.admin, made, back=True)
    assert scanners.find("CT1") is not None
    assert [name for name, _ in events()] == ["scanner_added", "scanner_retired", "scanner_restored"]


def test_a_change_counts_at_once_and_says_what_was_before(clinic: Clinic) -> None:
    made = scanners.add(clinic.admin, CT)
    scanners.change(clinic.admin, made, 1, replace(CT, ae_title="CT2", host=""))
    assert scanners.find("CT1") is None
    assert scanners.get(clinic.admin, made).host == ""
    name, body = events()[-1]
    assert (name, body["before"], body["after"]) == (
        "scanner_changed", {"ae_title": "CT1", "host": "192.0.2.7"}, {"ae_title": "CT2", "host": ""},
    )  # fmt: skip


def test_saving_without_a_change_writes_nothing(clinic: Clinic) -> None:
    made = scanners.add(clinic.admin, CT)
    scanners.change(clinic.admin, made, 1, CT)
    assert scanners.get(clinic.admin, made).version == 1


def test_two_scanners_never_bear_one_title_not_even_at_two_sites_or_retired(clinic: Clinic) -> None:
    first = scanners.add(clinic.admin, CT)
    scanners.retire(clinic.admin, first)
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    for admin in (clinic.admin, other.admin):
        with pytest.raises(Refused, match="ae_title_taken"):
            scanners.add(admin, CT)
    second = scanners.add(other.admin, replace(CT, ae_title="CT2"))
    with pytest.raises(Refused, match="ae_title_taken"):
        scanners.change(other.admin, second, 1, CT)


def test_who_was_slower_does_not_overwrite(clinic: Clinic) -> None:
    made = scanners.add(clinic.admin, CT)
    scanners.change(clinic.admin, made, 1, replace(CT, port=11112))
    with pytest.raises(Stale):
        scanners.change(clinic.admin, made, 1, replace(CT, port=4242))
    assert scanners.get(clinic.admin, made).port == 11112


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ae_title": "CT\\1"}, "not_an_ae_title"),
        ({"ae_title": "SEVENTEEN_LETTERS"}, "not_an_ae_title"),
        ({"host": "http://ct"}, "not_a_host"),
        ({"port": 65536}, "not_a_port"),
        ({"name": " "}, "name_needed"),
        ({"charset": "latin1"}, "not_a_choice"),
        ({"modality": "pet"}, "not_a_choice"),
        ({"room_id": "nothing"}, "not_a_choice"),
    ],
)
def test_what_no_scanner_can_have_is_refused(clinic: Clinic, wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code):
        scanners.add(clinic.admin, replace(CT, **wrong))
    assert events() == []


def test_only_an_administrator_of_the_site_changes_its_scanners(clinic: Clinic) -> None:
    made = scanners.add(clinic.admin, CT)
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    with pytest.raises(NotFound):
        scanners.change(other.admin, made, 1, CT)
    with pytest.raises(NotFound):
        scanners.retire(other.admin, made)
    with pytest.raises(NotAllowed):
        scanners.retire(clinic.radiographer, made)
    assert scanners.list_scanners(other.admin) == []
