"""The keys by which a scanner and the archive know an order: given once, with the doctor's order, never again."""

import uuid

from sqlalchemy import func, select

from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.lifecycle import IMAGING_OPEN
from triage.models import ImagingOrder, Site
from triage.services.audit import lock_site, record
from triage.services.organisations import today

#: DICOM's limit for an accession number (value representation SH).
LONGEST = 16
#: The root under which anybody may derive a UID from a UUID (DICOM PS3.5 B.2).
UUID_ROOT = "2.25"


def give(actor: Actor, order: ImagingOrder) -> None:
    """Give the order its accession number and study instance UID inside a verb; one that has them keeps them."""
    if order.accession is None:
        with session.no_autoflush:  # the order is written once, with its keys
            order.accession = _next(actor)
        order.study_uid = f"{UUID_ROOT}.{uuid.uuid4().int}"


@verb
def give_missing(actor: Actor) -> int:
    """Give their keys to the site's open examinations that were ordered before there were any; return how many."""
    lock_site(session(), actor.site_id)
    old = (ImagingOrder.ended_at.is_(None), ImagingOrder.status.in_(IMAGING_OPEN), ImagingOrder.accession.is_(None))
    mine = select(ImagingOrder).where(ImagingOrder.site_id == actor.site_id, ImagingOrder.ordered_by.is_not(None), *old)
    orders = session.scalars(mine.order_by(ImagingOrder.ordered_at)).all()
    for order in orders:
        give(actor, order)
        session.flush()
    if orders:
        record(actor, "worklist_keys_given", orders=[order.id for order in orders])
    return len(orders)


def _next(actor: Actor) -> str:
    """Return the site's letters, the day, and the day's next number: short enough to be typed at a console.

    Sites whose codes begin alike share their numbers.
    """
    letters = "".join(sign for sign in session.get_one(Site, actor.site_id).code.upper() if sign.isalnum())[:4]
    begun = f"{letters}{today(actor.site_id):%y%m%d}"
    numbers = ImagingOrder.accession.between(f"{begun}0001", f"{begun}9999")  # a range, which an index knows
    newest = select(func.max(ImagingOrder.accession)).where(numbers)
    last = session.scalar(newest)
    accession = f"{begun}{int(last.removeprefix(begun)) + 1 if last else 1:04d}"
    if len(accession) > LONGEST:
        raise ValueError(f"{accession} is longer than {LONGEST} characters")
    return accession
