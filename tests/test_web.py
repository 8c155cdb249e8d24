"""What every answer promises, also when something is wrong."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.blueprints.test_patients import FORM
from tests.builders import PASSWORD, Clinic
from tests.forms_on_pages import read
from triage import create_app, web
from triage.db import aside
from triage.domain import errors
from triage.domain.access import PUBLIC
from triage.domain.messages import MESSAGES
from triage.services import lookup


def plant(app: Flask, path: str, view: Callable[[], object]) -> None:
    """Add a view that misbehaves, as a planted bad example."""
    app.add_url_rule(path, path.strip("/"), web.requires(PUBLIC)(view))


@contextmanager
def locked(database_url: str) -> Iterator[None]:
    """Let another process hold the database, so that the product cannot write."""
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound("patient"), 404),
        (errors.NotAllowed("not_allowed"), 403),
        (errors.Conflict("not_claimed"), 409),
        (errors.Refused("reason_needed"), 422),
        (errors.Invalid(name="name_needed"), 422),
    ],
)
def test_a_refusal_has_one_status_and_a_sentence_a_person_can_read(
    own_app: Flask, error: errors.DomainError, status: int
) -> None:
    def refuse() -> object:
        raise error

    plant(own_app, "/planted", refuse)
    answer = own_app.test_client().get("/planted")
    assert answer.status_code == status
    assert MESSAGES[error.code].replace("'", "&#39;") in answer.text
    partial = own_app.test_client().get("/planted", headers={"HX-Request": "true"})
    assert partial.status_code == status
    assert "<html" not in partial.text


def test_an_unforeseen_error_is_a_calm_page_that_gives_nothing_away(own_app: Flask) -> None:
    def fail() -> object:
        raise ZeroDivisionError("山本 和夫 1963-07-30")

    plant(own_app, "/planted", fail)
    answer = own_app.test_client().get("/planted")
    assert answer.status_code == 500
    assert "山本" not in answer.text
    assert "Traceback" not in answer.text


def test_a_locked_database_is_answered_503_with_the_truth_and_heals_by_itself(
    app: Flask, clinic: Clinic, database_url: str
) -> None:
    client = app.test_client()
    wrong = {"user_name": "nurse", "password": "wrong"}
    with locked(database_url):
        answer = client.post("/sign-in", data=wrong)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert client.post("/sign-in", data=wrong | {"password": PASSWORD}).status_code == 303


def test_what_was_typed_while_the_database_was_away_is_sent_again_from_the_page_that_says_so(
    signed_in: Callable[[str], FlaskClient], clinic: Clinic, database_url: str
) -> None:
    client = signed_in("reception")
    typed = FORM | {"family_name": '山本"<b>', "allergies": "one\ntwo"}
    with locked(database_url):
        answer = client.post("/patients", data=typed)
    assert answer.status_code == 503
    assert "What you typed is still here." in answer.text
    form = next(form for form in read(answer.text) if ("", "", "") in form.buttons)
    assert {name: form.values[name] for name in typed} == {name: [words] for name, words in typed.items()}
    assert form.action == ""
    assert client.post("/patients", data=form.values).status_code == 303
    assert len(lookup.search(clinic.reception, "山本").patients) == 1


def test_no_password_is_kept_on_a_page_to_be_sent_again(app: Flask, clinic: Clinic, database_url: str) -> None:
    with locked(database_url):
        answer = app.test_client().post("/sign-in", data={"user_name": "nurse", "password": PASSWORD})
    assert answer.status_code == 503
    assert PASSWORD not in answer.text
    assert "Send again" not in answer.text


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_while_the_database_is_away_every_page_says_so_and_none_breaks(
    app: Flask, signed_in: Callable[[str], FlaskClient], database_url: str, headers: dict[str, str]
) -> None:
    client, file = signed_in("nurse"), Path(database_url.removeprefix("sqlite:///"))
    app.extensions["engine"].dispose()
    file.rename(file.with_suffix(".away"))
    file.mkdir()
    try:
        answer = client.get("/board", headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "Not available for a moment" in answer.text or headers
        assert client.get("/nothing", headers=headers).status_code == 404
    finally:
        file.rmdir()
        file.with_suffix(".away").rename(file)
    assert client.get("/board", headers=headers).status_code == 200


def test_a_form_without_its_token_is_refused(database_url: str, tmp_path: Path, clinic: Clinic) -> None:
    app = create_app({"DATABASE_URL": database_url, "SECRET_KEY": "test", "SESSION_COOKIE_SECURE": False}, tmp_path)
    answer = app.test_client().post("/sign-in", data={"user_name": "nurse", "password": PASSWORD})
    assert answer.status_code == 400
    app.extensions["engine"].dispose()


@pytest.mark.parametrize("path", ["/nothing", "/encounters/x/triage/x", "/assets/other.js", "/static/x.css"])
def test_a_page_that_does_not_exist_is_a_404(signed_in: Callable[[str], FlaskClient], path: str) -> None:
    assert signed_in("nurse").get(path).status_code == 404


def test_every_message_code_has_its_sentence() -> None:
    source = "".join(p.read_text() for p in (Path(web.__file__).parent).rglob("*.py"))
    assert all(text.strip() for text in MESSAGES.values())
    unused = [code for code in MESSAGES if f'"{code}"' not in source.replace(f'"{code}": N_', "")]
    assert unused == []


def test_htmx_comes_from_the_locked_package_and_is_cached(app: Flask) -> None:
    with app.test_client().get("/assets/htmx.min.js") as answer:
        assert answer.status_code == 200
        assert "max-age" in answer.headers["Cache-Control"]
        assert b"htmx" in answer.data[:2000]


def test_what_is_acknowledged_has_reached_the_disk(database_url: str, tmp_path: Path) -> None:
    app = create_app({"DATABASE_URL": database_url, "SECRET_KEY": "test"}, tmp_path)
    with app.extensions["engine"].connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "journal_mode")
        }
    app.extensions["engine"].dispose()
    assert pragmas == {"synchronous": 2, "journal_mode": "wal"}  # 2 is FULL


def test_a_file_where_words_belong_is_refused_and_breaks_nothing(app: Flask, clinic: Clinic) -> None:
    for field in ("user_name", "password"):
        words = {"user_name": "nurse", "password": PASSWORD}
        answer = app.test_client().post("/sign-in", data=words | {field: (BytesIO(b"\xff\0"), "scan.pdf")})
        assert answer.status_code == 422
        assert MESSAGES["file_for_words"] in answer.text


def test_the_clinic_is_named_in_the_readers_language(clinic: Clinic, signed_in: Callable[[str], FlaskClient]) -> None:
    reader = signed_in("nurse")
    assert "<span>nara clinic</span>" in reader.get("/me?lang=ja").text, "without a Japanese name: the one there is"
    with aside() as own:
        own.connection().exec_driver_sql("UPDATE site SET name_ja = '奈良脊椎クリニック'")
    assert "<span>奈良脊椎クリニック</span>" in reader.get("/me?lang=ja").text
    assert "<span>nara clinic</span>" in reader.get("/me?lang=en").text
