"""What every page's strip says: emergencies until the patient has left, and questions that are overdue."""

from collections.abc import Sequence
from dataclasses import dataclass

from triage import clock
from triage.domain.access import Actor
from triage.domain.alarms import escalated
from triage.models import Emergency, Task
from triage.services import pins, tasks

#: Who is called when nobody has acknowledged an emergency in time.
CALLED = frozenset({"lead_nurse", "surgeon"})


@dataclass(frozen=True)
class Alarm:
    """One open emergency; loud when nobody took it on in time and this person is one of those called."""

    emergency: Emergency
    is_late: bool
    is_loud: bool


@dataclass(frozen=True)
class Alerts:
    """The strip's content, and a text that changes whenever it would look different."""

    alarms: Sequence[Alarm]
    overdue: Sequence[Task]
    rev: str


def look(actor: Actor) -> Alerts:
    """Return what this person has to be told now."""
    at = clock.now()
    alarms = []
    for emergency in pins.list_open(actor):
        late = escalated(emergency.opened_at, emergency.acknowledged_at, at)
        alarms.append(Alarm(emergency, late, late and bool(CALLED & actor.roles)))
    due = tasks.open_tasks(actor) if actor.may("tasks:view") else []
    overdue = [task for task in due if task.due_at <= at]
    marks = [f"{a.emergency.id}{a.emergency.version}{int(a.is_late)}" for a in alarms]
    return Alerts(alarms, overdue, "-".join([*marks, *(task.id for task in overdue)]) or "0")
