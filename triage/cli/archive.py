"""``flask archive``: follow the image archive, and ask whether it answers."""

import logging
import signal
import threading

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import InterfaceError, OperationalError

from triage import clock, db
from triage.cli.staff import need_key
from triage.db import session
from triage.domain.machines import Reached
from triage.models import ArchivePosition, ImageArchive
from triage.services import archives
from triage.services.archive_changes import Follower

#: The longest wait after an archive that did not answer, in seconds.
LONGEST_WAIT = 60.0


@click.group("archive", help="The image archive (Orthanc) to which examinations go.")
def group() -> None:
    """Hold the archive commands."""


@group.command()
@click.option("--every", type=click.FloatRange(0.05, 60), default=2.0, show_default=True, help="Seconds between looks.")
@click.option("--once", is_flag=True, help="Read what there is, and end.")
@with_appcontext
def follow(every: float, once: bool) -> None:
    """Read what changes in the archives until told to stop (SIGTERM, Ctrl-C); what was begun is finished.

    Where an archive or the database does not answer it goes on by itself when they are back.
    """
    need_key()
    told = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: told.set())
    current_app.logger.setLevel(logging.INFO)
    follower = Following(current_app.config["ARCHIVE_PASSWORD"])
    click.echo("following the archive")
    wait = 0.0
    while not told.wait(wait):
        wait = follower.look(every)
        if once and wait:
            break
    click.echo("archive no longer followed")


class Following:
    """Every archive's follower, and how long to wait before the next look."""

    def __init__(self, password: str) -> None:
        self._password = password
        self._followers: dict[str, Follower] = {}
        self._failures = 0

    def look(self, every: float) -> float:
        """Look at every archive once and return the seconds until the next look, 0 where more is waiting."""
        try:
            turns = [self._of(archive.id).turn() for archive in archives.list_all()]
        except (OperationalError, InterfaceError) as error:
            current_app.logger.warning("database away: %s", type(error).__name__)
            turns = []
            self._failures += 1
        else:
            self._failures = self._failures + 1 if any(turn.failure for turn in turns) else 0
        finally:
            db.session.remove()
        if any(turn.more and not turn.failure for turn in turns):
            return 0.0
        return min(every * 2 ** min(self._failures, 10), max(every, LONGEST_WAIT)) if self._failures else every

    def _of(self, archive_id: str) -> Follower:
        return self._followers.setdefault(archive_id, Follower(archive_id, self._password))


@group.command()
@click.option("--followed", is_flag=True, help="Ask also whether its changes are read: a health check of `follow`.")
@with_appcontext
def check(followed: bool) -> None:
    """Ask every archive who it is; exit 1 when one does not answer."""
    found = archives.list_all()
    bad = [archive for archive in found if not _is_well(archive, followed)]
    if not found:
        click.echo("no archive is set")
    if bad:
        raise SystemExit(1)


def _is_well(archive: ImageArchive, followed: bool) -> bool:
    position = session.get(ArchivePosition, archive.id)
    read = position.polled_at if position else None
    session.close()
    answer: Reached = archives.ask(archive.url, archive.user_name, current_app.config["ARCHIVE_PASSWORD"])
    late = read is None or clock.now() - read > archives.LATE
    said = f"last answer to `flask archive follow`: {read:%Y-%m-%d %H:%M:%S} UTC" if read else "never followed"
    click.echo(f"{archive.url}: {answer.outcome} {answer.detail} ({said})")
    return answer.good and not (followed and late)
