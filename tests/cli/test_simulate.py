"""``flask rules simulate``: a draft that is still a file, tried before anybody keeps it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.builders import Clinic, wait
from tests.drafts import blind, keener
from triage import clock, db
from triage.models import AuditEvent, Simulation
from triage.services import simulations


@pytest.fixture
def flask_(app: Flask) -> Iterator[FlaskCliRunner]:
    yield app.test_cli_runner()
    db.session.remove()


@pytest.fixture
def visits(clinic: Clinic) -> None:
    for answers in ({"back_pain": True, "saddle_anaesthesia": True}, {"back_pain": True, "pain_nrs": 7}, {}):
        wait(clinic.reception, answers)


def run(flask_: FlaskCliRunner, folder: Path, text: str | bytes, *arguments: str) -> Result:
    file = folder / "rules.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    db.session.remove()
    result = flask_.invoke(args=["rules", "simulate", str(file), *arguments])
    db.session.remove()
    return result


@pytest.mark.usefixtures("visits")
def test_a_file_is_tried_on_all_stored_visits_and_nothing_is_kept_but_the_record(
    flask_: FlaskCliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "BATCH", 2)
    done = run(flask_, tmp_path, keener())
    assert done.exit_code == 0, done.output
    assert "no emergency is lost" in done.stdout
    assert "A002  5 conservative_first > 3 conservative_first  PAIN-01" in done.stdout
    assert db.session.query(Simulation).count() == 0
    [event] = db.session.query(AuditEvent).filter(AuditEvent.name == "simulation_started")
    assert event.staff_id is None


@pytest.mark.usefixtures("visits")
def test_a_lost_emergency_is_said_and_is_the_exit_status(flask_: FlaskCliRunner, tmp_path: Path) -> None:
    done = run(flask_, tmp_path, blind())
    assert done.exit_code == 1
    assert "AN EMERGENCY WOULD BE LOST" in done.stdout
    assert "lost" in done.stdout


@pytest.mark.usefixtures("visits")
def test_json_carries_the_same_counts(flask_: FlaskCliRunner, tmp_path: Path) -> None:
    done = run(flask_, tmp_path, blind(), "--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["emergency_lost"], said["visits"]["cases"]) == (1, True, 3)
    assert said["visits"]["kinds"] == {"lost": 1}
    assert said["vignettes"]["missed"]


@pytest.mark.usefixtures("visits")
def test_only_the_days_asked_for_are_read(flask_: FlaskCliRunner, clinic: Clinic, tmp_path: Path) -> None:
    with clock.at(clock.now() - timedelta(days=40)):
        wait(clinic.reception)
    day = str((clock.now() - timedelta(days=30)).date())
    assert json.loads(run(flask_, tmp_path, keener(), "--json", "--from", day).stdout)["visits"]["cases"] == 3
    assert json.loads(run(flask_, tmp_path, keener(), "--json", "--to", day).stdout)["visits"]["cases"] == 1
    turned = run(flask_, tmp_path, keener(), "--from", "2026-01-02", "--to", "2026-01-01")
    assert (turned.exit_code, "must not be after" in turned.output) == (1, True)


def test_the_vignettes_need_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from triage import create_app

    monkeypatch.delenv("TRIAGE_DATABASE_URL", raising=False)
    app = create_app({"DATABASE_URL": f"sqlite:///{tmp_path}/not-there/x.db", "SECRET_KEY": ""}, tmp_path)
    done = run(app.test_cli_runner(), tmp_path, blind(), "--vignettes")
    assert done.exit_code == 1
    assert "AN EMERGENCY WOULD BE LOST" in done.stdout
    assert not (tmp_path / "not-there").exists()
    app.extensions["engine"].dispose()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[ruleset", "rules.toml:1"),
        (keener().replace("pain_nrs >= 7", "pane_nrs >= 7"), "unknown name: pane_nrs"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_place(
    flask_: FlaskCliRunner, tmp_path: Path, text: str | bytes, words: str
) -> None:
    done = run(flask_, tmp_path, text, "--vignettes")
    assert done.exit_code == 1
    assert words in done.output


def test_without_tables_it_says_what_to_do(flask_: FlaskCliRunner, app: Flask, tmp_path: Path) -> None:
    from triage import migrate

    migrate.downgrade(app.extensions["engine"], "base")
    done = run(flask_, tmp_path, keener())
    assert (done.exit_code, "flask db upgrade" in done.output) == (1, True)
