"""What somebody changed of an order, answered before its start, or called off: appended to its history."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session
from triage.domain import imaging as rules
from triage.domain.access import Actor
from triage.models import ImagingOrder, ImagingOrderStep
from triage.services import imaging_safety
from triage.services.audit import record
from triage.services.imaging_lists import ids_of
from triage.services.imaging_safety import Answer


def note(
    actor: Actor, order: ImagingOrder, step: str, reason: str = "", words: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Append a step to the order's history, inside a verb."""
    session.add(
        ImagingOrderStep(
            order_id=order.id, at=clock.now(), staff_id=actor.staff_id, step=step, reason=reason, note=words.strip(),
            before=dict(before or {}), after=dict(after or {}),
        )
    )  # fmt: skip


def list_of(order: ImagingOrder) -> Sequence[ImagingOrderStep]:
    """Return the order's steps in order, each with who took it."""
    query = select(ImagingOrderStep).where(ImagingOrderStep.order_id == order.id)
    whole = query.options(joinedload(ImagingOrderStep.staff))
    return session.scalars(whole.order_by(ImagingOrderStep.at, ImagingOrderStep.id)).all()


def answer(actor: Actor, order: ImagingOrder, given: Mapping[str, Answer]) -> bool:
    """Keep what is said to the safety questions, inside a verb; return whether anything was new."""
    before, said = order.safety or {}, imaging_safety.answered(actor, order, given)
    names = [name for name in said if said[name] != before.get(name)]
    if not names:
        return False
    order.safety = said
    was, now = imaging_safety.told(before, names), imaging_safety.told(said, names)
    note(actor, order, rules.ANSWERED, before=was, after=now)
    record(actor, "imaging_safety_answered", **ids_of(order), order=order.id, before=was, after=now)
    return True
