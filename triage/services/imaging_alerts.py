"""What a machine did that somebody has to look at: listed until a named person has, or a proper start settles it."""

from collections.abc import Sequence

from sqlalchemy import select

from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed
from triage.models import ImagingOrder
from triage.services import imaging
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, touch


def list_open(actor: Actor) -> Sequence[ImagingOrder]:
    """Return the orders that somebody has to look at, the oldest first, whether or not their visits are over."""
    waiting = select(ImagingOrder.id).where(ImagingOrder.visible_to(actor), ImagingOrder.alert != "")
    rows = imaging.list_by_id(actor, session.scalars(waiting).all())
    return sorted(rows, key=lambda row: (row.alert_at or row.requested_at, row.id))


@verb
def see(actor: Actor, order_id: str, version: int, note: str = "") -> None:
    """Note that this person has looked at it; raises Conflict where somebody has already, Stale for an older page."""
    if not actor.may("imaging:look"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)
    order = imaging.get(actor, order_id)
    if not order.alert:
        raise Conflict("settled_already")
    check_version(order, version)
    record(actor, "imaging_alert_seen", **imaging.ids_of(order), order=order.id, alert=order.alert, note=note.strip())
    order.alert, order.alert_at = "", None
    touch(actor, order)
