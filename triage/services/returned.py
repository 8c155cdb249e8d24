"""A machine's word, inside a use case: to which order it belongs, and what follows for that order and its patient."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session
from triage.domain import leaving, lifecycle, machine_steps, matching
from triage.domain.access import Actor
from triage.domain.machine_steps import Effect
from triage.models import Encounter, ImagingOrder, ImagingStudy, Patient, ProcedureStep
from triage.services import imaging, imaging_results, order_times, results
from triage.services.audit import note_news, record
from triage.services.encounters import touch
from triage.services.imaging_lists import ids_of
from triage.services.orders import cancel_imaging

_PATIENT = joinedload(ImagingOrder.encounter).joinedload(Encounter.patient)
#: Orders with every number their patients are known by.
WITH_NUMBERS = select(ImagingOrder).options(_PATIENT.selectinload(Patient.identifiers))


def candidate(order: ImagingOrder) -> matching.Candidate:
    """Return what of an order a machine's keys are compared with."""
    patient = order.encounter.patient
    numbers = frozenset((patient.number, *(row.value for row in patient.identifiers)))
    return matching.Candidate(order.id, order.study_uid or "", order.accession or "", order.modality, numbers)


def match(actor: Actor, keys: matching.Keys, modality: str = "") -> matching.Match:
    """Return which order of the actor's site the keys mean, or why none; ``modality``: the machine's, "" unknown."""
    found = [candidate(order) for where in _by_keys(keys) for order in _orders(actor, where)]
    meant = matching.match(keys, found, modality)
    settled = None if meant.order_id else _by_a_person(actor, keys.study_uid)
    return matching.Match(settled, matching.PERSON) if settled else meant


def _by_a_person(actor: Actor, study_uid: str) -> str | None:
    """Return the order to which a person has matched something of the same study before."""
    for noun in (ProcedureStep, ImagingStudy) if study_uid else ():
        same = (noun.site_id == actor.site_id, noun.study_uid == study_uid, noun.matched_by == matching.PERSON)
        found: str | None = session.scalar(select(noun.order_id).where(*same, noun.order_id.is_not(None)).limit(1))
        if found:
            return found
    return None


def _by_keys(keys: matching.Keys) -> Iterator[ColumnElement[bool]]:
    # One by one, each by its own index.
    if keys.study_uid:
        yield ImagingOrder.study_uid == keys.study_uid
    if keys.accession:
        yield ImagingOrder.accession == keys.accession


def _orders(actor: Actor, where: ColumnElement[bool]) -> list[ImagingOrder]:
    return list(session.scalars(WITH_NUMBERS.where(ImagingOrder.visible_to(actor), where)))


def others(order_id: str, than: ProcedureStep | None = None) -> machine_steps.Others:
    """Return what machines have told of an order beside one step."""
    query = select(ProcedureStep).where(ProcedureStep.order_id == order_id)
    told = [row for row in session.scalars(query) if than is None or row.sop_instance_uid != than.sop_instance_uid]
    running = [row for row in told if row.status == matching.IN_PROGRESS]
    elsewhere = any(than is not None and row.scanner_id != than.scanner_id for row in running)
    return machine_steps.Others(
        bool(told), bool(running), elsewhere, any(row.status == matching.COMPLETED for row in told)
    )


def note_unmatched(actor: Actor, row: ProcedureStep | ImagingStudy) -> None:
    """Let the open imaging lists count what nobody could match."""
    if row.order_id is None:
        note_news(session(), actor.site_id)


def follow_step(actor: Actor, step: ProcedureStep, said: str, device: str) -> None:
    """Let the order follow what was said of a step that was matched; nothing where nobody knows which order it is."""
    if step.order_id is None:
        return
    order = imaging.get(actor, step.order_id)
    is_early = order.ended_at is not None and step.began_at <= order.ended_at
    effect = machine_steps.follows(said, order.status, others(order.id, step), is_early)
    apply(actor, order, effect, device, step.reason)


def follow_images(actor: Actor, order_id: str, device: str, is_new: bool, are_more: bool) -> None:
    """Let the order, and those done with it, follow images that lie still; what somebody looked at is not told again.

    ``is_new``: the first time that these images are matched. ``are_more``: whoever had seen the result has not seen
    all of it.
    """
    order = imaging.get(actor, order_id)
    effect = machine_steps.follows(machine_steps.STABLE, order.status, others(order.id))
    apply(actor, order, effect if is_new or effect.step else machine_steps.NOTHING, device)
    for one in imaging_results.together_with(order_id):
        found = imaging.get(actor, one)
        if are_more and found.status == "completed":
            results.arrived(found)
            touch(actor, found)
            session.flush()


def apply(actor: Actor, order: ImagingOrder, effect: Effect, device: str, reason: str = "") -> None:
    """Take the step of an order, and put up what somebody has to look at."""
    if effect.step == machine_steps.START:
        _start(actor, order, device)
    elif effect.step == machine_steps.DONE:
        _complete(actor, order, device)
    elif effect.step == machine_steps.BACK:
        _discontinue(actor, order, device, reason)
    if effect.alert:
        _alert(actor, order, effect.alert, device)
    session.flush()
    imaging_results.note(order)


def take_back(actor: Actor, order: ImagingOrder, since: datetime) -> None:
    """Take back what followed for an order at one moment, when a person had matched to it what is another's.

    What was done here, or has an exposure record, stays. Somebody is told to look at it in either case.
    """
    if order.status == "completed" and order.ended_at == since and order.exposure is None:
        order.status, order.ended_at = lifecycle.imaging_after("take_back_end", order.status), None
    if order.status == "started" and order.started_at == since and order.started_by is None:
        order.status, order.started_at = lifecycle.imaging_after("take_back_start", order.status), None
    _alert(actor, order, machine_steps.MISTAKEN, "")
    session.flush()


def _start(actor: Actor, order: ImagingOrder, device: str) -> None:
    order.status = lifecycle.imaging_after("start", order.status)
    order.started_at = clock.now()  # by nobody: no person said so
    touch(actor, order)
    order_times.settle(actor, order, order.encounter.patient_id)
    record(actor, "imaging_begun_at_machine", **ids_of(order), order=order.id, device=device)


def _complete(actor: Actor, order: ImagingOrder, device: str) -> None:
    order.status = lifecycle.imaging_after("machine_done", order.status)
    order.ended_at = clock.now()
    order.started_at = order.started_at or order.ended_at
    touch(actor, order)
    order_times.settle(actor, order, order.encounter.patient_id)
    record(actor, "imaging_done_at_machine", **ids_of(order), order=order.id, device=device)
    imaging.send_on(actor, order, imaging.goes_on(order))


def _discontinue(actor: Actor, order: ImagingOrder, device: str, reason: str) -> None:
    """Put the order back on the worklist: whoever starts it again checks patient and safety again."""
    order.status = lifecycle.imaging_after("discontinue", order.status)
    order.started_by = order.started_at = order.identity = None
    order.pregnancy = ""
    touch(actor, order)
    record(actor, "imaging_broken_off", **ids_of(order), order=order.id, device=device, reason=reason)
    if order.encounter.stage in lifecycle.CLOSED:  # nobody is there to be imaged again
        session.flush()
        cancel_imaging(actor, order.encounter, leaving.LEFT)


def _alert(actor: Actor, order: ImagingOrder, alert: str, device: str) -> None:
    order.alert, order.alert_at = alert, clock.now()
    touch(actor, order)
    record(actor, "imaging_alert_raised", **ids_of(order), order=order.id, alert=alert, device=device)
