"""Matching by hand, and looking at what a machine did, as the browser sees it."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic
from tests.imaging_peers import add_scanner, began, ended, keys_of, machine
from tests.services.test_imaging import again, ordered
from tests.services.test_unmatched import emergency, find
from triage.db import session
from triage.models import Scanner
from triage.services import procedure_steps, unmatched
from triage.services.unmatched import Item

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def ct(clinic: Clinic) -> Scanner:
    """Return the clinic's CT."""
    return add_scanner(clinic)


def path(item: Item, rest: str = "") -> str:
    return f"/imaging/unmatched/{item.kind}/{item.row.id}{rest}"


def test_in_two_steps_with_both_identities_it_is_matched_and_undone(
    signed_in: SignIn, clinic: Clinic, ct: Scanner
) -> None:
    order = ordered(clinic, "ct")
    item = emergency(clinic, ct, order)
    client = signed_in("radiographer")
    assert "Not matched 1" in client.get("/imaging").text
    assert "/imaging/unmatched/step/" in client.get("/imaging/unmatched").text
    shown = client.get(path(item)).text
    assert "Same number" in shown
    assert f"/orders/{order.id}" in shown
    step = path(item, f"/orders/{order.id}")
    compared = client.get(step).text
    assert all(words in compared for words in ("ヤマモト カズオ", "山本 和夫", "000001", "Match to this order"))
    answer = client.post(step, data={"version": item.row.version})
    assert (answer.status_code, answer.location) == (303, "/imaging/unmatched")
    session.close()
    assert again(clinic, order).status == "completed"
    assert "Matched to the order." in client.get("/imaging/unmatched").text
    assert client.post(path(item, "/undo")).status_code == 303
    session.close()
    assert unmatched.count(clinic.radiographer) == 1


def test_another_number_is_told_and_has_to_be_confirmed(signed_in: SignIn, clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    item = emergency(clinic, ct, order, patient_number="E1")
    client, step = signed_in("nurse2"), path(item, f"/orders/{order.id}")
    refused = client.post(step, data={"version": item.row.version})
    assert refused.status_code == 422
    assert "same_person-error" in refused.text
    assert client.post(step, data={"version": item.row.version, "same_person": "y"}).status_code == 303


def test_who_was_slower_is_told_how_it_stands(signed_in: SignIn, clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    item = emergency(clinic, ct, order)
    unmatched.settle(clinic.nurse2, item.kind, item.row.id, item.row.version, "test")
    client = signed_in("radiographer")
    for answer in (
        client.post(path(item, f"/orders/{order.id}"), data={"version": item.row.version}),
        client.post(path(item, "/settlement"), data={"version": item.row.version, "reason": "test"}),
    ):
        assert answer.status_code == 409
        assert "Settled by Nurse2" in answer.text


@pytest.mark.parametrize("data", [{}, {"reason": ""}, {"reason": "because"}])
def test_without_a_reason_nothing_is_settled(
    signed_in: SignIn, clinic: Clinic, ct: Scanner, data: dict[str, str]
) -> None:
    item = emergency(clinic, ct, ordered(clinic, "ct"))
    answer = signed_in("radiographer").post(path(item, "/settlement"), data=data | {"version": item.row.version})
    assert answer.status_code == 422
    assert "reason-error" in answer.text
    assert find(clinic, item).row.settled_at is None


def test_settled_with_a_reason_it_is_gone_from_the_list(signed_in: SignIn, clinic: Clinic, ct: Scanner) -> None:
    item = emergency(clinic, ct, ordered(clinic, "ct"))
    client = signed_in("radiographer")
    client.post(path(item, "/settlement"), data={"version": item.row.version, "reason": "test"})
    page = client.get("/imaging/unmatched").text
    assert "Everything that the machines told has its order." in page
    assert "Test image or quality check" in page


@pytest.mark.parametrize("who", ["nurse", "surgeon", "reception", "admin"])
def test_others_do_not_see_the_list(signed_in: SignIn, clinic: Clinic, ct: Scanner, who: str) -> None:
    item = emergency(clinic, ct, ordered(clinic, "ct"))
    for address in ("/imaging/unmatched", path(item)):
        assert signed_in(who).get(address).status_code == 403


def test_what_is_not_there_is_not_found(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("radiographer")
    for address in ("step/none", "study/none", "nonsense/none", "step/none/orders/none"):
        assert client.get(f"/imaging/unmatched/{address}").status_code == 404


def test_what_a_machine_did_differently_stands_first_until_somebody_has_looked(
    signed_in: SignIn, clinic: Clinic, ct: Scanner
) -> None:
    order = ordered(clinic, "ct")
    procedure_steps.begin(machine(ct), ct, began(keys_of(clinic, order)))
    procedure_steps.change(machine(ct), ct, ended(status="discontinued", reason="110505"))
    client = signed_in("nurse")
    page = client.get("/imaging").text
    assert "Broken off at the machine" in page
    assert "The patient refused to go on" in page
    assert 'id="alert-odd"' in client.get("/alerts").text
    version = again(clinic, order).version
    wrong = client.post(f"/imaging-orders/{order.id}/looked-at", data={"version": version, "note": "x" * 301})
    assert wrong.status_code == 422
    assert "x" * 301 in wrong.text
    stale = client.post(f"/imaging-orders/{order.id}/looked-at", data={"version": 1, "note": "typed"})
    assert (stale.status_code, "typed" in stale.text) == (409, True)
    done = client.post(f"/imaging-orders/{order.id}/looked-at", data={"version": version, "note": "spoke to her"})
    assert done.status_code == 303
    assert "Broken off at the machine" not in client.get("/imaging").text
