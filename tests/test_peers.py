"""The tests' own ground: a real PostgreSQL and a real browser, or a sentence that says how to get them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select

from tests.peers import CHROMIUM_ARGS, PeerMissing, chromium_path, create_database, dcmtk_path, drop_database
from tests.peers.find import SCANNER, excused, orthanc_path, postgres_binaries, scanner_command
from tests.peers.postgres import MEMORY, data_folder

ROOT = Path(__file__).resolve().parent.parent
NOTES = Table("note", MetaData(), Column("id", Integer, primary_key=True), Column("text", String))


def rows(url: str) -> list[str | None]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = list(connection.scalars(select(NOTES.c.text)))
    engine.dispose()
    return found


@pytest.fixture
def noted_database() -> str:
    url = create_database()
    engine = create_engine(url)
    with engine.begin() as connection:
        NOTES.create(connection)
        connection.execute(insert(NOTES).values(text="腰椎椎間板ヘルニア"))
    engine.dispose()
    return url


@pytest.mark.postgres
def test_a_database_made_from_a_template_is_a_copy_of_its_own(noted_database: str) -> None:
    copy = create_database(noted_database)
    engine = create_engine(copy)
    with engine.begin() as connection:
        connection.execute(insert(NOTES).values(text="second"))
    engine.dispose()
    assert rows(copy) == ["腰椎椎間板ヘルニア", "second"]
    assert rows(noted_database) == ["腰椎椎間板ヘルニア"]


@pytest.mark.postgres
def test_a_database_is_dropped_though_somebody_is_connected(noted_database: str) -> None:
    engine = create_engine(noted_database)
    with engine.connect() as connection:
        connection.scalars(select(NOTES.c.text)).all()
        drop_database(noted_database)
        connection.invalidate()
    engine.dispose()
    with pytest.raises(Exception, match="does not exist"):
        rows(noted_database)


@pytest.mark.postgres
def test_the_server_and_its_folder_are_gone_when_the_tests_end() -> None:
    script = "from tests.peers import postgres_url; print(postgres_url())"
    url = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folder = url.strip().partition("host=")[2].replace("%2F", "/")
    assert folder.startswith("/")
    assert not Path(folder).exists()
    assert not (MEMORY / Path(folder).name).exists()
    assert folder not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_without_room_in_memory_the_servers_data_lie_beside_its_socket(tmp_path: Path) -> None:
    assert data_folder(tmp_path, Path("/nowhere")) == tmp_path / "data"


@pytest.fixture
def chromium(playwright: Playwright) -> Browser:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGS))
    yield browser
    browser.close()


@pytest.mark.browser
def test_the_browser_opens_a_japanese_page(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<h1>脊椎クリニック</h1>")
    assert page.get_by_role("heading").inner_text() == "脊椎クリニック"


def test_a_missing_browser_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(PeerMissing, match=r"^not run: Chromium, install with \S+ install "):
        chromium_path({"PATH": "/nowhere"}, mac=())


def test_a_browser_asked_for_by_path_is_not_silently_another_one(tmp_path: Path) -> None:
    with pytest.raises(PeerMissing, match="TRIAGE_CHROMIUM"):
        chromium_path({"PATH": "/usr/bin", "TRIAGE_CHROMIUM": str(tmp_path / "gone")})


def test_missing_dicom_programs_are_named_with_the_way_to_get_them() -> None:
    with pytest.raises(PeerMissing, match=r"^not run: DCMTK, install with \S+ install dcmtk"):
        dcmtk_path(environ={"PATH": "/nowhere"})
    with pytest.raises(PeerMissing, match=r"^not run: Orthanc, install with \S+ install orthanc"):
        orthanc_path({"PATH": "/nowhere"}, system="/nowhere")


def program(folder: Path, name: str) -> str:
    """Put a program of that name into the folder; return the folder as a path to search."""
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)
    return str(folder)


def test_a_missing_scanner_of_another_maker_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(PeerMissing, match=r"^not run: dcmjs-dimse, install with \S+ install node.*\./dev test"):
        scanner_command({"PATH": "/nowhere"})
    with_node = {"PATH": program(tmp_path, "node")}
    with pytest.raises(PeerMissing, match=r"^not run: dcmjs-dimse, install with \./dev test"):
        scanner_command(with_node, tmp_path)
    (tmp_path / "node_modules" / "dcmjs-dimse").mkdir(parents=True)
    (tmp_path / "node_modules" / "dcmjs-dimse" / "package.json").touch()
    assert scanner_command(with_node, tmp_path) == (str(tmp_path / "node"), tmp_path / "node_modules")


def test_only_what_npm_brings_may_be_missing_under_ci_and_only_without_npm(tmp_path: Path) -> None:
    assert excused("dimse", {"PATH": "/nowhere"})
    assert not excused("dimse", {"PATH": program(tmp_path, "npm")})
    assert not excused("orthanc", {"PATH": "/nowhere"})


def test_the_scanners_lock_has_a_checksum_for_each_package_and_names_no_place() -> None:
    text = (SCANNER / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert "://" not in text
    assert packages.pop("")["dependencies"] == json.loads((SCANNER / "package.json").read_text())["dependencies"]
    assert packages["node_modules/dcmjs-dimse"]["version"] == "0.3.3"
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not (SCANNER / "node_modules").exists()


def test_a_postgresql_asked_for_by_path_is_taken_first(tmp_path: Path) -> None:
    for program in ("initdb", "postgres"):
        (tmp_path / program).touch()
    assert postgres_binaries({"PATH": "", "TRIAGE_TEST_POSTGRES_BIN": str(tmp_path)}) == tmp_path


def test_the_newest_of_the_systems_postgresqls_is_taken(tmp_path: Path) -> None:
    for version in ("9.6", "15", "17"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        for program in ("initdb", "postgres"):
            (folder / program).touch()
    assert postgres_binaries({"PATH": ""}, tmp_path) == tmp_path / "17" / "bin"


def run_inner_tests(
    folder: Path, marker: str = "browser", finder: str = "chromium_path", **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run one test of a peer and one plain test in ``folder`` on a machine that has no browser."""
    (folder / "conftest.py").write_text("from tests.peers.plugin import *\n")
    (folder / "pytest.ini").write_text(f"[pytest]\nmarkers =\n    {marker}: x\n")
    (folder / "test_it.py").write_text(
        f"import pytest\nfrom tests.peers.find import {finder}\n"
        f"@pytest.mark.{marker}\ndef test_page(): {finder}()\n"
        "def test_plain(): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(folder)]
    nothing = {"TRIAGE_CHROMIUM": str(folder / "none"), "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    environ = nothing | environ
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_without_the_browser_its_tests_are_left_out_and_the_summary_says_so(tmp_path: Path) -> None:
    done = run_inner_tests(tmp_path)
    assert "not run: Chromium, install with" in done.stdout
    assert "1 passed, 1 deselected" in done.stdout


def test_under_ci_a_missing_browser_is_a_failure(tmp_path: Path) -> None:
    done = run_inner_tests(tmp_path, CI="true")
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout


@pytest.mark.parametrize("npm", [True, False])
def test_under_ci_a_missing_scanner_is_a_failure_where_npm_is_and_named_where_it_is_not(
    npm: bool, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    path = program(tmp_path / "bin", "npm") if npm else "/nowhere"
    done = run_inner_tests(tmp_path, "dimse", "scanner_command", CI="true", PATH=path)
    assert "not run: dcmjs-dimse, install with" in done.stdout
    assert done.returncode == (1 if npm else 0)
    assert ("1 failed, 1 passed" if npm else "1 passed, 1 deselected") in done.stdout
