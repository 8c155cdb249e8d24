"""Who opens a page first after a start does not wait while it is compiled, and never sees an older release's words."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import DictLoader

from triage import compiled, create_app, db, wording
from triage.wording import LOCALES, ByLanguage, catalogue

PAGES = {"word.html": "{{ _('Board') }}", "whole.html": "{% include 'word.html' %}!"}


@pytest.fixture
def started(tmp_path: Path, database_url: str) -> Iterator[Any]:
    """Return a way to start the application as a server does, with a few templates of its own."""
    made: list[Flask] = []

    def start(folder: Path = tmp_path, pages: dict[str, str] = PAGES) -> Flask:
        app = create_app({"DATABASE_URL": database_url, "SECRET_KEY": "test"}, folder)
        made.append(app)
        app.jinja_env.loader = ByLanguage(DictLoader(pages))
        compiled.prepare(app)
        return app

    yield start
    for app in made:
        app.extensions["engine"].dispose()
    db.session.remove()


def drawn(app: Flask, name: str = "whole.html", language: str = "en") -> str:
    """Draw a page."""
    with app.test_request_context():
        return app.jinja_env.get_template(name, f"{language}/").render()


def compile_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the application fail where it compiles a template."""

    def refuse(_source: object, name: str, *_more: object) -> None:
        raise AssertionError(f"{name} was compiled while somebody waited")

    monkeypatch.setattr(app.jinja_env, "compile", refuse)


def test_the_first_server_compiles_every_page_in_both_languages_and_the_next_compiles_nothing(
    started: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started()
    app = started()
    compile_nothing(app, monkeypatch)
    assert [drawn(app, language=language) for language in LOCALES] == ["Board!", f"{catalogue('ja').gettext('Board')}!"]


def test_what_nobody_has_compiled_before_is_compiled_while_somebody_waits(
    started: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = started()
    shutil.rmtree(tmp_path / "compiled")
    app = create_app({"DATABASE_URL": app.config["DATABASE_URL"], "SECRET_KEY": "test"}, tmp_path)
    compile_nothing(app, monkeypatch)
    with pytest.raises(AssertionError, match="was compiled while somebody waited"):
        drawn(app, "base.html")
    app.extensions["engine"].dispose()


def test_a_new_release_shows_its_own_words_and_leaves_nothing_of_the_old_one(started: Any, tmp_path: Path) -> None:
    before = compiled.seal(started())
    app = started(pages=PAGES | {"word.html": "{{ _('Patient') }}"})
    assert drawn(app) == "Patient!"
    assert [folder.name for folder in (tmp_path / "compiled").iterdir()] == [compiled.seal(app)] != [before]


def test_what_else_lies_in_the_folder_stays(started: Any, tmp_path: Path) -> None:
    files = [tmp_path / "compiled" / name / "data" for name in ("patients", "a" * compiled.SEAL)]
    for file in files:
        file.parent.mkdir(parents=True)
        file.write_text("kept", encoding="utf-8")
    started()
    started(pages=PAGES | {"word.html": "another"})
    assert [file.read_text(encoding="utf-8") for file in files] == ["kept", "kept"]


@pytest.mark.parametrize("changed", ["messages.mo", "wording.py"])
def test_other_words_or_another_way_to_say_them_make_another_release(
    started: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    before = compiled.seal(started())
    if changed == "messages.mo":
        shutil.copytree(wording.CATALOGUES, tmp_path / "words")
        with (tmp_path / "words" / "ja" / "LC_MESSAGES" / changed).open("ab") as file:
            file.write(b"more")
        monkeypatch.setattr(compiled, "CATALOGUES", tmp_path / "words")
    else:
        (tmp_path / changed).write_text("# another way", encoding="utf-8")
        monkeypatch.setattr(wording, "__file__", str(tmp_path / changed))
    assert compiled.seal(started()) != before


@pytest.mark.parametrize("left", [0, 7, 60, 200])
def test_a_file_that_a_power_failure_cut_short_is_compiled_anew(started: Any, tmp_path: Path, left: int) -> None:
    started()
    for file in (tmp_path / "compiled").glob("*/*.cache"):
        file.write_bytes(file.read_bytes()[:left])
    assert drawn(started()) == "Board!"


def test_a_disk_that_takes_nothing_costs_no_answer(
    started: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "compiled").write_text("no folder", encoding="utf-8")
    assert drawn(started()) == "Board!"
    assert "templates are compiled when first asked for" in caplog.text


def test_a_disk_that_is_full_by_now_costs_no_answer(started: Any, tmp_path: Path) -> None:
    app = started()
    shutil.rmtree(tmp_path / "compiled")
    app.jinja_env.loader = ByLanguage(DictLoader({"other.html": "other"}))
    assert drawn(app, "other.html") == "other"


def test_a_developer_sees_a_changed_template_at_once(started: Any, tmp_path: Path) -> None:
    app = started(tmp_path / "other")
    app.jinja_env.auto_reload, app.jinja_env.bytecode_cache = True, None
    compiled.prepare(app)
    assert app.jinja_env.bytecode_cache is None
