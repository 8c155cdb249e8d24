"""The grant table against every endpoint: as nobody, and as every role, with every method."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.builders import PEOPLE, Clinic, wait
from triage.domain.access import GRANTS, PUBLIC, SIGNED_IN

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
        assert answer.status_code == 303, (method, url, answer.status_code)
        assert answer.location.startswith("/sign-in"), (method, url)
        partial = client.open(url, method=method, headers={"HX-Request": "true"})
        assert partial.status_code == 401, (method, url)
        assert not partial.data


@pytest.mark.parametrize("who", PEOPLE)
def test_every_role_reaches_what_the_table_grants_and_nothing_else(
    app: Flask, signed_in: Callable[[str], FlaskClient], values: dict[str, str], who: str
) -> None:
    for rule, method, url in requests(app, values):
        if rule.endpoint in {"accounts.sign_out", "accounts.sign_in"}:
            continue
        needed = permission(app, rule)
        granted = needed in (PUBLIC, SIGNED_IN) or any(needed in GRANTS[role] for role in PEOPLE[who])
        client = signed_in(who)
        answer = client.open(url, method=method)
        if granted:
            assert answer.status_code not in (401, 405), (method, url, answer.status_code)
            assert answer.status_code < 500, (method, url, answer.status_code)
        else:
            assert answer.status_code == 403, (who, method, url, answer.status_code)


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
