"""The end of a day: everybody still here, named; each noted by itself, nobody closed in silence or in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Refused
from triage.models import CarryOver, Claim, Departure, Encounter, ImagingOrder, Task
from triage.services.audit import record
from triage.services.departures import Open, open_of
from triage.services.encounters import for_writing
from triage.services.organisations import today


@dataclass(frozen=True)
class StillHere:
    """Somebody who is still here, and what is open: examinations, tasks, red flags; and whether it is noted."""

    encounter: Encounter
    orders: Sequence[ImagingOrder]
    tasks: int
    open: Open
    carried: CarryOver | None


def still_here(actor: Actor) -> list[StillHere]:
    """Return everybody whose visit is open: emergencies first, then those not noted yet, the longest here first."""
    query = select(Encounter).where(Encounter.visible_to(actor), Encounter.finished_at.is_(None))
    people = (joinedload(Encounter.patient), joinedload(Encounter.claim).joinedload(Claim.staff))
    rows = session.scalars(query.options(*people).order_by(Encounter.arrived_at)).all()
    orders, tasks, carried = _orders(actor), _tasks(actor), _carried(actor, rows)
    found = [
        StillHere(row, orders.get(row.id, ()), tasks.get(row.id, 0), open_of(row), carried.get(row.id)) for row in rows
    ]
    return sorted(found, key=lambda one: (not one.encounter.is_emergency, one.carried is not None))


def _orders(actor: Actor) -> dict[str, list[ImagingOrder]]:
    query = select(ImagingOrder).where(ImagingOrder.visible_to(actor), ImagingOrder.ended_at.is_(None))
    found: dict[str, list[ImagingOrder]] = {}
    for order in session.scalars(query.order_by(ImagingOrder.requested_at)):
        found.setdefault(order.encounter_id, []).append(order)
    return found


def _tasks(actor: Actor) -> Mapping[str, int]:
    query = (
        select(Task.encounter_id, func.count())
        .join(Task.encounter)
        .where(Encounter.visible_to(actor), Encounter.finished_at.is_(None), Task.done_at.is_(None))
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(Task.encounter_id))}


def _carried(actor: Actor, rows: Iterable[Encounter]) -> Mapping[str, CarryOver]:
    ids = [row.id for row in rows]
    query = select(CarryOver).where(
        CarryOver.encounter_id.in_(ids), CarryOver.day == today(actor.site_id), CarryOver.undone_at.is_(None)
    )
    found = session.scalars(query.options(joinedload(CarryOver.staff)).order_by(CarryOver.at))
    return {row.encounter_id: row for row in found}


def ended_today(actor: Actor) -> Sequence[Departure]:
    """Return the visits that were ended beside their way today, the latest first."""
    zone = ZoneInfo(actor.time_zone)
    midnight = datetime.combine(today(actor.site_id), time(), zone)
    query = (
        select(Departure)
        .join(Departure.encounter)
        .where(Encounter.visible_to(actor), Departure.at >= midnight, Departure.undone_at.is_(None))
        .options(joinedload(Departure.encounter).joinedload(Encounter.patient), joinedload(Departure.noter))
    )
    return session.scalars(query.order_by(Departure.at.desc())).all()


@verb
def carry_over(actor: Actor, encounter_id: str, reason: str, note: str = "") -> None:
    """Note that a patient's visit stays open over the end of the day, and why; it stays on the board."""
    encounter = for_writing(actor, encounter_id)
    if reason not in {known.id for known in knowledge.load().flow.carry_reasons}:
        raise Refused("reason_needed")
    day = today(actor.site_id)
    earlier = _carried(actor, [encounter]).get(encounter.id)
    if earlier is not None:
        earlier.undone_at = clock.now()  # said anew: the latest word counts, the earlier one stays on file
    session.add(
        CarryOver(
            encounter_id=encounter.id, day=day, at=clock.now(), staff_id=actor.staff_id, reason=reason,
            note=note.strip(),
        )
    )  # fmt: skip
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "carried_over", **ids, day=day.isoformat(), reason=reason, note=note.strip())


@verb
def undo_carry(actor: Actor, encounter_id: str) -> None:
    """Take today's note back; the visit is to be noted again. Raises Conflict where there is none."""
    encounter = for_writing(actor, encounter_id)
    noted = _carried(actor, [encounter]).get(encounter.id)
    if noted is None:
        raise Conflict("not_carried")
    noted.undone_at = clock.now()
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "carry_over_undone", **ids, day=noted.day.isoformat(), reason=noted.reason)
