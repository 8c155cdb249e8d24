"""Following the archive: its numbered changes are read in order, and what they tell is taken once, whatever happens.

How far was read moves in the transaction that takes what was read: a process that is killed between two of them
begins again exactly there.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from triage import clock
from triage.adapters.orthanc import STABLE_STUDY, Archive, ArchiveError, Change, Changes, Unreadable
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.matching import StudyStable
from triage.models import ArchivePosition, ImageArchive, ImagingOrder
from triage.services import scanners, studies
from triage.services.audit import lock_site, record

#: Changes that are read at once, and how often one that cannot be taken is tried before those behind it go on.
PIECE, TRIES = 100, 3
#: What lay still so long before the first order had its keys belongs to none: clocks differ by less.
BEFORE = timedelta(days=1)
#: In whose name what the archive says is written, and how often it is noted that it answers.
NAME, NOTED_EVERY = "Archive", timedelta(seconds=15)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Turn:
    """What one look at an archive brought: studies taken, whether more is waiting, and what went wrong."""

    taken: int = 0
    more: bool = False
    failure: str = ""


class Moved(Exception):
    """Another process has read on meanwhile: what this one was about to take is taken."""


class Follower:
    """Follows the changes of one archive. It keeps nothing that a restart would lose, but how often it has tried."""

    def __init__(self, archive_id: str, password: str) -> None:
        self._id, self._password = archive_id, password
        self._tries: dict[int, int] = {}
        self._first: datetime | None = None  # when the site's first order got its keys: it is asked for once

    def turn(self) -> Turn:
        """Read the next piece of changes and take what it says; raises only where the database is away."""
        archive = session.get_one(ImageArchive, self._id, populate_existing=True)
        actor = scanners.machine(archive.site_id, NAME)
        last = _position(self._id).last
        session.close()  # nothing is held while the archive is waited for
        client = Archive(archive.url, archive.user_name, self._password, again=1)
        try:
            found = client.changes(last, PIECE)
            _note_answer(actor, self._id)
            if found.last < last:
                _begin_again(actor, self._id, last, found.last)
                return Turn(more=True)
            return self._take_all(actor, client, last, found)
        except ArchiveError as error:
            _note_failure(actor, self._id, error.outcome)
            return Turn(failure=error.outcome)
        except Moved:
            return Turn(more=True)

    def _take_all(self, actor: Actor, client: Archive, last: int, found: Changes) -> Turn:
        told = [change for change in found.items if change.kind == STABLE_STUDY]
        taken = 0
        for change in self._possible(actor.site_id, told):
            said = self._read(actor, client, change, last)
            if said is not None and self._take(actor, change, last, said):
                taken, last = taken + 1, change.number
            elif change.number in self._tries:
                return Turn(taken, failure="unread")  # tried again at the next turn, at first alone
        end = max([last, *(change.number for change in found.items)])
        if end > last:
            _advance(actor, self._id, last, end)
        return Turn(taken, more=not found.done)

    def _possible(self, site_id: str, told: Sequence[Change]) -> Sequence[Change]:
        """Leave out what lay still before any order had its keys: years of images of an archive from before."""
        if told and self._first is None:
            given = (ImagingOrder.site_id == site_id, ImagingOrder.accession.is_not(None))
            self._first = session.scalar(select(func.min(ImagingOrder.ordered_at)).where(*given))
            session.close()
        first = self._first
        return [change for change in told if first is not None and change.at >= first - BEFORE]

    def _read(self, actor: Actor, client: Archive, change: Change, last: int) -> StudyStable | None:
        try:
            return client.study(change)
        except Unreadable as error:
            self._give_up(actor, change, last, error.outcome)
            return None

    def _take(self, actor: Actor, change: Change, last: int, said: StudyStable) -> bool:
        """Take a study and move on in one transaction; tell whether it went well."""
        try:
            _take(actor, self._id, last, change.number, said)
        except (Moved, OperationalError, InterfaceError):
            raise
        except Exception as error:  # one study that breaks something must not hold up those behind it
            _log.error("archive: change %s could not be taken", change.number, exc_info=error)
            self._give_up(actor, change, last, type(error).__name__)
            return False
        self._tries.pop(change.number, None)
        return True

    def _give_up(self, actor: Actor, change: Change, last: int, why: str) -> None:
        """Count a try; after the last one record what could not be read, so that a person looks, and go on."""
        tries = self._tries.get(change.number, 0) + 1
        self._tries[change.number] = tries
        if tries >= TRIES:
            del self._tries[change.number]
            _note_unread(actor, self._id, change, why)


def _position(archive_id: str) -> ArchivePosition:
    return session.get(ArchivePosition, archive_id, populate_existing=True) or ArchivePosition(
        archive_id=archive_id, last=0, failure=""
    )


def _for_writing(actor: Actor, archive_id: str) -> ArchivePosition:
    lock_site(session(), actor.site_id)
    position = _position(archive_id)
    session.add(position)
    return position


def _expect(position: ArchivePosition, last: int) -> None:
    if position.last != last:
        raise Moved


@verb
def _take(actor: Actor, archive_id: str, last: int, number: int, said: StudyStable) -> None:
    position = _for_writing(actor, archive_id)
    _expect(position, last)
    studies.receive(actor, said)
    position.last = number


@verb
def _advance(actor: Actor, archive_id: str, last: int, number: int) -> None:
    position = _for_writing(actor, archive_id)
    _expect(position, last)
    position.last = number


@verb
def _begin_again(actor: Actor, archive_id: str, last: int, theirs: int) -> None:
    position = _for_writing(actor, archive_id)
    _expect(position, last)
    position.last = 0
    record(actor, "archive_began_again", archive=archive_id, before=last, theirs=theirs)


@verb
def _note_unread(actor: Actor, archive_id: str, change: Change, why: str) -> None:
    position = _for_writing(actor, archive_id)
    position.last, position.failure = max(position.last, change.number), f"unread {change.key}"
    record(actor, "archive_change_unread", archive=archive_id, number=change.number, key=change.key, why=why)


@verb
def _note_failure(actor: Actor, archive_id: str, why: str) -> None:
    position = _for_writing(actor, archive_id)
    if position.failed_at is None:
        position.failed_at = clock.now()
        record(actor, "archive_silent", archive=archive_id, why=why)
    position.failure = why


def _note_answer(actor: Actor, archive_id: str) -> None:
    """Note that the archive answers, where that is news or was noted a while ago."""
    position = _position(archive_id)
    known, failed = position.polled_at, position.failed_at
    session.close()
    if failed is not None or known is None or clock.now() - known > NOTED_EVERY:
        _write_answer(actor, archive_id)


@verb
def _write_answer(actor: Actor, archive_id: str) -> None:
    position = _for_writing(actor, archive_id)
    if position.failed_at is not None:
        record(actor, "archive_answers", archive=archive_id, since=position.failed_at)
        position.failed_at, position.failure = None, ""
    position.polled_at = clock.now()
