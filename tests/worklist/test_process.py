"""The process as it is run: it listens, says that it is well, and stops when it is told to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.served import ROOT, free_port, wait_for


def test_the_process_serves_says_that_it_is_well_and_stops_when_told(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    environ |= {
        "TRIAGE_DATABASE_URL": database_url, "TRIAGE_SECRET_KEY": "test",
        "TRIAGE_INSTANCE": str(tmp_path), "TRIAGE_WORKLIST_PORT": str(port),
    }  # fmt: skip
    flask = [sys.executable, "-m", "flask", "--app", "triage:create_app", "worklist"]
    well = [*flask, "check"]
    with subprocess.Popen([*flask, "serve"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as server:
        try:
            wait_for(port, server)
            done = subprocess.run(well, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stdout) == (0, "the worklist answers\n")
        finally:
            server.send_signal(signal.SIGTERM)
            said, _ = server.communicate(timeout=60)
    assert server.returncode == 0
    assert said.splitlines()[-1] == "worklist stopped"
    assert subprocess.run(well, cwd=ROOT, env=environ, capture_output=True, check=False).returncode == 1
