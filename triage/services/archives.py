"""The image archive of a site: where it is, whether it answers, and how far its changes have been read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from triage import clock
from triage.adapters.orthanc import Archive, ArchiveError
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import NotAllowed, NotFound, Refused
from triage.domain.machines import Reached, is_archive_address, is_viewer
from triage.models import ArchivePosition, ImageArchive
from triage.services import reach
from triage.services.audit import lock_site, record, record_read
from triage.services.encounters import check_version, touch

#: So long after the archive was last asked nobody can be following it any more.
LATE = timedelta(minutes=2)


@dataclass(frozen=True)
class State:
    """Whether the archive is followed: when it last answered, since when it does not and why."""

    answered_at: datetime | None
    failed_at: datetime | None
    failure: str
    last: int

    @property
    def silent_since(self) -> datetime | None:
        """Return since when it does not answer, None while it does or was never asked."""
        return self.failed_at

    @property
    def not_followed(self) -> bool:
        """Tell whether nobody reads its changes: the process does not run."""
        return self.failed_at is None and (self.answered_at is None or clock.now() - self.answered_at > LATE)


def find(actor: Actor) -> ImageArchive | None:
    """Return the archive of the actor's site, None where none is set."""
    return session.scalar(select(ImageArchive).where(ImageArchive.site_id == actor.site_id))


def get(actor: Actor) -> ImageArchive:
    """Return the archive of the actor's site; raises NotFound where none is set."""
    found = find(actor)
    if found is None:
        raise NotFound("archive")
    return found


def list_all() -> Sequence[ImageArchive]:
    """Return the archives of every site, for the process that follows them."""
    return session.scalars(select(ImageArchive).order_by(ImageArchive.id)).all()


def state(actor: Actor) -> State | None:
    """Return whether the archive of the actor's site is followed, None where none is set."""
    query = select(ImageArchive.id, ArchivePosition).outerjoin(ArchivePosition)
    row = session.execute(query.where(ImageArchive.site_id == actor.site_id)).first()
    if row is None:
        return None
    kept = row.ArchivePosition
    return State(kept.polled_at, kept.failed_at, kept.failure, kept.last) if kept else State(None, None, "", 0)


@verb
def save(actor: Actor, version: int, url: str, user_name: str = "", viewer: str = "") -> None:
    """Say where the archive is (``version`` 0: for the first time); raises Refused, or Stale when somebody was faster.

    At another address its changes are read from the beginning: what is known already changes nothing.
    """
    if not actor.may("scanners:manage"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)
    if not is_archive_address(url):
        raise Refused("not_an_address")
    if viewer and not is_viewer(viewer):
        raise Refused("not_a_viewer")
    archive, values = find(actor), {"url": url, "user_name": user_name, "viewer": viewer}
    if archive is None and version == 0:
        archive = ImageArchive(site_id=actor.site_id, url="")
        session.add(archive)
    elif archive is None:
        raise NotFound("archive")
    else:
        check_version(archive, version)
    before = {name: getattr(archive, name) or "" for name in values}
    if before != values:
        _write(actor, archive, values)
        record(actor, "archive_changed", archive=archive.id, before=before, after=values)


def _write(actor: Actor, archive: ImageArchive, values: dict[str, str]) -> None:
    elsewhere = archive.url != values["url"]
    for name, value in values.items():
        setattr(archive, name, value)
    touch(actor, archive)
    session.flush()
    position = session.get(ArchivePosition, archive.id)
    if position is None:
        session.add(ArchivePosition(archive_id=archive.id))
    elif elsewhere:
        position.last, position.polled_at, position.failed_at, position.failure = 0, None, None, ""


def test(actor: Actor, password: str) -> Reached:
    """Ask the archive who it is, now, and return what came of it; that it was tried is recorded."""
    archive = get(actor)
    session.close()  # no transaction is open while a machine is waited for
    found = reach.within(lambda: ask(archive.url, archive.user_name, password))
    record_read(actor, "archive_tested", archive=archive.id, outcome=found.outcome)
    return found


def ask(url: str, user_name: str, password: str) -> Reached:
    """Ask an archive who it is and what it holds."""
    try:
        return Archive(url, user_name, password).describe()
    except ArchiveError as error:
        return Reached(error.outcome, error.detail)
