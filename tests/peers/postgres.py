"""A throw-away PostgreSQL: started once for a test run, empty, gone afterwards."""

import atexit
import functools
import locale
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import URL, make_url

from tests.peers.find import postgres_binaries

START_SECONDS = 120.0
#: Linux's folder in memory, and the bytes that must be free there. Each test makes and drops a thousand small files.
MEMORY, ROOM = Path("/dev/shm"), 2**30
#: Nothing is kept, so nothing waits for a disk. The zone is a Japanese server's own: a time that forgot its zone shows.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "autovacuum": "off",  # the planner knows of a table what it knows of a new one
    "timezone": "Asia/Tokyo",
}


@functools.cache
def postgres_url() -> str:
    """Return the SQLAlchemy URL of a throw-away PostgreSQL's admin database; raises PeerMissing.

    The server starts at the first call and stops with this process. It speaks through a socket in a folder of its own,
    so no port can clash and no other user of the machine can reach it.
    """
    return start(postgres_binaries())


def start(binaries: Path) -> str:
    """Start a server with the programs in the folder ``binaries``; return its URL. It stops with this process."""
    if not (binaries / "postgres").is_file():
        raise FileNotFoundError(binaries / "postgres")
    home = Path(tempfile.mkdtemp(prefix="triage-pg-"))
    _at_exit(shutil.rmtree, home, True)
    account = _ordinary_account()
    if account:
        shutil.chown(home, account["user"])
        binaries = _reachable(binaries, home, account)
    data = data_folder(home, MEMORY)
    _at_exit(shutil.rmtree, data, True)
    if account:
        shutil.chown(data, account["user"])
    initdb = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"]
    initdb += ["--locale=C", *_letters()]
    subprocess.run(initdb, cwd=home, check=True, stdout=subprocess.DEVNULL, **account)
    options = [f"--{name}={value}" for name, value in {**SETTINGS, "unix_socket_directories": home}.items()]
    with (home / "log").open("wb") as log:
        command = [binaries / "postgres", "-D", data, *options]
        server = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, start_new_session=True, **account)
    _at_exit(_stop, server)
    _wait_until_it_answers(server, home)
    url = URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(home)})
    return url.render_as_string()


def data_folder(home: Path, memory: Path) -> Path:
    """Make the folder of the server's data: in memory where there is room, else in its home."""
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    data = memory / home.name if roomy else home / "data"
    data.mkdir(mode=0o700)
    return data


def _letters() -> list[str]:
    """Let the server know Japanese letters, as production must: in the C locale pg_trgm sees none of them."""
    before = locale.setlocale(locale.LC_CTYPE)
    for name in ("C.UTF-8", "en_US.UTF-8"):
        try:
            locale.setlocale(locale.LC_CTYPE, name)
        except locale.Error:
            continue
        locale.setlocale(locale.LC_CTYPE, before)
        return [f"--lc-ctype={name}"]
    return []


def _ordinary_account() -> dict[str, Any]:
    """PostgreSQL refuses root: return what makes subprocess run as somebody else, empty when we are not root."""
    if os.geteuid() != 0:
        return {}
    accounts = {entry.pw_name: entry.pw_gid for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in accounts else "nobody"
    return {"user": user, "group": accounts[user], "extra_groups": []}


def _reachable(binaries: Path, home: Path, account: dict[str, Any]) -> Path:
    """Return ``binaries``, or a copy beside the data when they lie where the account may not go, as under /root."""
    probe = ["test", "-x", binaries / "postgres"]
    if subprocess.run(probe, cwd="/", check=False, **account).returncode == 0:
        return binaries
    package = binaries.parent.parent  # the wheel's programs look for their libraries in the folder next to the package
    for folder in (binaries.parent, *package.parent.glob(f"{package.name}.libs")):
        shutil.copytree(folder, home / "program" / folder.relative_to(package.parent), symlinks=True)
    subprocess.run(["chown", "-R", account["user"], home / "program"], check=True)
    return home / "program" / binaries.relative_to(package.parent)


def _wait_until_it_answers(server: subprocess.Popen[bytes], home: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(home), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > limit:
                log = (home / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start: {log[-2000:]}") from error
            time.sleep(0.05)
        else:
            return


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGQUIT)
    server.wait(timeout=START_SECONDS)


def _at_exit(action: Callable[..., object], *arguments: object) -> None:
    """Do something when this process ends, and not when a forked child of it does. The last registered runs first."""
    owner = os.getpid()
    atexit.register(lambda: action(*arguments) if os.getpid() == owner else None)


def address() -> str:
    """Return the URL of a database that is not there yet."""
    return make_url(postgres_url()).set(database=f"t_{secrets.token_hex(8)}").render_as_string()


def create_database(template: str | None = None, url: str | None = None) -> str:
    """Create a database, empty or a copy of the one at URL ``template`` (nobody connected to it); return its URL."""
    url = url or address()
    origin = make_url(template).database if template else "template0"
    _admin(f'CREATE DATABASE "{make_url(url).database}" TEMPLATE "{origin}" STRATEGY FILE_COPY')
    return url


def drop_database(url: str) -> None:
    """Drop the database at ``url``, whoever is still connected to it."""
    _admin(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


def _admin(statement: str) -> None:
    url = make_url(postgres_url()).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(), autocommit=True) as connection:
        connection.execute(statement.encode())
