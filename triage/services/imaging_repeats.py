"""What was imaged or ordered lately of the same patient: said before a doctor orders the same again."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import session
from triage.domain import imaging as rules
from triage.domain.access import Actor
from triage.domain.errors import Refused
from triage.domain.lifecycle import IMAGING_OPEN
from triage.models import Encounter, ImagingOrder
from triage.services import imaging_safety, imaging_steps
from triage.services.audit import record
from triage.services.imaging_lists import ids_of

#: A visit began at most so long before something was asked for in it.
_LONGEST_VISIT = timedelta(days=7)
_DONE = "completed"


@dataclass(frozen=True)
class Repeat:
    """An examination that another one would repeat."""

    order: ImagingOrder

    @property
    def id(self) -> str:
        """Return the id of the order that would be repeated."""
        return self.order.id

    @property
    def is_open(self) -> bool:
        """Tell whether it is still to be done: the same would be done twice."""
        return self.order.status in IMAGING_OPEN


def list_for(actor: Actor, orders: Iterable[ImagingOrder]) -> Mapping[str, Sequence[Repeat]]:
    """Return by order what it would repeat, the newest first; one query, by the patients' own visits."""
    asked = list(orders)
    lately = _of_patients(actor, {row.encounter.patient_id for row in asked})
    return {
        row.id: [
            Repeat(other) for other in lately[row.encounter.patient_id] if other.id != row.id and _same(row, other)
        ]
        for row in asked
    }


def lately(actor: Actor, patient_id: str) -> Sequence[ImagingOrder]:
    """Return what was asked for or done of a patient within the clinic's days, the newest first."""
    return _of_patients(actor, {patient_id})[patient_id]


def _of_patients(actor: Actor, patient_ids: Collection[str]) -> Mapping[str, list[ImagingOrder]]:
    found: defaultdict[str, list[ImagingOrder]] = defaultdict(list)
    if not patient_ids:
        return found
    since = clock.now() - timedelta(days=knowledge.load().flow.ordering.repeat_days)
    query = (
        select(ImagingOrder, Encounter.patient_id)
        .join(ImagingOrder.encounter)
        .where(Encounter.patient_id.in_(patient_ids), Encounter.arrived_at >= since - _LONGEST_VISIT)
        .where(Encounter.visible_to(actor), ImagingOrder.requested_at >= since)
    )
    for row, patient_id in session.execute(query.order_by(ImagingOrder.requested_at.desc(), ImagingOrder.id)):
        if row.status in (*IMAGING_OPEN, _DONE):
            found[patient_id].append(row)
    return found


def _same(one: ImagingOrder, other: ImagingOrder) -> bool:
    """Tell whether two examinations show the same region on the same kind of machine."""
    first, second = imaging_safety.procedure_of(one), imaging_safety.procedure_of(other)
    regions = knowledge.load().flow.ordering.regions
    return first.dicom == second.dicom and not regions[first.id].isdisjoint(regions[second.id])


def settle(actor: Actor, order: ImagingOrder, seen: Collection[str] | None, why: str) -> None:
    """Let a doctor's order stand beside what it repeats, inside a verb; ``seen`` None: the page showed all there is.

    Raises Refused where something was not shown to the doctor, or the same is still open and no words say why twice.
    """
    repeats = list_for(actor, [order])[order.id]
    if not repeats:
        return
    if seen is not None and {one.id for one in repeats} - set(seen):
        raise Refused("repeats")
    if any(one.is_open for one in repeats) and not why.strip():
        raise Refused("repeat_reason_needed")
    others = [one.id for one in repeats]
    imaging_steps.note(actor, order, rules.REPEATED, words=why, after={"others": others})
    record(actor, "imaging_repeated", **ids_of(order), order=order.id, others=others, note=why.strip())
