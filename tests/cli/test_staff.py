"""Staff from the command line: the way in on a new machine, and the way out for somebody who leaves."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner

from tests import builders
from triage import db, migrate
from triage.models import Grant, LoginSession, Staff
from triage.services import accounts, audit

LOCK_OUT = accounts.LockOut()


@pytest.fixture
def flask_(app: Flask) -> Iterator[FlaskCliRunner]:
    yield app.test_cli_runner()
    db.session.remove()


def run(flask_: FlaskCliRunner, *arguments: str) -> Result:
    result = flask_.invoke(args=["staff", *arguments])
    db.session.remove()
    return result


def roles_of(user_name: str) -> set[str]:
    found = db.session.query(Grant.role).join(Staff).filter(Staff.user_name == user_name)
    return {role for (role,) in found}


def can_sign_in(user_name: str, password: str) -> bool:
    try:
        accounts.sign_in(user_name, password, "127.0.0.1", LOCK_OUT)
    except Exception:
        return False
    return True


def test_the_first_person_of_a_new_installation_gets_a_site_and_a_password(flask_: FlaskCliRunner) -> None:
    result = run(flask_, "add", "tanaka", "田中 恵", "--role", "nurse", "--role", "lead_nurse")
    assert result.exit_code == 0, result.output
    password = result.output.strip().rsplit(" ", 1)[1]
    assert can_sign_in("tanaka", password)
    assert roles_of("tanaka") == {"nurse", "lead_nurse"}
    assert not audit.verify()[0].damage


def test_nobody_is_added_twice(flask_: FlaskCliRunner, clinic: builders.Clinic) -> None:
    result = run(flask_, "add", "nurse", "Somebody Else")
    assert result.exit_code == 1
    assert "This staff ID is taken." in result.output


def test_a_role_that_does_not_exist_is_refused(flask_: FlaskCliRunner, clinic: builders.Clinic) -> None:
    assert run(flask_, "add", "tanaka", "田中 恵", "--role", "wizard").exit_code == 2
    assert run(flask_, "grant", "nurse", "wizard").exit_code == 2


def test_everybody_is_listed_with_roles_and_duties(flask_: FlaskCliRunner, clinic: builders.Clinic) -> None:
    lines = run(flask_, "list").output.splitlines()
    assert len(lines) == len(builders.PEOPLE)
    assert "nurse2\tNurse2\tlead_nurse, nurse" in lines


def test_a_duty_is_granted_from_a_day_until_a_day(flask_: FlaskCliRunner, clinic: builders.Clinic) -> None:
    result = run(flask_, "grant", "nurse", "lead_nurse", "--from", "2020-01-01", "--until", "2020-02-01")
    assert result.exit_code == 0, result.output
    today = accounts.actor_of(clinic.nurse.staff_id)
    assert today is not None
    assert "lead_nurse" not in today.roles
    run(flask_, "grant", "nurse", "lead_nurse")
    db.session.remove()
    now = accounts.actor_of(clinic.nurse.staff_id)
    assert now is not None
    assert "lead_nurse" in now.roles


def test_who_is_deactivated_is_out_at_once(flask_: FlaskCliRunner, clinic: builders.Clinic) -> None:
    token, _ = accounts.sign_in("nurse", builders.PASSWORD, "127.0.0.1", LOCK_OUT)
    assert run(flask_, "deactivate", "nurse").exit_code == 0
    limits = accounts.Limits(idle=timedelta(hours=1), longest=timedelta(hours=14))
    assert accounts.find_actor(token, limits, extend=False) is None
    assert not can_sign_in("nurse", builders.PASSWORD)
    assert "nurse\tNurse\tnurse (deactivated)" in run(flask_, "list").output


def test_a_new_password_replaces_the_old_one_and_ends_the_sessions(
    flask_: FlaskCliRunner, clinic: builders.Clinic
) -> None:
    accounts.sign_in("nurse", builders.PASSWORD, "127.0.0.1", LOCK_OUT)
    result = run(flask_, "reset-password", "nurse")
    assert result.exit_code == 0, result.output
    assert not can_sign_in("nurse", builders.PASSWORD)
    assert can_sign_in("nurse", result.output.strip().rsplit(" ", 1)[1])
    ended = db.session.query(LoginSession).filter(LoginSession.ended_at.is_not(None)).count()
    assert ended == 1


@pytest.mark.parametrize("command", [("deactivate",), ("reset-password",), ("grant",)])
def test_nobody_of_that_name_is_said_plainly(
    flask_: FlaskCliRunner, clinic: builders.Clinic, command: tuple[str, ...]
) -> None:
    more = ("nurse",) if command == ("grant",) else ()
    result = run(flask_, *command, "nobody", *more)
    assert result.exit_code == 1
    assert "There is nobody with this staff ID." in result.output


def test_without_a_site_the_answer_says_so(flask_: FlaskCliRunner) -> None:
    result = run(flask_, "list")
    assert result.exit_code == 1
    assert "No site is set up yet." in result.output


def test_on_an_empty_database_the_answer_names_the_remedy(app: Flask, flask_: FlaskCliRunner) -> None:
    migrate.downgrade(app.extensions["engine"], "base")
    for command in (("list",), ("add", "tanaka", "田中 恵")):
        result = run(flask_, *command)
        assert result.exit_code == 1
        assert "flask db upgrade" in result.output


def test_without_a_secret_key_nothing_is_changed(app: Flask, flask_: FlaskCliRunner) -> None:
    app.config["SECRET_KEY"] = None
    result = run(flask_, "add", "tanaka", "田中 恵")
    assert result.exit_code == 1
    assert "TRIAGE_SECRET_KEY" in result.output
    assert db.session.query(Staff).count() == 0


def test_each_change_is_in_the_audit_trail(flask_: FlaskCliRunner, clinic: builders.Clinic) -> None:
    run(flask_, "add", "tanaka", "田中 恵", "--role", "nurse")
    run(flask_, "deactivate", "tanaka")
    names = [event.name for event in audit.list_events(clinic.auditor, audit.Filters())]
    assert names[:3] == ["staff_deactivated", "role_granted", "staff_added"]
