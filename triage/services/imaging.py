"""The imaging list: a nurse asks, a doctor orders, the radiographer images, a doctor signs the exposure record."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused
from triage.models import Encounter, ExposureRecord, ImagingOrder, Patient
from triage.services import imaging_results, late, order_times, worklist_keys
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, move, touch
from triage.services.leases import let_go
from triage.services.waits import in_order

#: What a patient can be recognised by; two must have been checked before the start.
IDENTIFIERS = ("name", "birth_date", "number", "ticket")
NEEDED_IDENTIFIERS = 2
#: The one answer with which the examination may start, and what stands for who is recorded male.
NOT_PREGNANT, NOT_APPLICABLE = "no", "not_applicable"

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


def unsigned(actor: Actor) -> Sequence[ImagingOrder]:
    """Return the completed examinations whose exposure record no doctor has signed, the oldest first."""
    waiting = session.scalars(select(ExposureRecord.order_id).where(ExposureRecord.signed_at.is_(None))).all()
    return sorted(list_by_id(actor, waiting), key=lambda row: (row.ended_at or row.requested_at, row.id))


def _orders(actor: Actor) -> Select[ImagingOrder]:
    return _LOADED.where(ImagingOrder.visible_to(actor))


def _only(actor: Actor, permission: str) -> None:
    """Refuse in the use case too what the law leaves to one profession; raises NotAllowed."""
    if not actor.may(permission):
        raise NotAllowed("not_allowed")


def _for_writing(actor: Actor, order_id: str, version: int, step: str) -> ImagingOrder:
    lock_site(session(), actor.site_id)
    order = get(actor, order_id)
    check_version(order, version)
    late.check(order.requested_at, order.ordered_at, order.started_at)
    order.status = lifecycle.imaging_after(step, order.status)
    touch(actor, order)
    order.late_at = clock.entered_late() or order.late_at
    return order


def _ids(order: ImagingOrder) -> dict[str, str]:
    return {"patient_id": order.encounter.patient_id, "encounter_id": order.encounter_id}


@verb
def order(actor: Actor, order_id: str, version: int) -> None:
    """Make a nurse's request a doctor's order (Radiological Technologists Act, Art. 26)."""
    _only(actor, "imaging:order")
    asked = _for_writing(actor, order_id, version, "order")
    asked.ordered_by, asked.ordered_at = actor.staff_id, clock.now()
    worklist_keys.give(actor, asked)
    record(actor, "imaging_ordered", **_ids(asked), order=asked.id, modality=asked.modality)


def asks_pregnancy(order: ImagingOrder) -> bool:
    """Tell whether pregnancy is asked: of everyone who is not recorded male."""
    return order.encounter.patient.sex != "male"


def identifiers(patient: Patient) -> tuple[str, ...]:
    """Return what this patient can be recognised by: what is not recorded cannot be compared."""
    return tuple(name for name in IDENTIFIERS if name != "birth_date" or patient.birth_date is not None)


@verb
def start(actor: Actor, order_id: str, version: int, identity: Collection[str], pregnancy: str = "") -> None:
    """Begin the examination. Refused without a doctor's order, two identifiers, or a "no" to pregnancy.

    Whether pregnancy is asked follows from the recorded sex alone, never from what was posted.
    """
    _only(actor, "imaging:perform")
    lock_site(session(), actor.site_id)
    if get(actor, order_id).ordered_by is None:
        raise Refused("doctor_needed")
    begun = _for_writing(actor, order_id, version, "start")
    begun.identity = [name for name in identifiers(begun.encounter.patient) if name in identity]
    if len(begun.identity) < NEEDED_IDENTIFIERS:
        raise Refused("two_identifiers")
    if asks_pregnancy(begun) and pregnancy != NOT_PREGNANT:
        raise Refused("pregnancy_unknown")
    begun.pregnancy = NOT_PREGNANT if asks_pregnancy(begun) else NOT_APPLICABLE
    begun.started_by, begun.started_at = actor.staff_id, clock.now()
    begun.alert, begun.alert_at = "", None  # what there was to look at is settled by a proper start
    order_times.settle(actor, begun, begun.encounter.patient_id)
    record(actor, "imaging_started", **_ids(begun), order=begun.id, identity=begun.identity, pregnancy=begun.pregnancy)


@verb
def complete(actor: Actor, order_id: str, version: int, views: str, exposure: Mapping[str, Any]) -> None:
    """Write the exposure record for the doctor's signature (Art. 28) and send the patient on."""
    _only(actor, "imaging:perform")
    done = _for_writing(actor, order_id, version, "complete")
    done.ended_at = clock.now()
    sheet = ExposureRecord(
        order_id=done.id, views=views, exposure=dict(exposure), performed_by=actor.staff_id, performed_at=done.ended_at,
        updated_by=actor.name, updated_at=done.ended_at,
    )  # fmt: skip
    session.add(sheet)
    session.flush()
    record(actor, "imaging_completed", **_ids(done), order=done.id, exposure=sheet.id)
    imaging_results.note(done)
    send_on(actor, done, goes_on(done))


def goes_on(done: ImagingOrder) -> str:
    """Return the step of the patient after an examination that was done."""
    return "image_to_specialist" if done.then_specialist else "image_back_to_nurse"


@verb
def cannot_image(actor: Actor, order_id: str, version: int, reason: str, note: str = "") -> None:
    """End the examination undone, with a coded reason; the patient goes back to the nurse."""
    _only(actor, "imaging:perform")
    if reason not in {known.id for known in knowledge.load().not_imaged_reasons}:
        raise Refused("reason_needed")
    undone = _for_writing(actor, order_id, version, "cannot_image")
    undone.ended_at, undone.reason = clock.now(), reason
    undone.note = f"{undone.note} {note}".strip()
    order_times.settle(actor, undone, undone.encounter.patient_id)
    record(actor, "imaging_not_done", **_ids(undone), order=undone.id, reason=f"{reason} {note}".strip())
    send_on(actor, undone, "image_back_to_nurse")


def send_on(actor: Actor, ended: ImagingOrder, step: str) -> None:
    """Move the patient inside a verb when nothing else is to be imaged; an emergency stays where it is."""
    session.flush()
    encounter = ended.encounter
    waiting = select(ImagingOrder.id).where(
        ImagingOrder.encounter_id == encounter.id, ImagingOrder.status.in_(lifecycle.IMAGING_OPEN)
    )
    if encounter.stage == lifecycle.IMAGING and session.scalar(waiting.limit(1)) is None:
        move(actor, encounter, step)
        by = actor if actor.staff_id else replace(actor, staff_id=ended.started_by or "")  # a machine holds no patient
        let_go(by, encounter, own=True)  # whoever imaged is done; a nurse who stays with the patient keeps it


@verb
def sign(actor: Actor, order_id: str, version: int) -> None:
    """Sign the exposure record as a doctor, once; raises Conflict where it is signed already."""
    _only(actor, "imaging:sign")
    lock_site(session(), actor.site_id)
    signed = get(actor, order_id)
    sheet = signed.exposure
    if sheet is None:
        raise NotFound("exposure record")
    if sheet.signed_at is not None:
        raise Conflict("already_signed")
    check_version(sheet, version)
    sheet.signed_by, sheet.signed_at = actor.staff_id, clock.now()
    touch(actor, sheet)
    record(actor, "exposure_signed", **_ids(signed), order=order_id, exposure=sheet.id)
