"""The grant table against every endpoint: as nobody, and as every role, with every method."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.builders import PEOPLE, Clinic, wait
from triage.device_door import COOKIE
from triage.domain.access import DEVICE_GRANTS, DEVICE_PERMISSIONS, GRANTS, PERMISSIONS, PUBLIC, SIGNED_IN
from triage.services import devices
from triage.services.accounts import LockOut

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def requests(app: Flask, values: dict[str, str]) -> Iterator[tuple[Rule, str, str]]:
    """Yield every rule with its method and a URL in which each id is a real one or a stranger's."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in {"static", "assets"}:
            continue
        arguments = {name: values.get(name, "nothing") for name in rule.arguments}
        for method in sorted((rule.methods or set()) & set(METHODS)):
            yield rule, method, adapter.build(rule.endpoint, arguments, method=method)


def permission(app: Flask, rule: Rule) -> str:
    return str(app.view_functions[rule.endpoint].permission)


def is_shut(answer: TestResponse, method: str) -> bool:
    """Tell whether the door of the devices stayed shut: the way to set one up, or nothing."""
    if method == "GET":
        return answer.status_code == 303 and answer.location == "/device"
    return answer.status_code == 401 and not answer.data


@pytest.fixture
def values(clinic: Clinic) -> dict[str, str]:
    encounter = wait(clinic.reception)
    return {"encounter_id": encounter.id, "patient_id": encounter.patient_id}


def test_nobody_gets_nothing_but_the_way_to_sign_in(app: Flask, values: dict[str, str]) -> None:
    client = app.test_client()
    for rule, method, url in requests(app, values):
        if permission(app, rule) == PUBLIC:
            continue
        answer = client.open(url, method=method)
        if permission(app, rule) in DEVICE_PERMISSIONS:
            assert is_shut(answer, method), (method, url)
            continue
        assert answer.status_code == 303, (method, url, answer.status_code)
        assert answer.location.startswith("/sign-in"), (method, url)
        partial = client.open(url, method=method, headers={"HX-Request": "true"})
        assert partial.status_code == 401, (method, url)
        assert not partial.data


@pytest.mark.parametrize("who", PEOPLE)
def test_every_role_reaches_what_the_table_grants_and_nothing_else(
    app: Flask, signed_in: Callable[[str], FlaskClient], values: dict[str, str], who: str
) -> None:
    client = signed_in(who)
    for rule, method, url in requests(app, values):
        if rule.endpoint in {"accounts.sign_out", "accounts.sign_in"}:
            continue
        needed = permission(app, rule)
        granted = needed in (PUBLIC, SIGNED_IN) or any(needed in GRANTS[role] for role in PEOPLE[who])
        answer = client.open(url, method=method)
        assert "/sign-in" not in answer.headers.get("Location", ""), (who, method, url, "signed out before")
        if needed in DEVICE_PERMISSIONS:
            assert is_shut(answer, method), (who, method, url)
        elif granted:
            assert answer.status_code not in (401, 405), (method, url, answer.status_code)
            assert answer.status_code < 500, (method, url, answer.status_code)
        else:
            assert answer.status_code == 403, (who, method, url, answer.status_code)


def as_device(app: Flask, clinic: Clinic, kind: str) -> tuple[FlaskClient, str]:
    """Return the browser of an enrolled device, which is nobody's session, and the device's id."""
    device_id, code = devices.add(clinic.admin, kind, "Waiting room")
    token, _ = devices.enrol(code, "127.0.0.1", LockOut())
    client = app.test_client()
    client.set_cookie(COOKIE, token)
    return client, device_id


@pytest.mark.parametrize("kind", DEVICE_GRANTS)
def test_a_device_opens_its_own_endpoints_and_nothing_else(
    app: Flask, clinic: Clinic, values: dict[str, str], kind: str
) -> None:
    client, _ = as_device(app, clinic, kind)
    opened = set()
    for rule, method, url in requests(app, values):
        needed = permission(app, rule)
        if needed == PUBLIC:
            continue
        answer = client.open(url, method=method)
        if needed in DEVICE_GRANTS[kind]:
            assert answer.status_code == 200, (method, url, answer.status_code)
            opened.add(url)
        elif needed in DEVICE_PERMISSIONS:
            assert is_shut(answer, method), (method, url)
        else:
            assert answer.status_code == 303, (method, url, answer.status_code)
            assert answer.location.startswith("/sign-in"), (method, url)
    assert opened == ({"/wall", "/wall/now"} if kind == "wall" else set())


def test_a_device_that_was_shut_out_opens_nothing_from_its_next_refresh_on(app: Flask, clinic: Clinic) -> None:
    client, device_id = as_device(app, clinic, "wall")
    assert client.get("/wall/now").status_code == 200
    devices.revoke(clinic.admin, device_id)
    assert client.get("/wall/now", headers={"X-Background": "1"}).status_code == 401
    assert is_shut(client.get("/wall"), "GET")


def test_a_device_and_a_person_in_one_browser_stay_two(
    app: Flask, clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    device, _ = as_device(app, clinic, "wall")
    token = device.get_cookie(COOKIE)
    assert token
    client = signed_in("auditor")
    client.set_cookie(COOKIE, token.value)
    assert client.get("/board").status_code == 403
    assert client.get("/wall").status_code == 200
    client.delete_cookie(COOKIE)
    assert is_shut(client.get("/wall"), "GET")


def test_no_role_holds_what_is_a_devices_and_no_device_what_is_a_roles() -> None:
    assert frozenset() == PERMISSIONS & DEVICE_PERMISSIONS
    assert all(name.startswith("device:") for name in DEVICE_PERMISSIONS)


def test_a_method_that_is_not_meant_is_refused(
    app: Flask, signed_in: Callable[[str], FlaskClient], values: dict[str, str]
) -> None:
    client = signed_in("nurse")
    for rule, _method, url in requests(app, values):
        for other in set(METHODS) - {m for r, m, u in requests(app, values) if u == url}:
            assert client.open(url, method=other).status_code == 405, (rule, other)


def test_a_view_added_without_a_grant_is_closed_to_everybody(
    app: Flask, signed_in: Callable[[str], FlaskClient]
) -> None:
    client = signed_in("nurse")
    app.view_functions["board.index"].permission = "planted:bad"  # type: ignore[attr-defined]
    try:
        assert client.get("/board").status_code == 403
    finally:
        app.view_functions["board.index"].permission = "board:view"  # type: ignore[attr-defined]
