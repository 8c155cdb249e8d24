"""When the first images or the first words of an examination were there: noted once, inside another use case."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from triage import clock
from triage.db import session
from triage.models import ImagingOrder, ImagingReport, ImagingStudy, ProcedureStep


def together_with(order_id: str) -> set[str]:
    """Return the order and those that were done with it in one acquisition."""
    mine, others = aliased(ProcedureStep), aliased(ProcedureStep)
    query = select(others.order_id).join(mine, mine.sop_instance_uid == others.sop_instance_uid)
    found = session.scalars(query.where(mine.order_id == order_id, others.order_id.is_not(None)))
    return {order_id, *(one for one in found if one)}


def note(order: ImagingOrder) -> None:
    """Note that a completed order has its result, where images of it, or of one done with it, are there."""
    if order.result_at is not None or order.status != "completed":
        return
    if _has_images(order):
        order.result_at = clock.now()


def forget(order: ImagingOrder) -> None:
    """Take back that there is a result, where neither images nor words of it are left."""
    words = session.scalar(select(ImagingReport.id).where(ImagingReport.order_id == order.id).limit(1))
    if words is None and not _has_images(order):
        order.result_at = order.seen_at = order.seen_by = None


def _has_images(order: ImagingOrder) -> bool:
    there = select(ImagingStudy.id).where(ImagingStudy.order_id.in_(together_with(order.id))).limit(1)
    return session.scalar(there) is not None
