"""What waits at a site for somebody to act, with the moment each is due: one query for every screen's strip."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from triage import knowledge
from triage.db import read
from triage.domain.access import Actor
from triage.domain.appointments import BOOKED
from triage.domain.questions import ASKED_BY
from triage.domain.results import due as until
from triage.models import Appointment, Encounter, ImagingOrder, Question, Task
from triage.prepared import Prepared

#: Events after which nothing else waits than before: they touch no question, no task and no examination.
APART = frozenset({
    "checked_in", "encounter_changed", "claimed", "claim_released", "claim_taken_over", "claim_handed_over",
    "claim_undone", "told", "patient_called", "call_answered", "call_not_answered", "call_undone", "room_assigned",
    "page_opened", "page_left",
})  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A question between surgeon and nurse that has no end yet."""

    id: str
    to_role: str
    due_at: datetime
    answered_at: datetime | None

    def waits_for(self, roles: Collection[str]) -> bool:
        """Tell whether somebody with these roles is to act: to answer it, or to read its answer."""
        return (self.to_role if self.answered_at is None else ASKED_BY[self.to_role]) in roles


@dataclass(frozen=True)
class Examined:
    """An examination that waits: its result for a doctor's eyes, or, as long as it is not begun, to be done."""

    id: str
    is_result: bool
    due_at: datetime


@dataclass(frozen=True)
class Awaited:
    """Questions to be asked again with their moments, questions between people, examinations, odd ones."""

    due: tuple[tuple[str, datetime], ...] = ()
    asked: tuple[Asked, ...] = ()
    examinations: tuple[Examined, ...] = ()
    odd: tuple[str, ...] = ()  # orders with something that a machine did and somebody has to look at


def load(actor: Actor) -> Awaited:
    """Return what waits at the actor's site, the first due first, whether or not its visit is over."""
    rows = read(_WAITING, site=actor.site_id)
    return Awaited(
        tuple((row.id, row.since) for row in rows if row.kind == _TASK),
        tuple(Asked(row.id, row.to_role, row.since, row.answered_at) for row in rows if row.kind == _QUESTION),
        _examined([row for row in rows if row.kind in (_RESULT, _ORDER)]),
        tuple(row.id for row in rows if row.kind == _ODD),
    )


def _examined(rows: Sequence[Any]) -> tuple[Examined, ...]:
    known = knowledge.load().flow.examinations
    return tuple(
        Examined(
            row.id,
            row.kind == _RESULT,
            until(row.since, row.to_role, known.seen_within if row.kind == _RESULT else known.done_within),
        )
        for row in rows
    )


_TASK, _QUESTION, _RESULT, _ORDER, _ODD = range(5)


def _kind(number: int) -> Any:
    return literal_column(str(number)).label("kind")


# Built once. ``to_role`` is the priority where an examination waits.
_HERE: BindParameter[str] = bindparam("site")
_PARTS = (
    select(
        Question.id, _kind(_QUESTION), Question.to_role, Question.due_at.label("since"), Question.answered_at
    ).where(Question.site_id == _HERE, Question.ended_at.is_(None)),
    select(Task.id, _kind(_TASK), null(), Task.due_at, null())
    .join(Encounter, Encounter.id == Task.encounter_id)
    .where(Encounter.site_id == _HERE, Encounter.finished_at.is_(None), Task.done_at.is_(None)),
    select(ImagingOrder.id, _kind(_RESULT), ImagingOrder.priority, ImagingOrder.result_at, null()).where(
        ImagingOrder.site_id == _HERE, ImagingOrder.result_at.is_not(None), ImagingOrder.seen_at.is_(None)
    ),
    select(
        ImagingOrder.id, _kind(_ORDER), ImagingOrder.priority,
        func.coalesce(Appointment.starts_at, ImagingOrder.ordered_at), null(),
    )
    .outerjoin(Appointment, and_(Appointment.order_id == ImagingOrder.id, Appointment.status == BOOKED))
    .where(ImagingOrder.site_id == _HERE, ImagingOrder.ended_at.is_(None), ImagingOrder.status == "ordered"),
    select(ImagingOrder.id, _kind(_ODD), null(), ImagingOrder.alert_at, null()).where(
        ImagingOrder.site_id == _HERE, literal_column("imaging_order.alert != ''")
    ),
)  # fmt: skip
_WAITING = Prepared(union_all(*cast("tuple[Select[Any], ...]", _PARTS)).order_by("since", "id"))
