"""``flask archive``: a process of its own that follows, stops when told to, and can be asked whether it is well."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask

from tests.archive.test_following import Send, archive, kept, send  # noqa: F401
from tests.builders import Clinic
from tests.peers.orthanc import USER, WORD, Orthanc
from tests.services.test_imaging import again, ordered
from triage.db import session
from triage.services import archives

pytestmark = [pytest.mark.orthanc, pytest.mark.dcmtk]
ROOT = Path(__file__).parents[2]


def start(app: Flask, *words: str) -> subprocess.Popen[str]:
    environ = os.environ | {
        "TRIAGE_DATABASE_URL": app.config["DATABASE_URL"], "TRIAGE_SECRET_KEY": app.config["SECRET_KEY"],
        "TRIAGE_ARCHIVE_PASSWORD": WORD, "TRIAGE_INSTANCE": app.instance_path,
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "wsgi:app", "archive", *words]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for_study(process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 30
    while not kept():
        session.remove()
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < until
        time.sleep(0.05)


def test_it_follows_until_it_is_told_to_stop_and_a_killed_one_lost_nothing(
    app: Flask,
    clinic: Clinic,
    send: Send,  # noqa: F811
) -> None:
    order = ordered(clinic, "ct")
    uid = send(again(clinic, order).study_uid)
    first = start(app, "follow", "--every", "0.05")
    wait_for_study(first)
    first.kill()
    first.communicate(timeout=20)
    second = start(app, "follow", "--every", "0.05")
    assert second.stdout is not None
    assert "following" in second.stdout.readline()
    second.send_signal(signal.SIGTERM)
    assert "no longer followed" in second.communicate(timeout=20)[0]
    assert second.returncode == 0
    assert kept() == [(uid, order.id, 1)]


def test_the_check_says_who_answers_and_whether_it_is_followed(
    app: Flask,
    clinic: Clinic,
    archive: Orthanc,  # noqa: F811
) -> None:
    app.config["ARCHIVE_PASSWORD"] = WORD
    runner = app.test_cli_runner()
    plain = runner.invoke(args=["archive", "check"])
    assert (plain.exit_code, "reached Test archive" in plain.output) == (0, True)
    assert runner.invoke(args=["archive", "check", "--followed"]).exit_code == 1
    app.config["ARCHIVE_PASSWORD"] = "other"
    wrong = runner.invoke(args=["archive", "check"])
    assert (wrong.exit_code, "wrong_password" in wrong.output) == (1, True)
    archives.save(clinic.admin, 1, "http://localhost:1", USER)
    assert "closed" in runner.invoke(args=["archive", "check"]).output
