"""An order on its own page: what exactly is asked for, what is known before the start, and calling it off."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import imaging as rules
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, NotAllowed, Refused
from triage.domain.imaging import Details
from triage.models import ImagingOrder, Scanner
from triage.services import imaging, imaging_safety, imaging_steps, late, order_times
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, touch
from triage.services.imaging_safety import Answer
from triage.services.orders import NOT_STARTED


def details_of(order: ImagingOrder) -> Details:
    """Return what is ordered."""
    return Details(
        imaging_safety.procedure_of(order).id, tuple(order.views or ()), order.level, order.side, order.priority,
        order.justification, order.acr_variant, order.scanner_id, order.note,
    )  # fmt: skip


def may_change(actor: Actor, order: ImagingOrder) -> bool:
    """Tell whether the actor may change the order or call it off: a nurse until it is ordered, then a doctor."""
    return order.status in NOT_STARTED and actor.may(
        "imaging:change" if order.status == "requested" else "imaging:order"
    )


def scanners(actor: Actor, modality: str) -> Sequence[Scanner]:
    """Return the machines in use of a modality, by name."""
    mine = (Scanner.site_id == actor.site_id, Scanner.modality == modality, Scanner.retired_at.is_(None))
    return session.scalars(select(Scanner).where(*mine).order_by(Scanner.name, Scanner.id)).all()


def lacking(actor: Actor, order: ImagingOrder, details: Details) -> dict[str, str]:
    """Return what the details lack: field name to message code."""
    known = knowledge.load()
    meant = known.flow.examinations.procedures.get(details.procedure)
    if meant is None or meant.modality != order.modality:
        return {"procedure": "procedure_needed"}
    found = rules.lacking(
        details, meant.views, known.levels, [one.id for one in scanners(actor, order.modality)]
    )  # fmt: skip
    if details.acr_variant not in (None, *(one.number for one in known.acr.variants)):
        found["acr_variant"] = "not_a_choice"
    return found


def _for_change(actor: Actor, order_id: str, version: int, statuses: Collection[str]) -> ImagingOrder:
    lock_site(session(), actor.site_id)
    order = imaging.get(actor, order_id)
    check_version(order, version)
    if order.status not in statuses:
        raise Conflict("imaging_step_not_possible", status=order.status)
    late.check(order.requested_at, order.ordered_at)
    return order


def _touch(actor: Actor, order: ImagingOrder) -> None:
    touch(actor, order)
    order.late_at = clock.entered_late() or order.late_at


def _for_ordering(actor: Actor, order_id: str, version: int) -> ImagingOrder:
    order = _for_change(actor, order_id, version, NOT_STARTED)
    if not may_change(actor, order):
        raise NotAllowed("ordered_by_doctor" if actor.may("imaging:change") else "not_allowed")
    return order


@verb
def change(actor: Actor, order_id: str, version: int, details: Details) -> None:
    """Say what exactly is asked for; the safety questions follow the examination. What is the same is no step.

    Raises Invalid with a message code by field, Conflict once it has started, NotAllowed for a nurse once ordered.
    """
    order = _for_ordering(actor, order_id, version)
    if found := lacking(actor, order, details):
        raise Invalid(**found)
    before, after = rules.changes(details_of(order).as_dict(), details.as_dict())
    if not after:
        return
    for name, value in after.items():
        setattr(order, name, value)
    _touch(actor, order)
    imaging_steps.note(actor, order, rules.CHANGED, before=before, after=after)
    record(actor, "imaging_order_changed", **imaging.ids_of(order), order=order.id, before=before, after=after)


@verb
def answer(actor: Actor, order_id: str, version: int, given: Mapping[str, Answer]) -> None:
    """Keep what is said to the safety questions of an examination that has not started, by whom and when."""
    if not actor.may("imaging:answer"):
        raise NotAllowed("not_allowed")
    order = _for_change(actor, order_id, version, NOT_STARTED)
    with session.no_autoflush:  # the order is written once
        if imaging_steps.answer(actor, order, given):
            _touch(actor, order)


@verb
def allow(actor: Actor, order_id: str, version: int, question: str, words: str) -> None:
    """Let a doctor write that it is done although this question is answered yes; raises Refused without words."""
    if not actor.may("imaging:order"):
        raise NotAllowed("not_allowed")
    order = _for_change(actor, order_id, version, NOT_STARTED)
    if imaging_safety.open_of(order).get(question) != "safety_word_needed":
        raise Conflict("imaging_step_not_possible", status=order.status)
    if not words.strip():
        raise Refused("note_needed")
    order.safety = imaging_safety.allowed(actor, order, question, words)
    _touch(actor, order)
    imaging_steps.note(actor, order, rules.ALLOWED, question, words)
    record(
        actor, "imaging_allowed", **imaging.ids_of(order), order=order.id, question=question, words=words.strip()
    )  # fmt: skip


@verb
def cancel(actor: Actor, order_id: str, version: int, reason: str, words: str = "") -> None:
    """Call the examination off before it starts, with the coded reason: its time is free again, it leaves the worklist.

    Where nothing else is to be imaged, the patient goes back to the nurse.
    """
    order = _for_ordering(actor, order_id, version)
    if reason not in knowledge.load().flow.ordering.cancel_reasons:
        raise Refused("reason_needed")
    order.status, order.reason = lifecycle.imaging_after("cancel", order.status), reason
    order.ended_at = clock.now()
    _touch(actor, order)
    order_times.settle(actor, order, order.encounter.patient_id)
    imaging_steps.note(actor, order, rules.CANCELLED, reason, words)
    record(actor, "imaging_cancelled", **imaging.ids_of(order), order=order.id, reason=f"{reason} {words}".strip())
    imaging.send_on(actor, order, "image_back_to_nurse")
