"""The page of the image archive: set by an administrator, tried, its password never shown, its silence said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.builders import Clinic
from tests.served import free_port
from triage.domain.machines import CLOSED, IN_TROUBLE, NO_HOST, NOT_ARCHIVE, NOT_OURS
from triage.services import archives
from triage.services.archive_changes import Follower

SignIn = Callable[[str], FlaskClient]
TYPED = {"version": "0", "url": "http://localhost:8042", "user_name": "triage", "viewer": ""}


@contextmanager
def answering(status: int = 200, body: bytes = b"{}", **headers: str) -> Iterator[tuple[str, list[str]]]:
    """Serve one answer to everybody who asks, on a real port; yield the address and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Authorization', '')}")
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_an_administrator_sets_the_archive_and_changes_it(signed_in: SignIn, clinic: Clinic) -> None:
    admin = signed_in("admin")
    assert admin.post("/archive", data=TYPED).status_code == 303
    assert admin.post("/archive", data=TYPED | {"version": "1", "url": "https://pacs.example"}).status_code == 303
    found = archives.find(clinic.admin)
    assert found is not None
    assert (found.url, found.user_name) == ("https://pacs.example", "triage")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "file:///etc/passwd"), ("url", "http://triage:word@pacs"), ("url", ""), ("viewer", "https://a.example/"),
        ("viewer", "javascript:{study}"), ("user_name", "a:b"),
    ],
)  # fmt: skip
def test_an_address_that_leads_elsewhere_is_refused_at_the_field(
    signed_in: SignIn, clinic: Clinic, field: str, value: str
) -> None:
    answer = signed_in("admin").post("/archive", data=TYPED | {field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert archives.find(clinic.admin) is None


def test_who_was_slower_sees_what_stands_now(signed_in: SignIn, clinic: Clinic) -> None:
    archives.save(clinic.admin, 0, "http://localhost:8042")
    archives.save(clinic.admin, 1, "http://other:8042")
    answer = signed_in("admin").post("/archive", data=TYPED | {"version": "1", "url": "http://mine:8042"})
    assert answer.status_code == 409
    assert "http://mine:8042" in answer.text
    assert "http://other:8042" in answer.text


def test_the_password_is_said_to_be_set_and_never_shown(app: Flask, signed_in: SignIn, clinic: Clinic) -> None:
    archives.save(clinic.admin, 0, "http://localhost:8042")
    admin = signed_in("admin")
    assert "is not set" in admin.get("/archive").text
    app.config["ARCHIVE_PASSWORD"] = "s3cret word"
    shown = admin.get("/archive").text
    assert "is not set" not in shown
    assert "s3cret" not in shown


def test_a_test_names_the_archive_with_and_without_javascript(app: Flask, signed_in: SignIn, clinic: Clinic) -> None:
    with answering(body=b'{"Name": "PACS", "Version": "1.10.1", "CountStudies": 12}') as (url, asked):
        archives.save(clinic.admin, 0, url, "triage")
        app.config["ARCHIVE_PASSWORD"] = "腰椎"
        whole = signed_in("admin").post("/archive/test")
        part = signed_in("admin").post("/archive/test", headers={"HX-Request": "true"})
    assert "PACS · Orthanc 1.10.1</span> · 12 studies" in whole.text
    assert "<h1" in whole.text
    assert "PACS · Orthanc 1.10.1</span> · 12 studies" in part.text
    assert "<h1" not in part.text
    assert asked[0] == "/system Basic dHJpYWdlOuiFsOakjg=="


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>", NOT_ARCHIVE), (200, b"[]", NOT_ARCHIVE), (200, b"{}", NOT_ARCHIVE), (404, b"", NOT_ARCHIVE),
        (403, b"", NOT_OURS), (503, b"", IN_TROUBLE), (200, b" " * (2 * 1024 * 1024 + 1), NOT_ARCHIVE),
        (200, b"\xff\xfe{", NOT_ARCHIVE), (200, b"[" * 100_000, NOT_ARCHIVE),
    ],
)  # fmt: skip
def test_what_is_no_archive_is_told_apart(clinic: Clinic, status: int, body: bytes, said: str) -> None:
    with answering(status, body) as (url, _):
        archives.save(clinic.admin, 0, url)
        assert archives.test(clinic.admin, "").outcome == said


def test_no_redirection_is_followed(clinic: Clinic) -> None:
    with answering() as (other, asked), answering(302, b"", Location=other) as (url, _):
        archives.save(clinic.admin, 0, url, "triage")
        assert archives.test(clinic.admin, "word").outcome == NOT_ARCHIVE
    assert asked == []


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://no-such-host.invalid", NO_HOST), ("http://169.254.169.254", NO_HOST), ("closed", CLOSED)],
)
def test_an_address_that_cannot_be_asked_is_said_at_once(clinic: Clinic, url: str, said: str) -> None:
    archives.save(clinic.admin, 0, f"http://127.0.0.1:{free_port()}" if url == "closed" else url)
    assert archives.test(clinic.admin, "").outcome == said


def test_the_imaging_list_says_that_the_archive_is_silent(signed_in: SignIn, clinic: Clinic) -> None:
    radiographer = signed_in("radiographer")
    assert "image archive" not in radiographer.get("/imaging").text
    archives.save(clinic.admin, 0, f"http://127.0.0.1:{free_port()}")
    assert "The image archive is not followed." in radiographer.get("/imaging").text
    found = archives.find(clinic.admin)
    assert found is not None
    assert Follower(found.id, "").turn().failure == CLOSED
    assert "The image archive has not answered since" in radiographer.get("/imaging").text


def test_a_change_that_cannot_be_read_is_tried_noted_and_passed(signed_in: SignIn, clinic: Clinic) -> None:
    """One answer serves as list of changes and, wrongly, as study: what a damaged archive may send."""
    from tests.services.test_imaging import ordered

    ordered(clinic, "ct")
    line = b'{"Seq": 4, "ChangeType": "StableStudy", "ID": "abc-1", "Date": "20991122T100000"}'
    with answering(body=b'{"Changes": [' + line + b'], "Done": true, "Last": 4}') as (url, _):
        archives.save(clinic.admin, 0, url)
        found = archives.find(clinic.admin)
        assert found is not None
        reading = Follower(found.id, "")
        assert [reading.turn().failure for _ in range(3)] == ["unread", "unread", ""]
    state = archives.state(clinic.admin)
    assert state is not None
    assert (state.last, state.failure) == (4, "unread abc-1")
    assert "abc-1" in signed_in("admin").get("/archive").text
