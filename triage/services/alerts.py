"""What every page's strip says: emergencies until the patient has left, and questions that are overdue."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage import clock
from triage.domain import alarms as limits
from triage.domain.access import Actor
from triage.domain.alarms import escalated
from triage.domain.calling import NO_ANSWER
from triage.domain.leases import LAPSES_AFTER
from triage.services import snapshots
from triage.services.awaited import Asked, Examined
from triage.services.lines import Line
from triage.services.notices import News
from triage.services.snapshots import Snapshot

#: Who is called when nobody has acknowledged an emergency in time.
CALLED = frozenset({"lead_nurse", "surgeon"})


@dataclass(frozen=True)
class Alarm:
    """One open emergency; loud when nobody took it on in time and this person is one of those called.

    ``ring``: what a device remembers that it has told this person this; empty if it need not be told. It leads to no
    patient. ``is_missing``: called, and did not answer; that is loud for everybody, whoever took it on.
    """

    line: Line
    is_late: bool
    is_loud: bool
    mark: str
    ring: str = ""
    is_missing: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has acknowledged it."""
        return self.line.acknowledged_at is None


@dataclass(frozen=True)
class Alerts:
    """The strip's content, those nobody answers for first, and a text that changes whenever it would look different.

    ``turns_in``: seconds until time alone makes it look different, None if it never does.
    """

    alarms: Sequence[Alarm]
    overdue: int  # questions that were not known and are due
    rev: str
    turns_in: int | None = None
    looks: Sequence[Line] = ()  # those to be looked at again now
    news: Sequence[News] = ()  # what others did with this person's patients
    lapsed: Sequence[Line] = ()  # the person's own claims
    asked: Sequence[Asked] = ()  # questions to answer, answers to read
    late: int = 0  # of them, those that have waited too long
    unseen: int = 0  # results that no doctor has seen in time
    undone: int = 0  # ordered examinations that nobody has begun in time
    odd: int = 0  # what machines did and somebody has to look at

    @property
    def worse(self) -> int:
        """Return how many of those to be looked at again were found worse."""
        return sum(1 for line in self.looks if line.worse_at is not None)


def look(actor: Actor, lapses_after: timedelta = LAPSES_AFTER) -> Alerts:
    """Return what this person has to be told now.

    All of it stands on the board, so nothing is asked of the database that the board has not asked for.
    """
    snapshot, _revision = snapshots.of(actor, lapses_after)
    return of(snapshot, actor)


def of(snapshot: Snapshot, actor: Actor) -> Alerts:
    """Return what this person has to be told of the board as it stands."""
    at = clock.now()
    found = [_alarm(actor, line, at) for line in snapshot.emergencies]
    alarms = sorted(found, key=lambda alarm: (not alarm.is_open and not alarm.is_missing, _since(alarm.line)))
    asks, images = actor.may("tasks:view"), actor.may("imaging:view")
    due = snapshot.awaited.due if asks else ()
    awaited = snapshot.to_look if asks else ()
    overdue = [task_id for task_id, when in due if when <= at]
    looks = [line for when, line in awaited if when <= at]
    marks = [alarm.mark for alarm in alarms] + overdue
    marks += [f"{line.id}{'w' if line.worse_at is not None else ''}" for line in looks]
    news = [told for told in snapshot.news if told.tell == actor.staff_id]
    lapsed = snapshot.idle.get(actor.staff_id, ())
    marks += [*(told.step_id for told in news), *(f"{line.id}l" for line in lapsed)]
    asked = [one for one in snapshot.awaited.asked if asks and one.waits_for(actor.roles)]
    late = {one.id for one in asked if one.answered_at is None and one.due_at <= at}
    marks += [f"{one.id}{'a' if one.answered_at else 'l' if one.id in late else ''}" for one in asked]
    waiting, odd = (snapshot.awaited.examinations, snapshot.awaited.odd) if images else ((), ())
    over = [one for one in waiting if one.due_at <= at]
    marks += [one.id for one in over] + [f"{one}o" for one in odd]
    turns = [_since(alarm.line) + limits.ACKNOWLEDGE_LIMIT for alarm in alarms if alarm.is_open]
    turns += [when for _task, when in due] + [when for when, _line in awaited]
    turns += [one.due_at for one in asked if one.answered_at is None] + [one.due_at for one in waiting]
    return Alerts(
        alarms, len(overdue), "-".join(marks) or "0", _until(turns, at), looks, news, lapsed, asked, len(late),
        *_counts(over, odd),
    )  # fmt: skip


def _until(turns: Iterable[datetime], at: datetime) -> int | None:
    following = min([turn for turn in turns if turn > at], default=None)
    return None if following is None else math.ceil((following - at).total_seconds())


def _counts(over: Sequence[Examined], odd: Sequence[str]) -> tuple[int, int, int]:
    results = sum(1 for one in over if one.is_result)
    return results, len(over) - results, len(odd)


def _since(line: Line) -> datetime:
    return line.emergency_since or line.arrived_at


def _alarm(actor: Actor, line: Line, at: datetime) -> Alarm:
    late = escalated(_since(line), line.acknowledged_at, at)
    state = "late" if late else "taken" if line.acknowledged_at else "new"
    missing = line.call_state == NO_ANSWER
    mark = f"{line.emergency_id}.{state}" + (f"{line.call_count}" if missing else "")
    loud = missing or (late and bool(CALLED & actor.roles))
    ring = hashlib.sha256(f"{mark} {actor.staff_id}".encode()).hexdigest()[:12] if missing or state != "taken" else ""
    return Alarm(line, late, loud, mark, ring, missing)
