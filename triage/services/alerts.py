"""What every page's strip says: emergencies until the patient has left, and questions that are overdue."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from triage import clock
from triage.domain import alarms as limits
from triage.domain.access import Actor
from triage.domain.alarms import escalated
from triage.domain.calling import NO_ANSWER
from triage.models import Emergency, Task
from triage.services import pins, reassessments, tasks
from triage.services.reassessments import Awaited

#: Who is called when nobody has acknowledged an emergency in time.
CALLED = frozenset({"lead_nurse", "surgeon"})


@dataclass(frozen=True)
class Alarm:
    """One open emergency; loud when nobody took it on in time and this person is one of those called.

    ``is_news``: the screen has not said this yet, so a screen reader has to. ``is_missing``: called, and did not
    answer; that is loud for everybody, whoever took it on.
    """

    emergency: Emergency
    is_late: bool
    is_loud: bool
    is_news: bool
    mark: str
    is_missing: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has acknowledged it."""
        return self.emergency.acknowledged_at is None


@dataclass(frozen=True)
class Alerts:
    """The strip's content, those nobody answers for first, and a text that changes whenever it would look different.

    ``turns_in``: seconds until time alone makes it look different, None if it never does.
    """

    alarms: Sequence[Alarm]
    overdue: Sequence[Task]
    rev: str
    turns_in: int | None = None
    looks: Sequence[Awaited] = ()  # those to be looked at again now

    @property
    def worse(self) -> int:
        """Return how many of those to be looked at again were found worse."""
        return sum(1 for look in self.looks if look.is_worse)


def look(actor: Actor, seen: str = "") -> Alerts:
    """Return what this person has to be told now; ``seen`` is the ``rev`` of what their screen says already."""
    at = clock.now()
    said = set(seen.split("-"))
    found = [_alarm(actor, emergency, said, at) for emergency in pins.list_open(actor)]
    alarms = sorted(found, key=lambda alarm: (not alarm.is_open and not alarm.is_missing, alarm.emergency.opened_at))
    due = tasks.open_tasks(actor) if actor.may("tasks:view") else []
    overdue = [task for task in due if task.due_at <= at]
    awaited = reassessments.list_awaited(actor) if actor.may("tasks:view") else []
    looks = [look for look in awaited if look.at <= at]
    marks = [alarm.mark for alarm in alarms] + [task.id for task in overdue]
    marks += [f"{look.encounter_id}{'w' if look.is_worse else ''}" for look in looks]
    turns = [alarm.emergency.opened_at + limits.ACKNOWLEDGE_LIMIT for alarm in alarms if alarm.is_open]
    later = [turn for turn in (*turns, *(task.due_at for task in due), *(look.at for look in awaited)) if turn > at]
    turns_in = math.ceil((min(later) - at).total_seconds()) if later else None
    return Alerts(alarms, overdue, "-".join(marks) or "0", turns_in, looks)


def _alarm(actor: Actor, emergency: Emergency, said: set[str], at: datetime) -> Alarm:
    late = escalated(emergency.opened_at, emergency.acknowledged_at, at)
    state = "late" if late else "taken" if emergency.acknowledged_at else "new"
    missing = emergency.encounter.call_state == NO_ANSWER
    mark = f"{emergency.id}.{state}" + (f"{emergency.encounter.call_count}" if missing else "")
    loud = missing or (late and bool(CALLED & actor.roles))
    news = mark not in said and (missing or state != "taken")
    return Alarm(emergency, late, loud, news, mark, missing)
