"""What runs beside the demonstration with ``./dev run --imaging``: an archive, the worklist, and virtual scanners."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from triage.db import session
from triage.demo.scanner import Failed, Place, Scanner, is_ready
from triage.models import Scanner as Machine
from triage.models import Staff
from triage.services import accounts, archives

#: What each kind of machine of the demonstration is to DICOM.
DICOM = {"xray": "DX", "ct": "CT", "mri": "MR"}
#: Titles of the archive and of the worklist, and the archive's user.
ARCHIVE, WORKLIST, USER = "ARCHIVE", "TRIAGE", "triage"
#: Seconds between two looks at the worklist, and for which an examination lasts.
PAUSE, LASTS = 2.0, 6.0
ORTHANC = ("Orthanc", "/usr/sbin/Orthanc", "/Applications/Orthanc.app/Contents/MacOS/Orthanc")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Ports:
    """Where each part listens, on this machine only."""

    worklist: int
    archive: int  # DICOM
    rest: int  # the archive's pages and its REST interface


def find_ports() -> Ports:
    """Return the usual ports, each replaced by a free one where somebody listens there already."""
    return Ports(*(port if _is_free(port) else _any() for port in (11112, 4242, 8042)))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _any() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_orthanc() -> str | None:
    """Return the path of Orthanc, None where it is not on this machine."""
    return next((found for name in ORTHANC if (found := shutil.which(name))), None)


def write_settings(folder: Path, ports: Ports, password: str, titles: Iterable[str]) -> Path:
    """Write the archive's settings, for its owner's eyes only: known scanners, this machine, a password."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "orthanc.json"
    path.touch(mode=0o600)
    settings = {
        "Name": "Demonstration", "StorageDirectory": str(folder / "images"), "IndexDirectory": str(folder / "images"),
        "HttpPort": ports.rest, "DicomPort": ports.archive, "DicomAet": ARCHIVE, "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True, "RegisteredUsers": {USER: password}, "DicomAlwaysAllowStore": False,
        "DicomAlwaysAllowEcho": False, "DicomModalities": {name: [name, "127.0.0.1", 4000] for name in titles},
        "StableAge": 3, "Plugins": [],
    }  # fmt: skip
    path.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    return path


@contextmanager
def running(commands: Iterable[Sequence[str]], environ: dict[str, str], log: Path) -> Iterator[list[Any]]:
    """Run these commands, their words in ``log``, until the block is left; then stop each and wait for it."""
    children = []
    with log.open("ab") as said:
        try:
            for command in commands:
                children.append(
                    subprocess.Popen(list(command), env=environ, stdout=said, stderr=subprocess.STDOUT)  # noqa: S603
                )
            yield children
        finally:
            for child in children:
                child.terminate()
            for child in children:
                _wait(child)


def _wait(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(timeout=15)
    except subprocess.TimeoutExpired:
        child.kill()


def commands(orthanc: str | None, settings: Path, ports: Ports) -> list[list[str]]:
    """Return what has to run: the worklist, and where there is an archive, that and who follows its changes."""
    flask = [sys.executable, "-m", "flask", "--app", "wsgi:app"]
    found = [[*flask, "worklist", "serve", "--port", str(ports.worklist)]]
    if orthanc:
        found = [[orthanc, str(settings)], *found, [*flask, "archive", "follow"]]
    return found


def play(folder: Path, password: str, say: Say) -> None:
    """Run everything until the caller is told to stop, or one of the processes ends by itself."""
    orthanc, ports, machines = find_orthanc(), find_ports(), list_machines()
    settings = write_settings(folder, ports, password, [one.ae_title for one in machines])
    if orthanc:
        connect_archive(ports)
        say(f"archive       http://127.0.0.1:{ports.rest}  user {USER}, password {password}")
    else:
        say("archive       Orthanc is not on this machine (apt-get install orthanc): no images are kept")
    say(f"worklist      {WORKLIST} on 127.0.0.1, port {ports.worklist}; start an examination and watch the list")
    environ = {**os.environ, "TRIAGE_DEMO": "1"}
    with running(commands(orthanc, settings, ports), environ, folder / "log.txt") as children:
        await_worklist(ports.worklist, children, time.sleep)
        scan(scanners(machines, ports, orthanc is not None), children, say, time.sleep)


def await_worklist(port: int, children: Sequence[Any], sleep: Callable[[float], None]) -> None:
    """Wait until the worklist listens, a minute at most, or until a process has ended."""
    for _look in range(300):
        if not _is_free(port) or any(child.poll() is not None for child in children):
            return
        sleep(0.2)


def connect_archive(ports: Ports) -> None:
    """Let the administrator say where the archive is, unless that is known."""
    somebody = session.scalar(select(Staff.id).where(Staff.user_name == "admin", Staff.demo))
    admin = accounts.actor_of(somebody) if somebody else None
    if admin is not None:
        known, address = archives.find(admin), f"http://127.0.0.1:{ports.rest}"
        archives.save(
            admin, known.version if known else 0, address, USER, f"{address}/app/explorer.html#study?uuid={{key}}"
        )
    session.remove()


def list_machines() -> Sequence[Machine]:
    """Return the scanners of the demonstration that are in use."""
    query = select(Machine).where(Machine.retired_at.is_(None)).order_by(Machine.ae_title)
    found = session.scalars(query).all()
    session.remove()
    return found


def scanners(machines: Iterable[Machine], ports: Ports, stores: bool) -> list[Scanner]:
    """Return a virtual scanner for each machine that the clinic has."""
    worklist, archive = Place("127.0.0.1", ports.worklist, WORKLIST), Place("127.0.0.1", ports.archive, ARCHIVE)
    return [Scanner(one.ae_title, DICOM.get(one.modality, "OT"), worklist, archive, stores) for one in machines]


def scan(machines: Sequence[Scanner], children: Sequence[Any], say: Say, sleep: Callable[[float], None]) -> None:
    """Look at the worklist again and again and examine whoever is ready, until a process beside it ends."""
    while all(child.poll() is None for child in children):
        for machine in machines:
            _look(machine, say, sleep)
        sleep(PAUSE)
    say("a process beside the demonstration has ended; the imaging part stops")


def _look(machine: Scanner, say: Say, sleep: Callable[[float], None]) -> None:
    try:
        item = next((one for one in machine.look() if is_ready(one)), None)
        if item is not None:
            say(f"{machine.ae_title} begins {item.AccessionNumber}")
            machine.examine(item, lambda: sleep(LASTS))
            say(f"{machine.ae_title} has done {item.AccessionNumber}")
    except Failed as error:
        say(f"{machine.ae_title}: {error}")
