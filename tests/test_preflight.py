"""No patient data are served until all is ready; the refusal says what to do and never stands in a command's way."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from tests import builders
from tests.published import OTHER, put_in_force
from triage import config, create_app, migrate, preflight
from triage.db import session, verb
from triage.domain.access import Actor
from triage.models import Grant, Staff
from triage.services import staff
from triage.services.audit import record

ROOT = Path(__file__).resolve().parent.parent


def started(instance: Path, *command: str, feed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command as on a new machine: no setting but those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRIAGE_", "FLASK_"))}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=kept | {"TRIAGE_INSTANCE": str(instance)} | environ,
        input=feed, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@verb
def _add_demonstration_account(actor: Actor) -> None:
    person = Staff(organisation_id=actor.organisation_id, user_name="demo-nurse", name="Demo", demo=True)
    session.add(person)
    session.flush()
    session.add(Grant(staff_id=person.id, site_id=actor.site_id, role="nurse", valid_from=date(2024, 1, 1)))
    record(actor, "staff_added", whose=person.id, user_name="demo-nurse")


def test_a_clinic_that_is_ready_is_served(app: Flask, clinic: builders.Clinic) -> None:
    assert preflight.find_problem(app) is None
    preflight.refuse_unless_ready(app)


def test_without_a_secret_key_nothing_is_served(app: Flask) -> None:
    app.config["SECRET_KEY"] = None
    assert "TRIAGE_SECRET_KEY" in (preflight.find_problem(app) or "")


def test_on_an_unmigrated_database_nothing_is_served(app: Flask) -> None:
    migrate.downgrade(app.extensions["engine"], "base")
    assert "flask db upgrade" in (preflight.find_problem(app) or "")


def test_a_database_that_does_not_answer_is_named_as_the_reason(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": "test"}, tmp_path)
    assert "does not answer" in (preflight.find_problem(app) or "")
    app.extensions["engine"].dispose()


def test_demonstration_accounts_keep_a_production_from_serving(app: Flask, clinic: builders.Clinic) -> None:
    _add_demonstration_account(clinic.admin)
    problem = preflight.find_problem(app) or ""
    assert "demo-nurse" in problem
    assert "flask staff deactivate" in problem
    app.config["DEMO"] = True
    assert preflight.find_problem(app) is None


def test_once_they_are_deactivated_it_serves(app: Flask, clinic: builders.Clinic) -> None:
    _add_demonstration_account(clinic.admin)
    staff.deactivate(clinic.admin, "demo-nurse")
    assert preflight.find_problem(app) is None


def test_rules_in_force_that_this_release_cannot_read_keep_it_from_serving(app: Flask, clinic: builders.Clinic) -> None:
    put_in_force(clinic.surgeon2, OTHER)
    assert preflight.find_problem(app) is None
    put_in_force(clinic.surgeon2, OTHER, stored=OTHER.replace("back_pain", "back_pain_of_old"))
    problem = preflight.find_problem(app) or ""
    assert "cannot read the rules in force at nara" in problem
    assert "unknown name: back_pain_of_old" in problem
    assert "Start the release before it" in problem


def test_the_refusal_ends_the_process_with_one_sentence(app: Flask) -> None:
    app.config["SECRET_KEY"] = None
    with pytest.raises(SystemExit, match="Spine Triage does not start: no secret key"):
        preflight.refuse_unless_ready(app)


def test_a_server_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    without_key = started(tmp_path, "gunicorn", "--check-config", "wsgi:app")
    assert without_key.returncode != 0
    assert "TRIAGE_SECRET_KEY" in without_key.stderr
    unmigrated = started(tmp_path, "gunicorn", "--check-config", "wsgi:app", TRIAGE_SECRET_KEY="k" * 32)
    assert unmigrated.returncode != 0
    assert "flask db upgrade" in unmigrated.stderr
    assert "Traceback" not in without_key.stderr + unmigrated.stderr


def test_flask_run_is_serving_too(tmp_path: Path) -> None:
    done = started(tmp_path, "flask", "run", "--port", "0")
    assert done.returncode != 0
    assert "TRIAGE_SECRET_KEY" in done.stderr


@pytest.mark.parametrize("command", [(), ("db",), ("staff", "add"), ("demo", "load"), ("audit", "verify")])
def test_every_help_text_works_without_key_or_database(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = started(tmp_path, "flask", *command, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout
    assert not list(tmp_path.iterdir())


def test_every_command_explains_itself(app: Flask) -> None:
    runner = app.test_cli_runner()
    for noun in ("db", "staff", "demo", "rules", "audit"):
        group = app.cli.commands[noun]
        assert group.help, noun
        for name, command in group.commands.items():  # type: ignore[attr-defined]
            assert command.help, f"{noun} {name}"
            assert runner.invoke(args=[noun, name, "--help"]).exit_code == 0


def test_the_rules_answer_without_key_or_database(tmp_path: Path) -> None:
    case = {"id": 1, "findings": {"saddle_anaesthesia": True}}
    done = started(tmp_path, "flask", "rules", "evaluate", feed=json.dumps(case) + "\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["acuity"] == "emergency"
    assert not list(tmp_path.iterdir())


def test_the_database_commands_work_without_a_key(tmp_path: Path) -> None:
    before = started(tmp_path, "flask", "db", "check")
    assert before.returncode == 1
    assert "flask db upgrade" in before.stderr
    assert started(tmp_path, "flask", "db", "upgrade").returncode == 0
    assert started(tmp_path, "flask", "db", "check").returncode == 0


def test_the_first_day_of_a_production(tmp_path: Path) -> None:
    settings = {"TRIAGE_SECRET_KEY": "k" * 32}
    assert started(tmp_path, "flask", "db", "upgrade", **settings).returncode == 0
    added = started(tmp_path, "flask", "staff", "add", "tanaka", "田中 恵", "--role", "admin", **settings)
    assert added.returncode == 0, added.stderr
    assert started(tmp_path, "flask", "audit", "verify", **settings).returncode == 0
    assert started(tmp_path, "gunicorn", "--check-config", "wsgi:app", **settings).returncode == 0


def test_a_setting_of_the_wrong_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="TRIAGE_CLAIM_MINUTES"):
        config.load(tmp_path, {"TRIAGE_CLAIM_MINUTES": "soon"})


def test_a_production_database_switches_the_demonstration_off(tmp_path: Path) -> None:
    loaded = config.load(tmp_path, {"TRIAGE_DEMO": "1", "TRIAGE_DATABASE_URL": "postgresql://db/clinic"})
    assert loaded["DEMO"] is False
    assert loaded["SECRET_KEY"] is None
