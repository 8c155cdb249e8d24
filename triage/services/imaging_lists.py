"""Imaging orders to look at: one, those of a visit, of the day, what waits for a record or for a signature."""

from collections.abc import Collection, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import NotFound
from triage.models import Encounter, ExposureRecord, ImagingOrder
from triage.services.waits import in_order

#: Orders with everything that a list shows of them.
_LOADED = (
    select(ImagingOrder)
    .options(joinedload(ImagingOrder.encounter).joinedload(Encounter.patient))
    .options(joinedload(ImagingOrder.requester), joinedload(ImagingOrder.orderer), joinedload(ImagingOrder.seer))
    .options(joinedload(ImagingOrder.exposure).joinedload(ExposureRecord.performer))
    .options(joinedload(ImagingOrder.exposure).joinedload(ExposureRecord.signer))
)


def get(actor: Actor, order_id: str) -> ImagingOrder:
    """Return the order with patient, people and exposure record, if the actor may see it; raises NotFound otherwise."""
    found: ImagingOrder | None = session.scalar(
        _orders(actor).where(ImagingOrder.id == order_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("order")
    return found


def list_orders(actor: Actor, modality: str = "") -> Sequence[ImagingOrder]:
    """Return what is asked for, ordered, under way, or ended today, of one modality or of all, in the board's order.

    Of one patient's the one that was asked for first.
    """
    zone = ZoneInfo(actor.time_zone)
    midnight = datetime.combine(clock.now().astimezone(zone).date(), time(), zone)
    mine = select(ImagingOrder.id).where(ImagingOrder.visible_to(actor))
    if modality:
        mine = mine.where(ImagingOrder.modality == modality)
    # Found first, each by its index, then loaded: in one query with "or", every order there ever was would be read.
    open_, ended = mine.where(ImagingOrder.ended_at.is_(None)), mine.where(ImagingOrder.ended_at >= midnight)
    query = _LOADED.where(ImagingOrder.id.in_(session.scalars(union_all(open_, ended)).all()))
    rows = session.scalars(query.order_by(ImagingOrder.requested_at, ImagingOrder.id)).all()
    key = in_order(actor)
    return sorted(rows, key=lambda row: key(row.encounter))


def list_of(actor: Actor, encounter: Encounter) -> Sequence[ImagingOrder]:
    """Return the encounter's orders with people and exposure records, the oldest first."""
    query = _orders(actor).where(ImagingOrder.encounter_id == encounter.id)
    return session.scalars(query.order_by(ImagingOrder.requested_at, ImagingOrder.id)).all()


def list_by_id(actor: Actor, order_ids: Collection[str]) -> Sequence[ImagingOrder]:
    """Return these orders with everything that a list shows of them, as far as the actor may see them."""
    return session.scalars(_orders(actor).where(ImagingOrder.id.in_(order_ids))).all() if order_ids else []


def unrecorded(actor: Actor) -> Sequence[ImagingOrder]:
    """Return the examinations that are done and whose exposure record is not written, the oldest first."""
    waiting = _orders(actor).where(ImagingOrder.record_due_at.is_not(None))
    return session.scalars(waiting.order_by(ImagingOrder.record_due_at, ImagingOrder.id)).all()


def unsigned(actor: Actor) -> Sequence[ImagingOrder]:
    """Return the completed examinations whose exposure record no doctor has signed, the oldest first."""
    waiting = session.scalars(select(ExposureRecord.order_id).where(ExposureRecord.signed_at.is_(None))).all()
    return sorted(list_by_id(actor, waiting), key=lambda row: (row.ended_at or row.requested_at, row.id))


def _orders(actor: Actor) -> Select[ImagingOrder]:
    return _LOADED.where(ImagingOrder.visible_to(actor))


def ids_of(order: ImagingOrder) -> dict[str, str]:
    """Return whom an event about the order is about."""
    return {"patient_id": order.encounter.patient_id, "encounter_id": order.encounter_id}
