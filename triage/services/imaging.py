"""The imaging list: a nurse asks, a doctor orders, the radiographer images, a doctor signs the exposure record."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import imaging as rules
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused, Unsafe
from triage.models import ExposureRecord, ImagingOrder, Patient
from triage.services import (
    imaging_repeats,
    imaging_results,
    imaging_safety,
    imaging_steps,
    late,
    order_times,
    worklist_keys,
)
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, move, touch
from triage.services.imaging_lists import get, ids_of, list_by_id, list_of, list_orders, unrecorded, unsigned
from triage.services.imaging_safety import Answer
from triage.services.leases import let_go

#: What a patient can be recognised by; two must have been checked before the start.
IDENTIFIERS = ("name", "birth_date", "number", "ticket")
NEEDED_IDENTIFIERS = 2
#: The one answer with which the examination may start, and what stands for who is recorded male.
NOT_PREGNANT, NOT_APPLICABLE = "no", "not_applicable"
NOTHING: Mapping[str, Answer] = {}

__all__ = [
    "IDENTIFIERS", "asks_pregnancy", "cannot_image", "complete", "get", "goes_on", "identifiers", "ids_of",
    "list_by_id", "list_of", "list_orders", "order", "send_on", "sign", "start", "unrecorded", "unsigned",
    "write_exposure",
]  # fmt: skip


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


@verb
def order(actor: Actor, order_id: str, version: int, seen: Collection[str] = (), why: str = "") -> None:
    """Make a nurse's request a doctor's order (Radiological Technologists Act, Art. 26).

    ``seen``: the earlier examinations of which the doctor was told. Raises Refused where one was not among them, or
    where the same is still open and no words say ``why`` twice.
    """
    _only(actor, "imaging:order")
    asked = _for_writing(actor, order_id, version, "order")
    with session.no_autoflush:  # the order is written once
        imaging_repeats.settle(actor, asked, seen, why)
    asked.ordered_by, asked.ordered_at = actor.staff_id, clock.now()
    worklist_keys.give(actor, asked)
    record(actor, "imaging_ordered", **ids_of(asked), order=asked.id, modality=asked.modality)


def asks_pregnancy(order: ImagingOrder) -> bool:
    """Tell whether pregnancy is asked: of everyone who is not recorded male."""
    return order.encounter.patient.sex != "male"


def identifiers(patient: Patient) -> tuple[str, ...]:
    """Return what this patient can be recognised by: what is not recorded cannot be compared."""
    return tuple(name for name in IDENTIFIERS if name != "birth_date" or patient.birth_date is not None)


@verb
def start(
    actor: Actor, order_id: str, version: int, identity: Collection[str], pregnancy: str = "",
    answers: Mapping[str, Answer] = NOTHING,
) -> None:  # fmt: skip
    """Begin the examination. Refused without a doctor's order; Unsafe names all that is in the way.

    That is: fewer than two identifiers, and every question whose answer must be known and is not. What is asked
    follows from the examination and the recorded sex alone, never from what was posted.
    """
    _only(actor, "imaging:perform")
    lock_site(session(), actor.site_id)
    if get(actor, order_id).ordered_by is None:
        raise Refused("doctor_needed")
    begun = _for_writing(actor, order_id, version, "start")
    begun.identity = [name for name in identifiers(begun.encounter.patient) if name in identity]
    with session.no_autoflush:  # the order is written once
        imaging_steps.answer(actor, begun, {rules.PREGNANCY: Answer(pregnancy), **answers})
    few = {} if len(begun.identity) >= NEEDED_IDENTIFIERS else {"identity": "two_identifiers"}
    if in_the_way := few | imaging_safety.open_of(begun):
        raise Unsafe(**in_the_way)
    begun.pregnancy = NOT_PREGNANT if asks_pregnancy(begun) else NOT_APPLICABLE
    begun.started_by, begun.started_at = actor.staff_id, clock.now()
    begun.alert, begun.alert_at = "", None  # what there was to look at is settled by a proper start
    order_times.settle(actor, begun, begun.encounter.patient_id)
    record(
        actor, "imaging_started", **ids_of(begun), order=begun.id, identity=begun.identity, pregnancy=begun.pregnancy
    )


@verb
def complete(actor: Actor, order_id: str, version: int, views: str, exposure: Mapping[str, Any]) -> None:
    """Write the exposure record for the doctor's signature (Art. 28) and send the patient on."""
    _only(actor, "imaging:perform")
    done = _for_writing(actor, order_id, version, "complete")
    done.ended_at = clock.now()
    _write_record(actor, done, views, exposure)
    imaging_results.note(done)
    send_on(actor, done, goes_on(done))


def goes_on(done: ImagingOrder) -> str:
    """Return the step of the patient after an examination that was done."""
    return "image_to_specialist" if done.then_specialist else "image_back_to_nurse"


def _write_record(
    actor: Actor, done: ImagingOrder, views: str, exposure: Mapping[str, Any], event: str = "imaging_completed"
) -> None:
    sheet = ExposureRecord(
        order_id=done.id, views=views, exposure=dict(exposure), performed_by=actor.staff_id, performed_at=done.ended_at,
        updated_by=actor.name, updated_at=clock.entered(),
    )  # fmt: skip
    session.add(sheet)
    session.flush()
    done.record_due_at = None
    record(actor, event, **ids_of(done), order=done.id, exposure=sheet.id)


@verb
def write_exposure(actor: Actor, order_id: str, version: int, views: str, exposure: Mapping[str, Any]) -> None:
    """Write the exposure record of an examination that a machine has reported done; the patient has gone on already.

    Raises Conflict where it is not done, or its record is written.
    """
    _only(actor, "imaging:perform")
    lock_site(session(), actor.site_id)
    done = get(actor, order_id)
    check_version(done, version)
    if done.record_due_at is None or done.exposure is not None:
        raise Conflict("imaging_step_not_possible", status=done.status)
    late.check(done.ended_at)
    touch(actor, done)
    _write_record(actor, done, views, exposure, "exposure_written")


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
    record(actor, "imaging_not_done", **ids_of(undone), order=undone.id, reason=f"{reason} {note}".strip())
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
    record(actor, "exposure_signed", **ids_of(signed), order=order_id, exposure=sheet.id)
