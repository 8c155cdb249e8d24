"""The dated way after a decision: what a moved day takes with it, what blocks a step, what is late or an alarm."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, TypeVar

# What dates are counted from besides another step, and marks of steps that the program knows by what they mean.
DECISION = "decision"
AGREED, ADMISSION, READY, OPERATION, DISCHARGE = "agreed", "admission", "ready", "operation", "discharge"
# Status of a step. Omitted: said to be not needed. Dropped: the pathway ended before it.
OPEN, DONE, OMITTED, DROPPED = "open", "done", "omitted", "dropped"
SETTLED = (DONE, OMITTED)
# Status of a pathway. Replaced: another decision took its place.
FINISHED, CANCELLED, REPLACED = "finished", "cancelled", "replaced"
# Phases of an open pathway.
BEFORE, INSIDE, AFTER = "before", "inside", "after"
PHASES = (BEFORE, INSIDE, AFTER)
# Kinds of alarm.
LATE, NOT_READY, CLASH, CLOSED, TO_MOVE = "late", "not_ready", "clash", "closed", "to_move"
#: A step noted as done by mistake is open again without a reason for so long.
UNDO = timedelta(minutes=10)
#: How far ahead a day may be planned.
FARTHEST = timedelta(days=730)
#: How long before the decision something may have been done that counts for it, such as a CT.
EARLIEST = timedelta(days=366)


class Step(Protocol):
    """A step of one patient's pathway, as the database keeps it."""

    name: str
    anchor: str
    offset_days: int
    mark: str
    needs: list[str]
    items: list[str]
    grace: int
    on_any_day: bool
    due_on: date | None
    done_on: date | None
    fixed: bool
    status: str


S = TypeVar("S", bound=Step)


@dataclass(frozen=True)
class Alarm:
    """What somebody has to see: a late step, a patient not ready, a step before what it needs or on a closed day."""

    kind: str
    name: str
    days: int


def marked(steps: Sequence[S], mark: str) -> S | None:
    """Return the step that bears the mark, None where the pathway has none."""
    return next((step for step in steps if step.mark == mark), None)


def day_of(step: Step) -> date | None:
    """Return the day a step happened, or else is planned for."""
    return step.done_on if step.status == DONE else step.due_on


def planned(step: Step, base: date | None, today: date, open_day: Callable[[date], date]) -> date | None:
    """Return the day of a step counted from ``base``: not in the past, not on a day on which the clinic is closed."""
    if base is None:
        return None
    day = max(base + timedelta(days=step.offset_days), today)
    return day if step.on_any_day else open_day(day)


def first_days(
    steps: Sequence[Step], decided_on: date, today: date, open_day: Callable[[date], date]
) -> dict[str, date | None]:
    """Return the days that follow from the decision alone; the rest waits for the day of the operation."""
    found: dict[str, date | None] = {DECISION: decided_on}
    return found | follow(steps, DECISION, decided_on, today, open_day)


def follow(
    steps: Sequence[Step], anchor: str, day: date | None, today: date, open_day: Callable[[date], date],
    only_after: bool = False,
) -> dict[str, date | None]:  # fmt: skip
    """Return the new day of every step that follows ``anchor`` when that moves to ``day``.

    What is done, not needed or fixed by hand stays, and so does what follows from it alone. ``only_after``: the anchor
    has happened, so what was counted back from it is not planned anew.
    """
    found: dict[str, date | None] = {}
    waiting = [(anchor, day)]
    while waiting:
        name, base = waiting.pop(0)
        for step in steps:
            if step.anchor != name or step.status != OPEN or step.fixed or (only_after and step.offset_days < 0):
                continue
            new = planned(step, base, today, open_day)
            if new != step.due_on:
                found[step.name] = new
                waiting.append((step.name, new))
    return found


def missing(steps: Sequence[Step], step: Step) -> list[str]:
    """Return what has to be done before this step and is not, in order."""
    return [one.name for one in steps if one.name in step.needs and one.status not in SETTLED]


