"""The one query behind the rows of the board: its columns stand in the order of the fields of services/lines.Line."""

from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from triage.domain import lifecycle
from triage.models import Claim, Emergency, Encounter, ImagingOrder, Patient, Question, Room, Staff, Task
from triage.prepared import Prepared
from triage.services import limits


def _columns(holder: type[Staff], acknowledger: type[Staff]) -> dict[str, Any]:
    """Return what is read of each encounter, by the field of Line that it fills, in the same order."""
    due = select(func.min(Task.due_at)).where(Task.encounter_id == Encounter.id, Task.done_at.is_(None))
    return {
        **_same(Encounter, "id", "patient_id", "room_id"), "room": Room.name, "room_ja": Room.name_ja,
        **_same(Encounter, "call_state", "call_count"), "call_at": Encounter.called_at,
        **_same(Encounter, "reassess_at", "worse_at"),
        **_same(Encounter, "ticket", "arrived_at", "stage", "stage_since", "acuity", "route", "complaint"),
        **_same(Encounter, "unanswered", "first_arrived_at", "late_at", "urgent", "suggested_level", "suggested_route"),
        "provisional": Encounter.suggested_provisional, "feared": Encounter.suggested_flags,
        **_same(Patient, "family_name", "given_name", "family_kana", "given_kana", "birth_date", "sex", "language"),
        **_same(Patient, "interpreter", "call_by_number", "mobility", "same_name"),
        "holder_id": Claim.staff_id, "holder": holder.name, **_same(Claim, "claimed_at", "active_at", "lease"),
        "emergency_id": Emergency.id, "emergency_since": Emergency.opened_at, "emergency_cause": Emergency.cause,
        "emergency_note": Emergency.note, "acknowledged_at": Emergency.acknowledged_at,
        "answerer_id": acknowledger.id, "acknowledged_by": acknowledger.name,
        **_same(Emergency, "called_at", "accepted_at"),
        **_same(ImagingOrder, "modality"), "imaging": ImagingOrder.status,
        "ask_again": due.correlate(Encounter).scalar_subquery(), "question": Question.words,
        "question_to": Question.to_role, "question_due": Question.due_at, "question_answered": Question.answered_at,
        "limits_id": limits.approved_id(bindparam("site")),
    }  # fmt: skip


def _same(table: type[Any], *names: str) -> dict[str, Any]:
    return {name: getattr(table, name) for name in names}


def _rows() -> Select[Any]:
    here, holder, acknowledger = Encounter, aliased(Staff), aliased(Staff)
    alarm = and_(Emergency.encounter_id == here.id, Emergency.closed_at.is_(None))
    order = and_(ImagingOrder.encounter_id == here.id, ImagingOrder.status.in_(lifecycle.IMAGING_OPEN))
    asked = and_(Question.encounter_id == here.id, Question.ended_at.is_(None))
    query: Select[Any] = select(*(column.label(name) for name, column in _columns(holder, acknowledger).items()))
    return (
        query.join(Patient, Patient.id == here.patient_id)
        .outerjoin(Room, Room.id == here.room_id)
        .outerjoin(Claim, Claim.encounter_id == here.id)
        .outerjoin(holder, holder.id == Claim.staff_id)
        .outerjoin(Emergency, alarm)
        .outerjoin(acknowledger, acknowledger.id == Emergency.acknowledged_by)
        .outerjoin(ImagingOrder, order)
        .outerjoin(Question, asked)
        .where(here.site_id == bindparam("site"), here.finished_at.is_(None))
        # Of two examinations the later is shown; of two questions the unanswered one, then the one due first.
        .order_by(ImagingOrder.requested_at, Question.answered_at.is_(None), Question.due_at.desc())
    )


#: Built once: to build such a query costs more than to answer it.
ROWS = Prepared(_rows())
SOME = Prepared(_rows().where(Encounter.id.in_(bindparam("only", expanding=True))))
