"""What has to be asked again: urgent questions answered "not known", each due within 15 minutes."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import read, session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.findings import Answer, not_known_urgent, unanswered_urgent
from triage.models import Encounter, Task
from triage.prepared import Prepared
from triage.services.audit import record
from triage.services.encounters import check_version, for_writing, touch

TASK_DUE = timedelta(minutes=15)
_OPEN = (
    select(Task)
    .where(Task.encounter_id == bindparam("encounter"), Task.done_at.is_(None))
    .order_by(Task.due_at, Task.id)
)
REASONS = Prepared(_OPEN.with_only_columns(Task.question, Task.reason))


def open_tasks(actor: Actor) -> list[Task]:
    """Return the site's open tasks, the first due first, with their patients."""
    query = (
        select(Task)
        .join(Task.encounter)
        .where(Task.done_at.is_(None), Encounter.finished_at.is_(None), Encounter.visible_to(actor))
        .options(joinedload(Task.encounter).joinedload(Encounter.patient))
    )
    return list(session.scalars(query.order_by(Task.due_at, Task.id)))


def tasks_of(encounter: Encounter) -> list[Task]:
    """Return the encounter's open tasks, the first due first."""
    return list(session.scalars(_OPEN, {"encounter": encounter.id}))


def reasons_of(encounter: Encounter) -> dict[str, str]:
    """Return why each question with an open task was not known, by question."""
    return {task.question: task.reason for task in read(REASONS, encounter=encounter.id)}


def create_tasks(actor: Actor, encounter: Encounter, reasons: Mapping[str, str]) -> None:
    """Add, inside a verb, a task for each question of ``reasons`` (id to why) that has no open task yet."""
    waiting = {task.question for task in tasks_of(encounter)} if reasons else ()
    for question, why in reasons.items():
        if question not in waiting:
            _create(actor, encounter, question, why)


def _create(actor: Actor, encounter: Encounter, question: str, why: str) -> None:
    at = clock.now()
    task = Task(
        encounter_id=encounter.id, question=question, reason=why, created_by=actor.staff_id, created_at=at,
        due_at=at + TASK_DUE, updated_by=actor.name, updated_at=at,
    )  # fmt: skip
    session.add(task)
    session.flush()
    record(
        actor, "task_created", patient_id=encounter.patient_id, encounter_id=encounter.id, task=task.id,
        question=question, reason=why, due=task.due_at.isoformat(),
    )  # fmt: skip


def close_answered(actor: Actor, encounter: Encounter, answers: Mapping[str, Answer]) -> None:
    """Close, inside a verb, the tasks whose question is known by now."""
    known = knowledge.load()
    still_open = {*not_known_urgent(known, answers), *unanswered_urgent(known, answers)}
    for task in tasks_of(encounter):
        if task.question not in still_open:
            answer = answers.get(task.question)
            _close(actor, encounter, task, answer.value if answer and answer.known else "by its parts")


def _close(actor: Actor, encounter: Encounter, task: Task, answer: object) -> None:
    task.done_at = clock.now()
    touch(actor, task)
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "task_done", **ids, task=task.id, answer=answer)


@verb
def ask_again(actor: Actor, task_id: str, version: int, reason: str) -> None:
    """Note that the question was put again and is still not known: this task ends, the next is due in 15 minutes."""
    encounter_id = session.scalar(select(Task.encounter_id).where(Task.id == task_id))
    if encounter_id is None:
        raise NotFound("task")
    encounter = for_writing(actor, encounter_id)
    task = session.scalar(select(Task).where(Task.id == task_id))
    if task is None or task.done_at is not None:
        raise Conflict("task_is_done")
    check_version(task, version)
    if not reason.strip():
        raise Refused("note_needed")
    _close(actor, encounter, task, "not known")
    _create(actor, encounter, task.question, reason.strip())