def needed_by(steps: Sequence[Step], step: Step) -> list[str]:
    """Return the steps that need this one."""
    return [one.name for one in steps if step.name in one.needs]


def unticked(step: Step, ticks: Mapping[str, object]) -> list[str]:
    """Return the items of the checklist that nobody has answered."""
    return [item for item in step.items if item not in ticks]


def late_after(step: Step) -> date | None:
    """Return the last day on which the step is not late."""
    return step.due_on + timedelta(days=step.grace) if step.due_on else None


def days_late(step: Step, today: date) -> int:
    """Return for how many days a step has been due, its grace over; 0 where it is not late."""
    last = late_after(step)
    return (today - step.due_on).days if step.status == OPEN and step.due_on and last and last < today else 0


def phase(steps: Sequence[Step]) -> str:
    """Return where the patient is: before the operation, in hospital, after it."""
    done = {step.mark for step in steps if step.mark and step.status == DONE}
    if DISCHARGE in done or (OPERATION in done and marked(steps, DISCHARGE) is None):
        return AFTER
    return INSIDE if done & {ADMISSION, OPERATION} else BEFORE


def next_step(steps: Sequence[S]) -> S | None:
    """Return the open step that is due first; one without a day comes after those that have one."""
    waiting = [step for step in steps if step.status == OPEN]
    return min(waiting, key=lambda step: (step.due_on is None, step.due_on or date.max), default=None)


def alarms(
    steps: Sequence[Step],
    today: date,
    not_ready_days: int,
    closed: Collection[date] = (),
    to_move: Collection[str] = (),
) -> list[Alarm]:
    """Return everything about a pathway that somebody has to see, the gravest first.

    ``closed``: days to come; ``to_move``: the steps whose appointment cannot stand.
    """
    shut = (step for step in steps if step.status == OPEN and step.due_on in closed and not step.on_any_day)
    return [
        *filter(None, [not_ready(steps, today, not_ready_days)]), *_late(steps, today), *_clashes(steps),
        *(Alarm(TO_MOVE, name, 0) for name in to_move), *(Alarm(CLOSED, step.name, 0) for step in shut),
    ]  # fmt: skip


def not_ready(steps: Sequence[Step], today: date, warn_days: int) -> Alarm | None:
    """Return the alarm that the patient is not ready for an operation that is near, None where nothing is in doubt."""
    operation, ready = marked(steps, OPERATION), marked(steps, READY)
    if operation is None or ready is None or operation.status != OPEN or ready.status in SETTLED:
        return None
    days = (operation.due_on - today).days if operation.due_on else warn_days + 1
    if days <= warn_days and (days <= 0 or _in_doubt(steps, ready, operation, today)):
        return Alarm(NOT_READY, ready.name, days)
    return None


def _in_doubt(steps: Sequence[Step], ready: Step, operation: Step, today: date) -> bool:
    """Tell whether something that being ready needs should be done by now, or will not be by the operation."""
    names = missing(steps, ready)
    open_ = [step for step in steps if step.name in names]
    return any(s.due_on is None or s.due_on < today or s.due_on > (operation.due_on or today) for s in open_)


def _late(steps: Sequence[Step], today: date) -> Iterator[Alarm]:
    late = [(days_late(step, today), step.name) for step in steps]
    return (Alarm(LATE, name, days) for days, name in sorted(late, reverse=True) if days)


def _clashes(steps: Sequence[Step]) -> Iterator[Alarm]:
    """Yield the open steps that are planned for a day before that of something they need."""
    by_name = {step.name: step for step in steps}
    for step in steps:
        needed = [by_name[name].due_on for name in step.needs if by_name[name].status == OPEN]
        last = max(filter(None, needed), default=None)
        if step.status == OPEN and step.due_on and last and last > step.due_on:
            yield Alarm(CLASH, step.name, (last - step.due_on).days)
