"""The time on a machine that belongs to an imaging order: kept in step with what becomes of the order."""

from collections.abc import Collection

from sqlalchemy import select

from triage import clock
from triage.db import session
from triage.domain import appointments as rules
from triage.domain.access import Actor
from triage.models import Appointment, ImagingOrder
from triage.services import booked, slots
from triage.services.audit import record

#: Why the time of an order is given back that is called off or cannot be done.
ORDER_ENDED = "order_ended"


def find(order_id: str) -> Appointment | None:
    """Return the time that is booked for an order, None where there is none."""
    query = select(Appointment).where(Appointment.order_id == order_id, Appointment.status == rules.BOOKED)
    return session.scalar(query)


def of_orders(order_ids: Collection[str]) -> dict[str, Appointment]:
    """Return the times that are booked for these orders, by order."""
    if not order_ids:
        return {}
    query = select(Appointment).where(Appointment.order_id.in_(order_ids), Appointment.status == rules.BOOKED)
    return {row.order_id: row for row in session.scalars(query) if row.order_id}


def settle(actor: Actor, order: ImagingOrder, patient_id: str) -> None:
    """Let the order's time follow inside a verb: kept once the examination begins, free again where it ends undone."""
    appointment = find(order.id)
    if appointment is None or order.status in ("requested", "ordered"):
        return
    ids = {"patient_id": patient_id, "encounter_id": order.encounter_id}
    if order.status in ("started", "completed"):
        appointment.status, appointment.encounter_id = rules.after("arrive", appointment.status), order.encounter_id
        booked.note(actor, appointment, "arrive")
        record(actor, "appointment_kept", **ids, appointment=appointment.id, starts_at=appointment.starts_at)
    else:
        appointment.status = rules.after("cancel", appointment.status)
        slots.free(appointment)
        booked.note(actor, appointment, "cancel", ORDER_ENDED)
        record(actor, "appointment_cancelled", **ids, appointment=appointment.id, reason=ORDER_ENDED)
    appointment.updated_by, appointment.updated_at = actor.name, clock.entered()
