"""The administrator's list of devices, and the page on which a browser becomes one."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.builders import Clinic
from triage.db import session
from triage.device_door import COOKIE, MARK
from triage.models import Device
from triage.services import devices

Open = Callable[[str], FlaskClient]
CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")


def code_on(text: str) -> str:
    found = CODE.search(text)
    assert found
    return found[0]


def add(admin: FlaskClient, kind: str = "wall", name: str = "Waiting room") -> str:
    answer = admin.post("/devices", data={"kind": kind, "name": name, "room": ""})
    assert answer.status_code == 303, answer.text
    return code_on(admin.get("/devices").text)


def only_device(clinic: Clinic) -> Device:
    session.remove()
    (device,) = devices.list_devices(clinic.admin)
    return device


def test_a_wall_is_set_up_with_a_code_that_is_shown_once(app: Flask, signed_in: Open, clinic: Clinic) -> None:
    admin = signed_in("admin")
    code = add(admin)
    assert not CODE.search(admin.get("/devices").text)
    wall = app.test_client()
    answer = wall.post("/device", data={"code": code.lower()})
    assert (answer.status_code, answer.location) == (303, "/wall")
    assert wall.get("/wall").status_code == 200
    listed = admin.get("/devices").text
    assert "Waiting room" in listed
    assert "Set up" in listed


def test_the_token_is_a_cookie_that_scripts_and_other_sites_do_not_get(
    app: Flask, signed_in: Open, clinic: Clinic
) -> None:
    app.config["SESSION_COOKIE_SECURE"] = True
    code = devices.add(clinic.admin, "wall", "Waiting room")[1]
    answer = app.test_client().post("/device", data={"code": code}, base_url="https://localhost")
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith(COOKIE))
    for promise in ("HttpOnly", "Secure", "SameSite=Lax"):
        assert promise in cookie


def test_a_wrong_code_is_said_at_the_field_and_guessing_is_stopped(app: Flask, clinic: Clinic) -> None:
    browser = app.test_client()
    assert browser.post("/device", data={"code": ""}).status_code == 422
    assert browser.post("/device", data={"code": "A" * 4000}).status_code == 422
    for _ in range(5):
        answer = browser.post("/device", data={"code": "2222-2222"})
        assert answer.status_code == 422
        assert "This code is wrong" in answer.text
    answer = browser.post("/device", data={"code": "2222-2222"})
    assert answer.status_code == 422
    assert "Too many wrong" in answer.text


@pytest.mark.parametrize(
    "typed",
    [
        {"kind": "wall", "name": ""},
        {"kind": "", "name": "Hall"},
        {"kind": "person", "name": "Hall"},
        {"kind": "wall", "name": "x" * 61},
        {"kind": "wall", "name": "Hall", "room": "elsewhere"},
        {"kind": "wall", "name": "Hall\x00"},
    ],
)
def test_a_device_that_cannot_be_is_refused_and_the_words_stay(
    signed_in: Open, clinic: Clinic, typed: dict[str, str]
) -> None:
    answer = signed_in("admin").post("/devices", data={"room": "", **typed})
    assert answer.status_code == 422
    assert "data-error-summary" in answer.text
    assert devices.list_devices(clinic.admin) == []


def test_a_device_is_renamed_and_who_comes_second_is_told(signed_in: Open, clinic: Clinic) -> None:
    admin = signed_in("admin")
    add(admin)
    device = only_device(clinic)
    address = f"/devices/{device.id}/name"
    assert admin.post(address, data={"name": "Hall", "version": device.version}).status_code == 303
    assert only_device(clinic).name == "Hall"
    answer = admin.post(address, data={"name": "Corridor", "version": device.version})
    assert answer.status_code == 409
    assert 'value="Corridor"' in answer.text
    assert only_device(clinic).name == "Hall"
    assert admin.post(address, data={"name": "", "version": device.version}).status_code == 422


def test_what_another_site_set_up_is_not_found(app: Flask, signed_in: Open, clinic: Clinic) -> None:
    admin = signed_in("admin")
    for step in ("code", "name", "revoke"):
        answer = admin.post(f"/devices/elsewhere/{step}", data={"name": "x", "version": "1"})
        assert answer.status_code == 404, step


def test_a_public_desk_is_marked_and_loses_the_mark_when_it_is_shut_out(
    app: Flask, signed_in: Open, clinic: Clinic
) -> None:
    code = add(signed_in("admin"), "public_desk", "Front desk")
    desk = app.test_client()
    assert desk.post("/device", data={"code": code}).location == "/sign-in"
    assert desk.get_cookie(MARK)
    assert 'data-desk="public"' in desk.get("/sign-in").text
    devices.revoke(clinic.admin, only_device(clinic).id)
    desk.post("/sign-in", data={"user_name": "reception", "password": "correct horse battery"})
    assert not desk.get_cookie(MARK)
    assert 'data-desk="public"' not in desk.get("/patients").text
