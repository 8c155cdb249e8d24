"""What machines told and nobody could match: a person says to which order it belongs, or why to none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import matching
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused
from triage.models import ImagingOrder, ImagingStudy, ProcedureStep
from triage.models.studies import Returned
from triage.services import imaging, imaging_results, returned
from triage.services.audit import lock_site, note_news, record
from triage.services.encounters import check_version, touch

NOUNS: dict[str, Any] = {"step": ProcedureStep, "study": ImagingStudy}
#: How long what a person settled can be undone.
UNDONE_WITHIN = timedelta(minutes=10)
#: Orders that may be meant are looked for so long before and after; so many are offered at most.
AROUND, OFFERED = timedelta(hours=12), 30


@dataclass(frozen=True)
class Item:
    """What a machine told, of which kind, when, and why it was matched to nothing."""

    kind: str
    row: Any
    at: datetime
    why: str = ""

    @property
    def modality(self) -> str:
        """Return the machine of the imaging list that told it, "" where it is not known."""
        return self.row.scanner.modality if self.kind == "step" else matching.MODALITIES.get(self.row.modality, "")


def _item(kind: str, row: Any) -> Item:
    return Item(kind, row, row.began_at if kind == "step" else row.stable_at)


def _all(actor: Actor, kind: str) -> Select[Any]:
    noun = NOUNS[kind]
    query = select(noun).where(noun.visible_to(actor)).execution_options(populate_existing=True)
    return query.options(joinedload(noun.scanner)) if kind == "step" else query


def _open(noun: Any) -> tuple[Any, Any]:
    return noun.order_id.is_(None), noun.settled_at.is_(None)


def count(actor: Actor) -> int:
    """Return how much of what machines told waits for a person."""
    found = (select(func.count()).where(noun.visible_to(actor), *_open(noun)) for noun in NOUNS.values())
    return sum(session.scalar(query) or 0 for query in found)


def list_open(actor: Actor) -> list[Item]:
    """Return what waits for a person, the latest first."""
    rows = [_item(kind, row) for kind, noun in NOUNS.items() for row in session.scalars(_of(actor, kind, *_open(noun)))]
    return sorted(rows, key=lambda item: (item.at, item.row.id), reverse=True)


def list_settled(actor: Actor) -> list[Item]:
    """Return what people settled so lately that it can be undone, the latest first."""
    since = clock.now() - UNDONE_WITHIN
    rows = [
        _item(kind, row)
        for kind, noun in NOUNS.items()
        for row in session.scalars(_of(actor, kind, noun.settled_at >= since))
    ]
    return sorted(rows, key=lambda item: item.row.settled_at, reverse=True)


def _of(actor: Actor, kind: str, *where: Any) -> Select[Any]:
    return _all(actor, kind).where(*where)


def find(actor: Actor, kind: str, row_id: str) -> Item:
    """Return what a machine told with why it was matched to nothing; raises NotFound out of sight."""
    row = session.scalar(_of(actor, kind, NOUNS[kind].id == row_id)) if kind in NOUNS else None
    if row is None:
        raise NotFound("returned")
    item = _item(kind, row)
    return Item(kind, row, item.at, returned.match(actor, keys_of(row), item.modality).why)


def keys_of(row: Returned) -> matching.Keys:
    """Return the keys as the machine gave them."""
    return matching.Keys(getattr(row, "study_uid", ""), row.accession, row.patient_number, row.patient_name)


@dataclass(frozen=True)
class Offer:
    """An order that may be meant; ``is_same``: the patient's number is the machine's."""

    order: ImagingOrder
    is_same: bool
    is_like: bool  # the name is like the machine's


def offers(actor: Actor, item: Item) -> list[Offer]:
    """Return the orders that may be meant: of the same patient, then of like names, then of the same machine that day.

    Only what a doctor has ordered.
    """
    near = ImagingOrder.requested_at.between(item.at - AROUND, item.at + AROUND)
    query = returned.WITH_NUMBERS.where(ImagingOrder.visible_to(actor), ImagingOrder.ordered_by.is_not(None), near)
    found = [_offer(item, order) for order in session.scalars(query.order_by(ImagingOrder.requested_at.desc()))]
    fit = [one for one in found if one.is_same or one.is_like or item.modality in ("", one.order.modality)]
    return sorted(fit, key=lambda one: (not one.is_same, not one.is_like, one.order.modality != item.modality))[
        :OFFERED
    ]


def _offer(item: Item, order: ImagingOrder) -> Offer:
    patient = order.encounter.patient
    is_like = matching.resembles(item.row.patient_name, patient.name, patient.kana)
    return Offer(order, item.row.patient_number in returned.candidate(order).numbers, is_like)


def offer(actor: Actor, item: Item, order_id: str) -> Offer:
    """Return one order beside what the machine told; raises NotFound."""
    query = returned.WITH_NUMBERS.where(
        ImagingOrder.visible_to(actor), ImagingOrder.id == order_id, ImagingOrder.ordered_by.is_not(None)
    )
    order = session.scalar(query)
    if order is None:
        raise NotFound("order")
    return _offer(item, order)


@verb
def link(actor: Actor, kind: str, row_id: str, version: int, order_id: str, is_confirmed: bool = False) -> None:
    """Match what a machine told, and whatever else of the same study waits, to an order, and let the order follow.

    Raises Refused where the patient's numbers differ until somebody confirms that it is the same person, Conflict
    where somebody was faster.
    """
    item = _for_writing(actor, kind, row_id, version)
    if item.row.order_id is not None or item.row.settled_at is not None:
        raise Conflict("settled_already")
    if not offer(actor, item, order_id).is_same and not is_confirmed:
        raise Refused("not_the_same")
    with clock.at(clock.now()):  # one moment for all of it: undoing knows by it what this has led to
        together = _same_study(actor, item)
        for one in together:
            _note(actor, one, order_id)
        session.flush()
        for one in together:
            _follow(actor, one, order_id)


def _for_writing(actor: Actor, kind: str, row_id: str, version: int | None) -> Item:
    if not actor.may("imaging:match"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)
    item = find(actor, kind, row_id)
    check_version(item.row, version)
    return item


def _same_study(actor: Actor, item: Item) -> Sequence[Item]:
    """Return the item, steps before images, with what else waits of the same study."""
    if not item.row.study_uid:
        return [item]
    same = [one for one in list_open(actor) if one.row.study_uid == item.row.study_uid]
    return sorted(same, key=lambda one: (one.kind != "step", one.at))


def _note(actor: Actor, item: Item, order_id: str) -> None:
    row, order = item.row, imaging.get(actor, order_id)
    row.order_id, row.matched_by = order_id, matching.PERSON
    row.settled_by, row.settled_at = actor.staff_id, clock.now()
    touch(actor, row)
    ids = {"patient_id": order.encounter.patient_id, "encounter_id": order.encounter_id}
    record(actor, "returned_matched", **ids, kind=item.kind, returned=row.id, order=order_id)


def _follow(actor: Actor, item: Item, order_id: str) -> None:
    if item.kind == "study":
        returned.follow_images(actor, order_id, "", is_new=True, are_more=True)
        return
    said = {matching.COMPLETED: "completed", matching.DISCONTINUED: "discontinued"}
    returned.follow_step(actor, item.row, "began", item.row.scanner.name)
    if item.row.status in said:
        session.flush()
        returned.follow_step(actor, item.row, said[item.row.status], item.row.scanner.name)


@verb
def settle(actor: Actor, kind: str, row_id: str, version: int, reason: str) -> None:
    """Say with a coded reason that it belongs to no order; raises Refused without one, Conflict for who was slower."""
    item = _for_writing(actor, kind, row_id, version)
    if item.row.order_id is not None or item.row.settled_at is not None:
        raise Conflict("settled_already")
    if reason not in knowledge.load().flow.examinations.not_ours:
        raise Refused("reason_needed")
    item.row.settled_by, item.row.settled_at, item.row.settled_why = actor.staff_id, clock.now(), reason
    touch(actor, item.row)
    record(actor, "returned_settled", kind=kind, returned=row_id, reason=reason)
    note_news(session(), actor.site_id)


@verb
def undo(actor: Actor, kind: str, row_id: str, version: int | None = None) -> None:
    """Take back, within ten minutes, what a person settled; it waits again.

    An order that had only been begun or done by that is not done after all, and somebody is told to look at it.
    Raises Conflict when it is too late.
    """
    item = _for_writing(actor, kind, row_id, version)
    row, at = item.row, item.row.settled_at
    if at is None or clock.now() - at > UNDONE_WITHIN:
        raise Conflict("settled_too_late")
    order_id = row.order_id
    row.order_id = row.settled_by = row.settled_at = None
    row.matched_by = row.settled_why = ""
    touch(actor, row)
    record(actor, "returned_reopened", kind=kind, returned=row_id)
    note_news(session(), actor.site_id)
    session.flush()
    if order_id is not None:
        returned.take_back(actor, imaging.get(actor, order_id), at)
        imaging_results.forget(imaging.get(actor, order_id))
