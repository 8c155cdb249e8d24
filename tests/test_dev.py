"""What a newcomer meets first: ./dev, its words, and the lock files it installs from."""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCK_FILES = ("requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt")


def dev(*arguments: str, folder: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    command = [str(folder / "dev"), *arguments]
    return subprocess.run(command, env=kept | environ, capture_output=True, text=True, check=False, timeout=3000)


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",)])
def test_help_names_every_verb(arguments: tuple[str, ...]) -> None:
    done = dev(*arguments)
    assert done.returncode == 0
    for verb in ("run", "test", "check", "bench", "prove", "flask", "lock", "help"):
        assert f"./dev {verb}" in done.stdout


def test_an_unknown_verb_is_answered_with_the_help() -> None:
    done = dev("serve")
    assert done.returncode == 2
    assert 'there is no "serve"' in done.stderr
    assert "./dev run" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("rulez",), ("../dev",)])
def test_bench_says_what_it_can_measure(arguments: tuple[str, ...], tmp_path: Path) -> None:
    shutil.copy(ROOT / "dev", tmp_path)
    done = dev("bench", *arguments, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "./dev: bench knows: board, compare, live, rules, worklist\n"
    assert not (tmp_path / ".venv").exists()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_said_before_anything_is_installed(taken_port: int, tmp_path: Path) -> None:
    shutil.copy(ROOT / "dev", tmp_path)
    done = dev("run", "--port", str(taken_port), folder=tmp_path)
    assert done.returncode == 1
    assert f"port {taken_port}" in done.stderr
    assert f"./dev run --port {taken_port + 1}" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["dev"]


@pytest.mark.parametrize(
    "arguments", [("--port", "http"), ("--port", "0"), ("--port=99999",), ("--port",), ("--prot", "1")]
)
def test_a_wrong_option_is_refused_with_a_sentence(arguments: tuple[str, ...], tmp_path: Path) -> None:
    shutil.copy(ROOT / "dev", tmp_path)
    done = dev("run", *arguments, folder=tmp_path)
    assert done.returncode == 1
    assert re.search(r"^\./dev: .*--port", done.stderr)
    assert not (tmp_path / ".venv").exists()


def test_the_script_is_plain_posix_shell() -> None:
    assert (ROOT / "dev").read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", ROOT / "dev"], check=False).returncode == 0


# --- the production database is nobody's playground -------------------------------------------------------------------


@pytest.mark.parametrize("chosen_by", ["environment", "config.toml"])
def test_a_production_database_is_neither_migrated_nor_filled_by_dev_run(chosen_by: str, tmp_path: Path) -> None:
    database = tmp_path / "clinic.db"
    environ = {"TRIAGE_INSTANCE": str(tmp_path), "TRIAGE_SECRET_KEY": "x" * 32}
    if chosen_by == "environment":
        environ["TRIAGE_DATABASE_URL"] = f"sqlite:///{database}"
    else:
        (tmp_path / "config.toml").write_text(f'database_url = "sqlite:///{database}"\n')
    done = dev("run", "--port", str(free_port()), **environ)
    assert done.returncode == 1
    assert "flask db upgrade" in done.stderr
    assert "password" not in done.stdout
    assert not list(tmp_path.glob("demo*"))
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()


def test_the_server_refuses_once_and_stops_instead_of_starting_workers_for_ever(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{free_port()}", "wsgi:app"]
    environ = {"PATH": os.environ["PATH"], "TRIAGE_INSTANCE": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1
    assert done.stderr.count("does not start: no secret key") == 1


# --- the lock files --------------------------------------------------------------------------------------------------


def check_locks(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "lock_in_step.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    for name in LOCK_FILES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def edit(file: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, file.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1
    file.write_text(text)


def test_the_lock_files_are_in_step(locks: Path) -> None:
    done = check_locks(locks)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "complaint"),
    [
        ("requirements.in", r"\Z", "requests\n", "requirements.txt does not pin requests"),
        ("requirements.in", r"^Flask>=.*$", "Flask>=3.0", "requirements.in has changed since"),
        ("requirements-dev.in", r"^ruff.*$", "", "requirements-dev.in has changed since"),
        ("requirements.txt", r"^flask==(.*\n)(    --hash.*\n)+", r"flask==\1", "no hash for flask"),
        ("requirements.txt", r"^flask==[0-9.]+", "flask==3.1.0", "pins another flask than requirements.txt"),
        ("requirements.txt", r"\A", "--index-url https://mirror.example/simple\n", "names a place"),
        ("requirements-dev.txt", r"^ruff==", "ruff @ file:///home/me/ruff #", "names a place"),
    ],
)
def test_a_lock_out_of_step_is_refused(locks: Path, name: str, pattern: str, replacement: str, complaint: str) -> None:
    edit(locks / name, pattern, replacement)
    done = check_locks(locks)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "run ./dev lock" in done.stderr


def test_htmx_comes_from_one_hashed_wheel() -> None:
    lines = [line for line in (ROOT / "requirements-assets.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines[0].startswith("django-htmx==")
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])


# --- the scanner of another maker, from npm ---------------------------------------------------------------------------


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """Return a folder with the scanner's lock and an npm that notes its calls and fails while ``offline`` is there."""
    shutil.copytree(ROOT / "tests" / "peers" / "scanner", tmp_path / "tests" / "peers" / "scanner")
    (tmp_path / ".venv").mkdir()
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(
        '#!/bin/sh\ncd "$(dirname "$0")/.."\nprintf "%s\\n" "$OLDPWD $*" >> calls\n'
        'if [ -e offline ]; then echo "no network"; exit 1; fi\n'
    )
    npm.chmod(0o755)
    return tmp_path


def install_scanner(folder: Path, path: str = "") -> subprocess.CompletedProcess[str]:
    """Run that one step of ``./dev test`` in the folder."""
    step = re.search(r"^install_scanner\(\) \{\n.*?^\}\n", (ROOT / "dev").read_text(), re.MULTILINE | re.DOTALL)
    assert step
    script = f'set -eu\nnote() {{ echo "$*" >&2; }}\n{step[0]}install_scanner\n'
    environ = {"PATH": path or f"{folder / 'bin'}:{os.environ['PATH']}"}
    command = ["/bin/sh", "-c", script]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=60)


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []


def test_the_scanner_is_installed_once_for_each_lock_beside_the_environment(workplace: Path) -> None:
    assert [install_scanner(workplace).returncode for _ in range(2)] == [0, 0]
    (call,) = calls(workplace)
    assert call.startswith(f"{workplace / '.venv' / 'scanner'} ci --ignore-scripts --no-audit --no-fund ")
    assert (workplace / ".venv" / "scanner" / "package-lock.json").is_file()
    with (workplace / "tests" / "peers" / "scanner" / "package-lock.json").open("a") as lock:
        lock.write("\n")
    assert install_scanner(workplace).returncode == 0
    assert len(calls(workplace)) == 2


def test_without_npm_nothing_is_installed_and_nothing_fails(workplace: Path) -> None:
    done = install_scanner(workplace, path="/nowhere")
    assert (done.returncode, done.stderr, calls(workplace)) == (0, "", [])


def test_without_a_network_the_run_goes_on_and_the_next_one_tries_again(workplace: Path) -> None:
    (workplace / "offline").touch()
    done = install_scanner(workplace)
    assert done.returncode == 0
    assert "no network\nnpm could not install it" in done.stderr
    assert not (workplace / ".venv" / "scanner").exists()
    (workplace / "offline").unlink()
    install_scanner(workplace)
    assert len(calls(workplace)) == 2
