"""Signing in and out: sessions that end at once, a lock-out, and no way out of the site."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from tests.builders import PASSWORD, Clinic, arrive, build_clinic
from triage import clock
from triage.domain.access import HOME
from triage.services import accounts, staff

SignedIn = Callable[[str], FlaskClient]


def sign_in(client: FlaskClient, user_name: str, password: str = PASSWORD, **data: str):  # type: ignore[no-untyped-def]
    return client.post("/sign-in", data={"user_name": user_name, "password": password, **data})


def without_names(text: str) -> str:
    """Return a page without the name that was typed and the token that differs each time."""
    return re.sub(r"nurse|nobody|csrf_token[^>]*>|X-CSRFToken[^}]*}", "", text)


@pytest.mark.parametrize("role", HOME)
def test_each_role_lands_on_its_own_page(app: Flask, clinic: Clinic, role: str) -> None:
    answer = sign_in(app.test_client(), role)
    with app.test_request_context():
        from flask import url_for

        assert answer.location == url_for(HOME[role])


def test_a_wrong_password_says_neither_which_of_the_two_was_wrong_nor_forgets_the_name(
    app: Flask, clinic: Clinic
) -> None:
    wrong = sign_in(app.test_client(), "nurse", "wrong")
    unknown = sign_in(app.test_client(), "nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 422
    assert "Staff ID or password is wrong." in wrong.text
    assert 'value="nurse"' in wrong.text
    assert without_names(wrong.text) == without_names(unknown.text)


def test_after_five_wrong_passwords_even_the_right_one_waits_and_another_desk_does_not(
    app: Flask, clinic: Clinic
) -> None:
    desk = app.test_client()
    for _ in range(5):
        sign_in(desk, "nurse", "wrong")
    assert "Too many wrong passwords" in sign_in(desk, "nurse").text
    elsewhere = app.test_client().post(
        "/sign-in", data={"user_name": "nurse", "password": PASSWORD}, environ_base={"REMOTE_ADDR": "192.0.2.7"}
    )
    assert elsewhere.status_code == 303
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        assert sign_in(desk, "nurse").status_code == 303


def test_signing_out_ends_the_session_on_the_server(signed_in: SignedIn, app: Flask) -> None:
    client = signed_in("nurse")
    cookie = client.get_cookie("triage_session")
    client.post("/sign-out")
    thief = app.test_client()
    thief.set_cookie("triage_session", cookie.value)
    assert thief.get("/board").status_code == 303


@pytest.mark.parametrize("by_itself", [True, False])
def test_who_was_signed_out_in_another_tab_is_told_so_by_the_next_form_that_is_sent(
    signed_in: SignedIn, app: Flask, clinic: Clinic, by_itself: bool
) -> None:
    encounter = arrive(clinic.reception)
    desk = signed_in("reception")
    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token" value="([^"]+)"', desk.get(f"/encounters/{encounter.id}/intake").text)
    assert token
    form = {"csrf_token": token[1], "d.complaint": "腰が痛い"}
    desk.post("/sign-out", data=form)
    answer = desk.post(
        f"/encounters/{encounter.id}/findings", data=form, headers={"HX-Request": "true"} if by_itself else {}
    )
    assert answer.status_code == (401 if by_itself else 303)
    told = desk.get(answer.headers["HX-Redirect" if by_itself else "Location"])
    assert "You are no longer signed in here." in told.text


def test_a_deactivated_person_is_out_at_once(signed_in: SignedIn, clinic: Clinic) -> None:
    client = signed_in("nurse")
    assert client.get("/me").status_code == 200
    staff.deactivate(clinic.admin, "nurse")
    assert client.get("/me").status_code == 303


def test_an_administrator_ends_the_sessions_of_a_person(signed_in: SignedIn, clinic: Clinic) -> None:
    nurse, admin = signed_in("nurse"), signed_in("admin")
    admin.post(f"/staff/{clinic.nurse.staff_id}/sessions/end")
    assert nurse.get("/me").status_code == 303
    assert admin.get("/staff").status_code == 200


def test_of_another_site_an_administrator_sees_nobody_and_signs_nobody_out(signed_in: SignedIn, clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    staff.grant(clinic.admin, "surgeon-osaka", "nurse")
    admin, theirs = signed_in("admin"), signed_in("nurse-osaka")
    shown = admin.get("/staff").text
    assert "nurse2" in shown
    assert "nurse-osaka" not in shown
    assert admin.post(f"/staff/{other.nurse.staff_id}/sessions/end").status_code == 404
    assert theirs.get("/board").status_code == 200
    both = re.search(r"<td>surgeon-osaka.*?</tr>", shown, re.DOTALL)
    assert both, "who works at both sites is known at both"
    assert both[0].count('class="chip"') == 1, "with the roles of this site"
    assert admin.post(f"/staff/{other.surgeon.staff_id}/sessions/end").status_code == 303


def test_a_role_granted_while_someone_is_signed_in_counts_from_the_next_request(
    signed_in: SignedIn, clinic: Clinic
) -> None:
    client = signed_in("reception")
    assert client.get("/audit").status_code == 403
    staff.grant(clinic.admin, "reception", "auditor")
    assert client.get("/audit").status_code == 200


def test_who_holds_a_session_is_asked_of_the_database_once_a_request(
    signed_in: SignedIn, statements: list[str]
) -> None:
    client = signed_in("nurse")
    statements.clear()
    assert client.get("/alerts", headers={"X-Background": "1"}).status_code == 200
    assert sum("login_session" in text or "staff_grant" in text for text in statements) == 1


def test_a_session_ends_after_an_hour_without_activity_and_background_refreshes_do_not_count(
    signed_in: SignedIn,
) -> None:
    client = signed_in("nurse")
    start = clock.now()
    with time_machine.travel(start + timedelta(minutes=45), tick=False):
        assert client.get("/me", headers={"X-Background": "1"}).status_code == 200
    with time_machine.travel(start + timedelta(minutes=75), tick=False):
        assert client.get("/me").status_code == 303


def test_activity_extends_a_session_until_the_day_is_over(signed_in: SignedIn) -> None:
    client = signed_in("nurse")
    start = clock.now()
    for hours in range(1, 28):
        with time_machine.travel(start + timedelta(minutes=30 * hours), tick=False):
            assert client.get("/me").status_code == 200, hours
    with time_machine.travel(start + timedelta(hours=14, minutes=1), tick=False):
        assert client.get("/me").status_code == 303


def test_a_role_that_was_granted_until_yesterday_is_gone_today(app: Flask, clinic: Clinic) -> None:
    today = clock.now().date()
    staff.add(clinic.admin, "locum", "Locum", PASSWORD)
    staff.grant(clinic.admin, "locum", "nurse", None, today - timedelta(days=9), today - timedelta(days=1))
    assert sign_in(app.test_client(), "locum").status_code == 422


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1", "/\t/x"]
)
def test_the_way_back_after_signing_in_never_leaves_the_site(app: Flask, clinic: Clinic, target: str) -> None:
    answer = sign_in(app.test_client(), "auditor", next=target)
    assert answer.location == "/audit"


def test_the_page_that_was_asked_for_comes_after_signing_in(app: Flask, clinic: Clinic) -> None:
    client = app.test_client()
    asked = client.get("/audit?name=signed_in")
    assert asked.status_code == 303
    assert "next=" in asked.location
    assert sign_in(client, "auditor", next="/audit?name=signed_in").location == "/audit?name=signed_in"


@pytest.mark.parametrize(
    ("shown", "after"),
    [
        ("http://localhost/audit?name=signed_in", "/audit?name=signed_in"),
        ("http://localhost/sign-out", "/audit"),  # answers no GET
        ("http://localhost/no-such-page", "/audit"),
        ("http://localhost//evil.example", "/audit"),
        ("https://evil.example/audit?name=signed_in", "/audit"),
        (None, "/audit"),
    ],
)
def test_whose_session_ended_under_a_page_comes_back_to_that_page(
    app: Flask, clinic: Clinic, shown: str | None, after: str
) -> None:
    client = app.test_client()
    headers = {"HX-Request": "true"} | ({"HX-Current-URL": shown} if shown else {})
    refused = client.get("/board/rows", headers=headers)
    assert refused.status_code == 401
    form = client.get(refused.headers["HX-Redirect"]).text
    assert "You are no longer signed in here." in form
    found = re.search(r'name="next"[^>]* value="([^"]*)"', form)
    assert sign_in(client, "auditor", next=unescape(found[1]) if found else "").location == after


def test_the_language_switch_keeps_the_place_and_is_remembered(signed_in: SignedIn) -> None:
    client = signed_in("auditor")
    assert 'lang="ja"' in client.get("/audit?name=signed_in&lang=ja").text
    assert 'lang="ja"' in client.get("/me").text


def test_passwords_are_kept_as_argon2_and_never_logged(app: Flask, clinic: Clinic, caplog) -> None:  # type: ignore[no-untyped-def]
    sign_in(app.test_client(), "nurse", "a secret that leaks")
    assert "a secret that leaks" not in caplog.text
    assert accounts.hash_password("x").startswith("$argon2id$")


def test_every_answer_carries_the_protective_headers(signed_in: SignedIn) -> None:
    answer = signed_in("nurse").get("/me")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
