"""Screens of the clinic: a code makes a browser one of them, and shutting one out takes effect at once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.at_once import at_once
from tests.builders import Clinic, build_clinic
from triage import clock
from triage.db import session
from triage.domain.access import Actor, Screen
from triage.domain.errors import Conflict, DomainError, NotFound, Refused, Stale
from triage.models import AuditEvent, Device, DeviceToken
from triage.services import audit, devices
from triage.services.accounts import LockOut

HERE = "10.0.0.7"


def add(actor: Actor, kind: str = "wall", name: str = "Waiting room", room_id: str | None = None) -> tuple[str, str]:
    return devices.add(actor, kind, name, room_id)


def enrol(code: str, address: str = HERE) -> tuple[str, Screen]:
    return devices.enrol(code, address, LockOut())


def events() -> list[str]:
    return [name for name in session.scalars(select(AuditEvent.name)) if name.startswith("device_")]


def test_a_code_typed_at_the_wall_makes_that_browser_the_wall(clinic: Clinic) -> None:
    device_id, code = add(clinic.admin)
    token, screen = enrol(code)
    assert (screen.device_id, screen.kind, screen.site_id) == (device_id, "wall", clinic.site_id)
    assert devices.find(token) == screen
    assert events() == ["device_added", "device_enrolled"]


@pytest.mark.parametrize("typed", ["{}", " {} ", "lower", "plain", "wide"])
def test_the_code_is_read_as_people_type_it(clinic: Clinic, typed: str) -> None:
    _, code = add(clinic.admin)
    forms = {
        "lower": code.lower(),
        "plain": code.replace("-", ""),
        "wide": "".join(chr(ord(c) + 0xFEE0) for c in code),
    }
    assert enrol(forms.get(typed, typed.format(code)))


def test_neither_code_nor_token_is_stored(clinic: Clinic) -> None:
    _, code = add(clinic.admin)
    token, _ = enrol(code)
    rows = [*session.scalars(select(Device)), *session.scalars(select(DeviceToken))]
    stored = " ".join(str(value) for row in rows for value in vars(row).values())
    assert token not in stored
    assert code not in stored
    assert code.replace("-", "") not in stored


def test_a_code_works_once_and_for_a_quarter_of_an_hour(clinic: Clinic) -> None:
    _, code = add(clinic.admin)
    enrol(code)
    with pytest.raises(Refused, match="device_code_wrong"):
        enrol(code)
    _, late = add(clinic.admin)
    with clock.at(clock.now() + timedelta(minutes=16)), pytest.raises(Refused, match="device_code_wrong"):
        enrol(late)


def test_guessing_codes_is_stopped_and_leaves_a_trace(clinic: Clinic) -> None:
    _, code = add(clinic.admin)
    for _ in range(5):
        with pytest.raises(Refused, match="device_code_wrong"):
            enrol("ABCD-2345")
    with pytest.raises(Refused, match="locked_out"):
        enrol(code)
    assert events().count("device_refused") == 5
    assert enrol(code, address="10.0.0.8")


def test_two_browsers_with_one_code_are_not_both_the_device(clinic: Clinic) -> None:
    _, code = add(clinic.admin)
    told = at_once(*(lambda n=n: enrol(code, f"10.0.1.{n}") for n in range(6)))
    assert [error.code for error in told] == ["device_code_wrong"] * 5


def test_shutting_out_ends_the_token_at_once_and_for_good(clinic: Clinic) -> None:
    device_id, code = add(clinic.admin)
    token, _ = enrol(code)
    devices.revoke(clinic.admin, device_id)
    devices.revoke(clinic.admin, device_id)
    assert devices.find(token) is None
    with pytest.raises(Conflict, match="device_revoked"):
        devices.give_code(clinic.admin, device_id)
    assert events().count("device_revoked") == 1


def test_a_code_that_waits_dies_with_its_device(clinic: Clinic) -> None:
    device_id, code = add(clinic.admin)
    devices.revoke(clinic.admin, device_id)
    with pytest.raises(Refused, match="device_code_wrong"):
        enrol(code)


def test_a_new_code_shuts_out_the_browser_that_was_the_device(clinic: Clinic) -> None:
    device_id, code = add(clinic.admin)
    old, _ = enrol(code)
    code = devices.give_code(clinic.admin, device_id)
    assert devices.find(old) is None
    new, screen = enrol(code)
    assert devices.find(new) == screen


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 5000, "\x00" * 43, "鍵" * 30])
def test_what_is_no_token_is_no_device(clinic: Clinic, token: str) -> None:
    assert devices.find(token) is None


def test_a_name_changed_by_two_is_not_lost(clinic: Clinic) -> None:
    device_id, _ = add(clinic.admin)
    version = session.get_one(Device, device_id).version
    devices.rename(clinic.admin, device_id, version, "Waiting room, left")
    with pytest.raises(Stale):
        devices.rename(clinic.admin, device_id, version, "Corridor")
    assert session.get_one(Device, device_id).name == "Waiting room, left"


def test_another_sites_device_and_room_do_not_exist(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.admin.organisation_id, "_osaka")
    device_id, _ = add(clinic.admin)
    for act in (devices.give_code, devices.revoke):
        with pytest.raises(NotFound):
            act(other.admin, device_id)
    with pytest.raises(NotFound):
        devices.rename(other.admin, device_id, 1, "mine")
    assert devices.list_devices(other.admin) == []
    with pytest.raises(Refused, match="not_a_choice"):
        add(clinic.admin, room_id="nothing")


@pytest.mark.parametrize("kind", ["desk", "", "nurse"])
def test_there_is_no_other_kind_of_device(clinic: Clinic, kind: str) -> None:
    with pytest.raises(DomainError):
        add(clinic.admin, kind)


def test_a_site_has_no_more_devices_than_somebody_can_look_after(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "MOST", 2)
    first, _ = add(clinic.admin)
    add(clinic.admin)
    with pytest.raises(Refused, match="too_many_devices"):
        add(clinic.admin)
    devices.revoke(clinic.admin, first)
    assert add(clinic.admin)


def test_when_it_was_seen_is_kept_by_the_minute_and_not_in_the_audit_trail(clinic: Clinic) -> None:
    _, code = add(clinic.admin)
    token, _ = enrol(code)
    written = len(events())
    later = clock.now() + timedelta(minutes=5)
    with clock.at(later):
        assert devices.find(token)
    session.remove()
    shown = devices.list_devices(clinic.admin)[0]
    assert shown.token
    assert shown.token.seen_at == later
    assert len(events()) == written
    assert all(not chain.damage for chain in audit.verify())


def test_the_list_has_those_in_use_first(clinic: Clinic) -> None:
    gone, _ = add(clinic.admin, name="A")
    add(clinic.admin, name="C")
    add(clinic.admin, name="B")
    devices.revoke(clinic.admin, gone)
    assert [device.name for device in devices.list_devices(clinic.admin)] == ["B", "C", "A"]
