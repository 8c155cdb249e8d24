"""The board as a file on a timer: whole, private, readable without the server, and kept when the database is away."""

import os
import re
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from tests.browser.conftest import browser  # noqa: F401 - the file is opened as the clinic's PC opens it
from tests.builders import Clinic, wait
from triage import clock, db, knowledge
from triage.cli import downtime as command
from triage.db import session
from triage.models import AuditEvent, AuditPayload, PaperCopy
from triage.services import emergencies

SignIn = Callable[[str], FlaskClient]
CALM = {question.id: False for question in knowledge.load().urgent_questions}


def run(app: Flask, *arguments: str) -> Result:
    result = app.test_cli_runner().invoke(args=["downtime", "snapshot", "--once", *arguments])
    session.remove()
    return result


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_file_holds_the_board_and_needs_nobody_else(app: Flask, clinic: Clinic, tmp_path: Path) -> None:
    here = wait(clinic.reception, CALM, family_name="<script>alert(1)</script>", allergies="ペニシリン")
    emergencies.raise_(clinic.nurse, here.id, "falls")
    result = run(app, "--to", str(tmp_path / "paper"))
    assert result.exit_code == 0, result.output
    text = (tmp_path / "paper" / "board-nara.html").read_text(encoding="utf-8")
    for shown in (here.ticket, "ペニシリン", "記録なし", "falls", "1963-07-30", "緊急"):
        assert shown in text
    assert re.findall(r"<script|<link|\bsrc=|https?://|@import|url\(|\son\w+=", text) == []


def test_it_is_readable_by_its_owner_only_and_no_half_file_is_left(app: Flask, clinic: Clinic, tmp_path: Path) -> None:
    run(app, "--to", str(tmp_path / "paper"))
    assert stat.S_IMODE((tmp_path / "paper").stat().st_mode) == 0o700
    for file in (tmp_path / "paper").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.suffix == ".html"


def test_a_disk_that_fails_leaves_the_file_of_before(
    app: Flask, clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(app, "--to", str(tmp_path / "paper"))
    before = {name: (tmp_path / "paper" / name).read_bytes() for name in files(tmp_path / "paper")}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = run(app, "--to", str(tmp_path / "paper"))
    assert result.exit_code == 1
    assert "No space left" in result.output
    assert {name: (tmp_path / "paper" / name).read_bytes() for name in files(tmp_path / "paper")} == before


def test_while_the_database_is_away_the_old_file_stays_and_its_age_is_said(
    app: Flask, clinic: Clinic, tmp_path: Path
) -> None:
    run(app, "--to", str(tmp_path / "paper"))
    before = files(tmp_path / "paper")
    good = app.extensions["engine"]
    app.extensions["engine"] = db.connect(f"sqlite:///{tmp_path}/not/there.db")
    try:
        result = run(app, "--to", str(tmp_path / "paper"))
    finally:
        app.extensions["engine"] = good
        session.remove()
        session.configure(bind=good)
    assert result.exit_code == 1
    assert "the database is away" in result.output
    assert before[0] in result.output
    assert files(tmp_path / "paper") == before


def test_the_last_files_are_kept_and_the_older_ones_go(app: Flask, clinic: Clinic, tmp_path: Path) -> None:
    start = clock.now()
    for minutes in range(4):
        with clock.at(start + timedelta(minutes=30 * minutes)):
            run(app, "--to", str(tmp_path / "paper"), "--keep", "2")
    names = files(tmp_path / "paper")
    assert len(names) == 3  # two, and the one whose name stays
    assert "board-nara.html" in names


def test_each_file_is_recorded_with_whom_it_shows_and_no_person(app: Flask, clinic: Clinic, tmp_path: Path) -> None:
    here = wait(clinic.reception, CALM)
    run(app, "--to", str(tmp_path / "paper"))
    query = select(AuditEvent.staff_id, AuditPayload.body).join(AuditPayload, AuditPayload.event_id == AuditEvent.id)
    found = session.execute(query.where(AuditEvent.name == "board_printed")).all()
    assert [tuple(row) for row in found] == [(None, {"what": "snapshot on the timer", "encounters": [here.id]})]
    assert session.scalars(select(PaperCopy.site_id)).all() == [clinic.site_id]


def test_a_printer_gets_the_file_and_one_that_fails_is_said(app: Flask, clinic: Clinic, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    printer = tmp_path / "printer"
    printer.write_text(f'#!/bin/sh\necho "$1" > {heard}\n')
    printer.chmod(0o700)
    assert run(app, "--to", str(tmp_path / "paper"), "--print", str(printer)).exit_code == 0
    assert Path(heard.read_text().strip()).is_file()
    failed = run(app, "--to", str(tmp_path / "paper"), "--print", str(tmp_path / "no-printer"))
    assert failed.exit_code == 1
    assert "not printed" in failed.output


def test_a_site_that_is_not_there_is_said(app: Flask, clinic: Clinic, tmp_path: Path) -> None:
    result = run(app, "--to", str(tmp_path / "paper"), "--site", "nowhere")
    assert result.exit_code == 1
    assert "No site" in result.output


def test_with_a_timer_it_goes_on_and_a_failure_does_not_end_it(
    app: Flask, clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            raise KeyboardInterrupt  # somebody stops it

    monkeypatch.setattr(command.time, "sleep", nap)
    monkeypatch.setattr(command, "_print", lambda *_: len(naps) != 1)
    arguments = ["downtime", "snapshot", "--every", "30", "--to", str(tmp_path / "paper")]
    result = app.test_cli_runner().invoke(args=arguments)
    session.remove()
    assert result.output.count("patients as of") == 3
    assert all(0 < seconds <= 1800 for seconds in naps)


@pytest.mark.parametrize(("minutes", "shown"), [(0, ""), (30, "Last paper copy"), (15, "chip warn")])
def test_the_board_says_how_old_the_paper_is_and_warns_when_it_is_too_old(
    app: Flask, signed_in: SignIn, clinic: Clinic, tmp_path: Path, minutes: int, shown: str
) -> None:
    with clock.at(clock.now() - timedelta(minutes=40)):
        run(app, "--to", str(tmp_path / "paper"))
    app.config["DOWNTIME_MINUTES"] = minutes
    client = signed_in("nurse2")
    assert ('id="paper"' in client.get("/board").text) == bool(minutes)
    state = client.get("/downtime/state", headers={"HX-Request": "true"}).text
    assert shown in state
    assert ("chip warn" in state) == (minutes == 15)
    assert bool(state.strip()) == bool(minutes)


def test_no_file_yet_is_a_warning_too(app: Flask, signed_in: SignIn) -> None:
    app.config["DOWNTIME_MINUTES"] = 30
    state = signed_in("nurse").get("/downtime/state").text
    assert "No paper copy yet" in state
    assert "chip warn" in state


@pytest.mark.browser
def test_the_file_opens_from_the_disk_as_pages_of_paper(
    browser: Browser,  # noqa: F811
    app: Flask,
    clinic: Clinic,
    tmp_path: Path,
) -> None:
    for number in range(12):
        wait(clinic.reception, CALM, given_name=f"{number}")
    run(app, "--to", str(tmp_path / "paper"), "--lang", "en")
    page = browser.new_page(offline=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "paper" / "board-nara.html").as_uri())
    expect(page.get_by_text("A012")).to_be_visible()
    assert page.locator("tbody tr").count() == 12
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b(?!s)", printed)) >= 2
    assert {url.split(":")[0] for url in asked} == {"file"}
    page.close()
