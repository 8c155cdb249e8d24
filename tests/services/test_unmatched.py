"""What nobody could match: a person says whose it is, or why nobody's; undone within minutes; looked at by name."""

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import SAFE, Clinic, build_clinic
from tests.imaging_peers import add_scanner, began, ended, keys_of, machine, stable
from tests.services.test_imaging import DOSE, TWO, again, asked, ordered, payloads, stage
from tests.services.test_triage import later
from triage import clock
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused, Stale
from triage.domain.matching import Keys
from triage.models import ImagingOrder, Scanner
from triage.services import alerts, imaging, imaging_alerts, procedure_steps, studies, unmatched
from triage.services.unmatched import Item


@pytest.fixture
def ct(clinic: Clinic) -> Scanner:
    """Return the clinic's CT."""
    return add_scanner(clinic)


def emergency(clinic: Clinic, ct: Scanner, order: ImagingOrder, status: str = "completed", **other: str) -> Item:
    """Let the scanner tell of an examination that was begun without the worklist; return what waits for a person."""
    keys = keys_of(clinic, order, **({"study_uid": "9.9.1", "accession": ""} | other))
    procedure_steps.begin(machine(ct), ct, began(keys))
    if status:
        procedure_steps.change(machine(ct), ct, ended(status=status))
    return unmatched.list_open(clinic.radiographer)[0]


def link(clinic: Clinic, item: Item, order: ImagingOrder, **more: Any) -> None:
    unmatched.link(clinic.radiographer, item.kind, item.row.id, item.row.version, order.id, **more)


def find(clinic: Clinic, item: Item) -> Item:
    return unmatched.find(clinic.radiographer, item.kind, item.row.id)


