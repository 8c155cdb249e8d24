"""What a scanner tells a process of its own reaches every open page without a click, on both databases."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.builders import Clinic
from tests.served import ROOT, free_port, wait_for
from tests.services.test_imaging import started
from tests.worklist.machines import add_scanner
from triage.db import session
from triage.demo.scanner import Place, Scanner

pytestmark = pytest.mark.browser


@pytest.fixture
def scanner(clinic: Clinic, database_url: str, tmp_path: Path) -> Iterator[Scanner]:
    """Return an X-ray machine that talks to the worklist as it is run: a process beside the web server."""
    add_scanner(clinic.admin, "XRAY1")
    session.remove()
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    environ |= {
        "TRIAGE_DATABASE_URL": database_url, "TRIAGE_SECRET_KEY": "test", "TRIAGE_INSTANCE": str(tmp_path),
        "TRIAGE_WORKLIST_PORT": str(port),
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "triage:create_app", "worklist", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(port, process)
            nowhere = Place("127.0.0.1", 1, "ARCHIVE")
            yield Scanner("XRAY1", "DX", Place("127.0.0.1", port, "TRIAGE"), nowhere, stores=False)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def test_what_the_scanner_ends_stands_on_the_open_pages_without_a_click(
    clinic: Clinic, scanner: Scanner, sign_in: Open
) -> None:
    order = started(clinic, "imaging_then_specialist")
    session.remove()
    radiographer, surgeon = sign_in("radiographer"), sign_in("surgeon")
    radiographer.goto("/imaging")
    surgeon.goto("/consults")
    expect(radiographer.locator(f"#list-started #o-{order.id}")).to_be_visible()
    expect(surgeon.get_by_text(order.encounter.ticket, exact=True)).to_have_count(0)
    (item,) = scanner.look()
    uid = scanner.begin(item)
    scanner.end(uid, scanner.make(item))
    expect(radiographer.locator(f"#list-started #o-{order.id}")).to_have_count(0)
    expect(surgeon.get_by_text(order.encounter.ticket, exact=True).first).to_be_visible()
