"""What a scanner says of an examination (MPPS): it began, it goes on, it ended, it was broken off."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage.db import new_id, session, verb
from triage.domain import machine_steps, matching
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound
from triage.domain.matching import Keys, StepBegun, StepChanged
from triage.models import ProcedureStep, Scanner
from triage.services import returned
from triage.services.audit import lock_site, record
from triage.services.encounters import touch

#: What a scanner said last -> what it means for the order.
SAID = {
    matching.IN_PROGRESS: machine_steps.BEGAN,
    matching.COMPLETED: machine_steps.COMPLETED,
    matching.DISCONTINUED: machine_steps.DISCONTINUED,
}


@verb
def begin(actor: Actor, scanner: Scanner, said: StepBegun) -> None:
    """Keep that a scanner began (N-CREATE), with one row for each order that it says to be for, and let them follow.

    Raises Conflict where this step was told before: nothing changes twice.
    """
    lock_site(session(), actor.site_id)
    if _rows(said.sop_instance_uid):
        raise Conflict("step_known")
    seen: set[str] = set()
    for keys in said.items:
        found = returned.match(actor, keys, scanner.modality)
        if found.order_id is None or found.order_id not in seen:
            _add(actor, scanner, said, keys, found, item=len(seen))
            seen.add(found.order_id or new_id())


def _add(
    actor: Actor, scanner: Scanner, said: StepBegun, keys: Keys, found: matching.Match, item: int
) -> None:  # fmt: skip
    step = ProcedureStep(
        site_id=actor.site_id, scanner_id=scanner.id, sop_instance_uid=said.sop_instance_uid, item=item,
        study_uid=keys.study_uid, status=matching.IN_PROGRESS, began_at=said.began_at, received=dict(said.received),
        order_id=found.order_id, matched_by=found.by, accession=keys.accession, patient_number=keys.patient_number,
        patient_name=keys.patient_name,
    )  # fmt: skip
    touch(actor, step)
    session.add(step)
    session.flush()
    record(actor, "procedure_step_begun", step=step.id, scanner=scanner.id, matched_by=found.by, order=found.order_id)
    returned.note_unmatched(actor, step)
    returned.follow_step(actor, step, machine_steps.BEGAN, scanner.name)


@verb
def change(actor: Actor, scanner: Scanner, said: StepChanged) -> None:
    """Keep what a scanner says more of a step of its own (N-SET), and let the orders follow where it ended.

    Raises NotFound for a step this scanner never began, Conflict for one that has ended: nothing changes twice.
    """
    lock_site(session(), actor.site_id)
    rows = [row for row in _rows(said.sop_instance_uid) if row.scanner_id == scanner.id]
    if not rows:
        raise NotFound("procedure step")
    if any(row.status in matching.FINAL for row in rows):
        raise Conflict("step_is_final")
    for row in rows:
        _change(actor, row, said)
    record(
        actor, "procedure_step_changed", step=rows[0].id, scanner=scanner.id, status=rows[0].status,
        reason=said.reason,
    )  # fmt: skip
    for row in rows:
        if row.status in matching.FINAL:
            returned.follow_step(actor, row, SAID[row.status], scanner.name)


def _change(actor: Actor, row: ProcedureStep, said: StepChanged) -> None:
    row.status = said.status or row.status
    row.ended_at, row.reason = said.ended_at or row.ended_at, said.reason or row.reason
    row.received = {**row.received, **said.received}
    touch(actor, row)


def _rows(sop_instance_uid: str) -> Sequence[ProcedureStep]:
    query = select(ProcedureStep).where(ProcedureStep.sop_instance_uid == sop_instance_uid)
    return session.scalars(query.order_by(ProcedureStep.item).execution_options(populate_existing=True)).all()


def latest_of(order_ids: Collection[str]) -> dict[str, ProcedureStep]:
    """Return what machines told last of each of these orders, with the machine, by order."""
    if not order_ids:
        return {}
    query = (
        select(ProcedureStep).where(ProcedureStep.order_id.in_(order_ids)).options(joinedload(ProcedureStep.scanner))
    )
    return {row.order_id or "": row for row in session.scalars(query.order_by(ProcedureStep.began_at))}
