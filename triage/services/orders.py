"""Imaging orders inside another use case: asked for by a routing, called off by a recall or an emergency."""

from sqlalchemy import select

from triage import clock
from triage.db import session
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.models import Encounter, ImagingOrder
from triage.services import imaging_grounds, order_times
from triage.services.audit import record
from triage.services.encounters import touch
from triage.services.insertion import insert_row

#: An examination that has begun is not called off behind the radiographer's back.
NOT_STARTED = ("requested", "ordered")


def request_imaging(
    actor: Actor, encounter: Encounter, modality: str, note: str, then_specialist: bool, examination: str = ""
) -> ImagingOrder:
    """Add a request for imaging inside a verb; a doctor has to order it before it can start."""
    encounter.then_specialist = then_specialist
    order = insert_row(
        ImagingOrder, site_id=encounter.site_id, encounter_id=encounter.id, modality=modality, status="requested",
        note=note, then_specialist=then_specialist, requested_by=actor.staff_id, requested_at=clock.now(),
        updated_by=actor.name, updated_at=clock.now(), **imaging_grounds.usual(encounter, modality, note, examination),
    )  # fmt: skip
    record(
        actor, "imaging_requested", patient_id=encounter.patient_id, encounter_id=encounter.id, order=order.id,
        modality=modality,
    )  # fmt: skip
    return order


def orders_of(encounter: Encounter) -> list[ImagingOrder]:
    """Return the encounter's imaging orders, oldest first."""
    query = select(ImagingOrder).where(ImagingOrder.encounter_id == encounter.id)
    return list(session.scalars(query.order_by(ImagingOrder.requested_at)))


def is_started(encounter: Encounter) -> bool:
    """Tell whether an examination of this visit is under way."""
    return any(order.status == "started" for order in orders_of(encounter))


def cancel_imaging(actor: Actor, encounter: Encounter, reason: str) -> None:
    """Call off, inside a verb, what was only requested or ordered; what has started stays with the radiographer."""
    for order in orders_of(encounter):
        if order.status not in NOT_STARTED:
            continue
        order.status, order.reason = lifecycle.imaging_after("cancel", order.status), reason
        order.ended_at = clock.now()
        touch(actor, order)
        order_times.settle(actor, order, encounter.patient_id)
        record(
            actor, "imaging_cancelled", patient_id=encounter.patient_id, encounter_id=encounter.id, order=order.id,
            reason=reason,
        )  # fmt: skip