def test_matched_by_a_person_the_order_follows_as_it_would_have_by_itself(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    item = emergency(clinic, ct, order)
    assert find(clinic, item).why == "nobodys"
    link(clinic, item, order)
    done = again(clinic, order)
    assert (done.status, done.alert, stage(clinic, order)) == ("completed", "unasked", "waiting")
    row = find(clinic, item).row
    assert (row.order_id, row.matched_by, row.settled_by) == (order.id, "person", clinic.radiographer.staff_id)
    assert unmatched.count(clinic.radiographer) == 0
    assert payloads("returned_matched") == [{"kind": "step", "returned": row.id, "order": order.id}]


def test_what_belongs_to_the_same_study_is_matched_with_it_now_and_later(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    item = emergency(clinic, ct, order)
    keys = keys_of(clinic, order, study_uid="9.9.1", accession="")
    studies.take(machine(ct), stable(keys))
    assert unmatched.count(clinic.radiographer) == 2
    link(clinic, item, order)
    assert unmatched.count(clinic.radiographer) == 0
    assert again(clinic, order).result_at is not None
    procedure_steps.begin(machine(ct), ct, began(keys, "1.2.3.7"))
    assert unmatched.count(clinic.radiographer) == 0


def test_another_patients_number_needs_a_second_word(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    item = emergency(clinic, ct, order, patient_number="EMERG1")
    with pytest.raises(Refused, match="not_the_same"):
        link(clinic, item, order)
    assert again(clinic, order).status == "ordered"
    link(clinic, item, order, is_confirmed=True)
    assert again(clinic, order).status == "completed"


def test_a_request_without_a_doctors_order_is_not_offered_and_cannot_be_meant(clinic: Clinic, ct: Scanner) -> None:
    order, request = ordered(clinic, "ct"), asked(clinic, "ct")
    item = emergency(clinic, ct, order)
    assert [one.order.id for one in unmatched.offers(clinic.radiographer, item)] == [order.id]
    with pytest.raises(NotFound):
        link(clinic, item, request, is_confirmed=True)


def test_the_same_patient_is_offered_first_then_a_like_name(clinic: Clinic, ct: Scanner) -> None:
    other = ordered(clinic, "ct", family_name="森", family_kana="モリ", given_name="凛", given_kana="リン")
    like = ordered(clinic, "ct", family_name="山元", given_name="一夫")
    same = ordered(clinic, "xray")
    item = emergency(clinic, ct, same, patient_name="YAMAMOTO^KAZUO")
    found = unmatched.offers(clinic.radiographer, item)
    assert [one.order.id for one in found] == [same.id, like.id, other.id]
    assert [(one.is_same, one.is_like) for one in found] == [(True, True), (False, True), (False, False)]


def test_who_was_slower_is_told(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    item = emergency(clinic, ct, order)
    link(clinic, item, order)
    with pytest.raises(Stale):
        link(clinic, item, order)
    with pytest.raises(Conflict, match="settled_already"):
        link(clinic, find(clinic, item), order)
    with pytest.raises(Conflict, match="settled_already"):
        unmatched.settle(clinic.nurse2, item.kind, item.row.id, find(clinic, item).row.version, "test")


def test_what_belongs_to_no_order_is_settled_with_a_coded_reason(clinic: Clinic, ct: Scanner) -> None:
    procedure_steps.begin(machine(ct), ct, began(Keys(patient_number="QA")))
    item = unmatched.list_open(clinic.nurse2)[0]
    for reason in ("", "because"):
        with pytest.raises(Refused, match="reason_needed"):
            unmatched.settle(clinic.nurse2, item.kind, item.row.id, item.row.version, reason)
    unmatched.settle(clinic.nurse2, item.kind, item.row.id, item.row.version, "test")
    assert (unmatched.count(clinic.nurse2), [one.row.settled_why for one in unmatched.list_settled(clinic.nurse2)]) == (
        0, ["test"],
    )  # fmt: skip
    unmatched.undo(clinic.nurse2, item.kind, item.row.id, find(clinic, item).row.version)
    assert unmatched.count(clinic.nurse2) == 1


def test_after_ten_minutes_it_stays_settled(clinic: Clinic, ct: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    item = emergency(clinic, ct, ordered(clinic, "ct"))
    unmatched.settle(clinic.nurse2, item.kind, item.row.id, item.row.version, "test")
    later(monkeypatch, minutes=11)
    with pytest.raises(Conflict, match="settled_too_late"):
        unmatched.undo(clinic.nurse2, item.kind, item.row.id, find(clinic, item).row.version)
    assert not unmatched.list_settled(clinic.nurse2)


@pytest.mark.parametrize("begun_here", [False, True])
def test_a_wrong_match_is_taken_back_with_all_that_it_led_to(clinic: Clinic, ct: Scanner, begun_here: bool) -> None:
    order = ordered(clinic, "ct")
    if begun_here:
        imaging.start(clinic.radiographer, order.id, order.version, TWO, "no", SAFE)
    studies.take(machine(ct), stable(keys_of(clinic, order, study_uid="9.9.1", accession="")))
    item = unmatched.list_open(clinic.radiographer)[0]
    link(clinic, item, order)
    assert again(clinic, order).result_at is not None
    unmatched.undo(clinic.radiographer, item.kind, item.row.id, find(clinic, item).row.version)
    back = again(clinic, order)
    assert (back.status, back.result_at, back.ended_at, back.alert) == (
        "started" if begun_here else "ordered", None, None, "mistaken",
    )  # fmt: skip
    assert (unmatched.count(clinic.radiographer), back.started_by is not None) == (1, begun_here)


def test_what_was_done_without_the_wrong_match_stays_done(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    imaging.start(clinic.radiographer, order.id, order.version, TWO, "no", SAFE)
    imaging.complete(clinic.radiographer, order.id, again(clinic, order).version, "L-spine", DOSE)
    item = emergency(clinic, ct, order, status="")
    link(clinic, item, order)
    unmatched.undo(clinic.radiographer, item.kind, item.row.id, find(clinic, item).row.version)
    assert (again(clinic, order).status, again(clinic, order).alert) == ("completed", "mistaken")


@pytest.mark.parametrize("who", ["reception", "nurse", "surgeon"])
def test_only_radiographer_and_lead_nurse_settle_it(clinic: Clinic, ct: Scanner, who: str) -> None:
    order = ordered(clinic, "ct")
    item = emergency(clinic, ct, order)
    given = (clinic.people[who], item.kind, item.row.id, item.row.version)
    for act in (
        lambda: unmatched.link(*given, order.id),
        lambda: unmatched.settle(*given, "test"),
        lambda: unmatched.undo(*given),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_another_sites_machines_are_not_seen(clinic: Clinic, ct: Scanner) -> None:
    item = emergency(clinic, ct, ordered(clinic, "ct"))
    other = build_clinic("kobe", clinic.nurse.organisation_id, "_k")
    assert (unmatched.count(other.radiographer), unmatched.list_open(other.radiographer)) == (0, [])
    for kind in (item.kind, "nonsense"):
        with pytest.raises(NotFound):
            unmatched.find(other.radiographer, kind, item.row.id)


# What somebody has to look at


def test_what_is_odd_stands_on_every_screen_until_a_named_person_has_looked(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    assert alerts.look(clinic.radiographer).odd == 0
    procedure_steps.begin(machine(ct), ct, began(keys_of(clinic, order)))
    for who in (clinic.radiographer, clinic.nurse, clinic.surgeon):
        assert alerts.look(who).odd == 1
        assert [row.id for row in imaging_alerts.list_open(who)] == [order.id]
    assert alerts.look(clinic.reception).odd == 0
    row = imaging_alerts.list_open(clinic.nurse)[0]
    imaging_alerts.see(clinic.nurse, order.id, row.version, "asked: not pregnant")
    assert payloads("imaging_alert_seen") == [{"order": order.id, "alert": "unasked", "note": "asked: not pregnant"}]
    assert (alerts.look(clinic.nurse).odd, imaging_alerts.list_open(clinic.nurse)) == (0, [])
    with pytest.raises(Conflict, match="settled_already"):
        imaging_alerts.see(clinic.surgeon, order.id, row.version)


def test_who_looks_at_an_older_page_is_told(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    procedure_steps.begin(machine(ct), ct, began(keys_of(clinic, order)))
    with pytest.raises(Stale):
        imaging_alerts.see(clinic.nurse, order.id, 1)
    with pytest.raises(NotAllowed):
        imaging_alerts.see(clinic.reception, order.id, again(clinic, order).version)


def test_it_is_listed_also_when_the_day_is_over(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    procedure_steps.begin(machine(ct), ct, began(keys_of(clinic, order)))
    with clock.at(clock.now() + timedelta(days=2)):
        assert [row.id for row in imaging_alerts.list_open(clinic.nurse)] == [order.id]
