"""A cookie whose signature was checked before is still refused once it is too old, and one that was touched always."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from triage import headers

SignIn = Callable[[str], FlaskClient]


def test_a_signature_is_checked_once_and_what_it_signs_is_taken_as_often_as_it_comes(signed_in: SignIn) -> None:
    client = signed_in("nurse")
    client.get("/me"), client.get("/me")  # the first one gives the cookie its form token
    before = headers._said.cache_info()
    assert [client.get("/me").status_code for _ in range(3)] == [200] * 3
    after = headers._said.cache_info()
    assert (after.misses, after.hits >= before.hits + 3) == (before.misses, True)


def test_a_cookie_that_has_grown_too_old_is_refused_though_it_was_taken_before(signed_in: SignIn) -> None:
    client = signed_in("nurse")
    app = client.application
    assert client.get("/me").status_code == 200
    kept, app.permanent_session_lifetime = app.permanent_session_lifetime, timedelta(seconds=-1)
    assert client.get("/me").status_code == 303
    app.permanent_session_lifetime = kept
    assert client.get("/me").status_code == 200


def test_a_cookie_that_was_touched_opens_nothing(own_app: Flask, signed_in: SignIn) -> None:
    client, name = signed_in("nurse"), own_app.config["SESSION_COOKIE_NAME"]
    assert client.get("/me").status_code == 200
    cookie = client.get_cookie(name)
    assert cookie is not None
    client.set_cookie(name, cookie.value[:-3] + "abc")
    assert client.get("/me").status_code == 303


def test_what_one_request_puts_into_its_session_is_not_in_the_next_ones_cookie(own_app: Flask) -> None:
    signer = own_app.session_interface.get_signing_serializer(own_app)  # type: ignore[attr-defined]
    value = signer.dumps({"_user_id": "a"})
    with own_app.test_request_context(headers={"Cookie": f"{own_app.config['SESSION_COOKIE_NAME']}={value}"}) as one:
        assert one.session == {"_user_id": "a"}
        one.session["more"] = "b"
    with own_app.test_request_context(headers={"Cookie": f"{own_app.config['SESSION_COOKIE_NAME']}={value}"}) as other:
        assert other.session == {"_user_id": "a"}
    flashed = signer.dumps({"_flashes": [["message", "text"]]})
    assert headers._said(signer, flashed)[0] is None  # a list could be changed under the next one's hands


def test_every_answer_tells_caches_what_it_differs_by(signed_in: SignIn) -> None:
    answer = signed_in("nurse").get("/alerts", headers={"X-Background": "1"})
    assert set(answer.headers.getlist("Vary")) == {"HX-Request, Cookie, Accept-Encoding"}
    assert len(answer.headers.getlist("Content-Security-Policy")) == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/me", 200), ("GET", "/", 302), ("GET", "/nowhere", 404), ("POST", "/patients", 422),
     ("GET", "/audit", 403)],
)  # fmt: skip
def test_whatever_is_answered_keeps_the_browser_in_bounds(
    signed_in: SignIn, method: str, path: str, status: int
) -> None:
    answer = signed_in("nurse").open(path, method=method)
    assert answer.status_code == status
    assert {name: answer.headers.getlist(name) for name in headers.HEADERS} == {
        name: [value] for name, value in headers.HEADERS.items()
    }


def test_so_does_a_file_of_ours(signed_in: SignIn) -> None:
    client = signed_in("nurse")
    file = re.findall(r'href="(/static/[^"]+)"', client.get("/me").text)[0]
    with client.get(file) as answer:
        assert (answer.status_code, answer.headers["Content-Security-Policy"]) == (200, headers.CSP)


def test_a_cookie_is_read_by_what_flask_signs_with_and_what_that_signed_is_read_here(own_app: Flask) -> None:
    own = own_app.session_interface.get_signing_serializer(own_app)  # type: ignore[attr-defined]
    plain = SecureCookieSessionInterface().get_signing_serializer(own_app)
    assert plain is not None
    for said in ({"_user_id": "a"}, {"_flashes": [["message", "腰痛 " * 400]]}):
        assert plain.loads(own.dumps(said)) == said == own.loads(plain.dumps(said))


def test_a_long_cookie_is_packed_so_that_the_browser_takes_it(own_app: Flask) -> None:
    own = own_app.session_interface.get_signing_serializer(own_app)  # type: ignore[attr-defined]
    assert len(own.dumps({"_flashes": [["message", f"the same words again {n}"] for n in range(200)]})) < 4096
