"""Questions between surgeon and nurse: asked, answered within their time, ended by the side that asked."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused
from triage.domain.questions import may_answer, may_ask, may_end
from triage.models import Encounter, Question
from triage.models.encounters import sight
from triage.services import late
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, for_writing, touch
from triage.services.insertion import insert_row
from triage.services.submissions import once, remember

_WHOLE = (
    select(Question)
    .where(Question.in_sight())
    .options(
        joinedload(Question.encounter).joinedload(Encounter.patient), joinedload(Question.asker),
        joinedload(Question.answerer),
    )
)  # fmt: skip
_BY_ID = _WHOLE.where(Question.id == bindparam("id"))
_OPEN = _WHOLE.where(Question.ended_at.is_(None)).order_by(Question.answered_at.is_(None), Question.due_at, Question.id)
_OF = _WHOLE.where(Question.encounter_id == bindparam("encounter")).order_by(Question.asked_at.desc(), Question.id)


@verb
def ask(actor: Actor, encounter_id: str, to_role: str, words: str, request_id: str = "") -> str:
    """Ask the other role about a patient who is here, and return the question's id; the same request asks once.

    Raises Refused without words, NotAllowed for who may not ask this role, Conflict where the visit has ended.
    """
    if not may_ask(actor.roles, to_role):
        raise NotAllowed("not_allowed")
    encounter = for_writing(actor, encounter_id)
    known = once(request_id)
    if known:
        return known
    question = put(actor, encounter, to_role, words)
    remember(actor, request_id, question.id)
    return question.id


def put(actor: Actor, encounter: Encounter, to_role: str, words: str) -> Question:
    """Ask inside a verb; raises Refused without words."""
    if not words.strip():
        raise Refused("question_needed")
    at = clock.now()
    due = at + timedelta(minutes=knowledge.load().flow.answer_within[to_role])
    question = insert_row(
        Question, site_id=encounter.site_id, encounter_id=encounter.id, to_role=to_role, words=words.strip(),
        asked_by=actor.staff_id, asked_at=at, due_at=due, updated_by=actor.name, updated_at=at,
    )  # fmt: skip
    record(
        actor, "question_asked", patient_id=encounter.patient_id, encounter_id=encounter.id, question=question.id,
        to=to_role, words=question.words, due=due.isoformat(),
    )  # fmt: skip
    return question


@verb
def answer(actor: Actor, question_id: str, version: int, words: str) -> None:
    """Answer a question, also of a visit that has ended.

    Raises Refused without words, NotAllowed for another role, Conflict where it is answered or ended already.
    """
    question = _for_writing(actor, question_id)
    if not may_answer(actor.roles, question.to_role):
        raise NotAllowed("not_allowed")
    if question.is_answered or question.is_ended:
        raise Conflict("question_done")
    check_version(question, version)
    if not words.strip():
        raise Refused("answer_needed")
    late.check(question.asked_at)
    question.answer, question.answered_by, question.answered_at = words.strip(), actor.staff_id, clock.now()
    question.answer_entered_at = clock.entered_late()
    touch(actor, question)
    record(actor, "question_answered", **_ids(question), question=question.id, words=question.answer)


@verb
def end(actor: Actor, question_id: str, version: int) -> None:
    """End a question: its answer is read, or it is taken back without one; raises as ``answer`` does."""
    question = _for_writing(actor, question_id)
    if not may_end(actor.roles, question.to_role):
        raise NotAllowed("not_allowed")
    if question.is_ended:
        raise Conflict("question_done")
    check_version(question, version)
    _end(actor, question)


def overtake(actor: Actor, encounter: Encounter) -> None:
    """End, inside a verb, what surgeons asked and nobody answered: the visit is decided without it."""
    query = select(Question).where(Question.encounter_id == encounter.id, Question.to_role == "nurse")
    open_ = query.where(Question.ended_at.is_(None), Question.answered_at.is_(None))
    for question in session.scalars(open_.options(joinedload(Question.encounter))):
        _end(actor, question)


def _end(actor: Actor, question: Question) -> None:
    question.ended_by, question.ended_at = actor.staff_id, clock.now()
    touch(actor, question)
    record(actor, "question_ended", **_ids(question), question=question.id, answered=question.is_answered)


def _for_writing(actor: Actor, question_id: str) -> Question:
    lock_site(session(), actor.site_id)
    return get(actor, question_id)


def _ids(question: Question) -> dict[str, str]:
    return {"patient_id": question.encounter.patient_id, "encounter_id": question.encounter_id}


def get(actor: Actor, question_id: str) -> Question:
    """Return the question with its patient, if the actor may see it; raises NotFound."""
    found = session.scalar(_BY_ID, {"id": question_id, **sight(actor)})
    if found is None:
        raise NotFound("question")
    return found


def list_open(actor: Actor) -> Sequence[Question]:
    """Return every question without an end, also of visits that are over: answered ones, then the first due."""
    return session.scalars(_OPEN, sight(actor)).all()


def list_of(actor: Actor, encounter: Encounter) -> Sequence[Question]:
    """Return all questions of a visit, the newest first."""
    return session.scalars(_OF, {"encounter": encounter.id, **sight(actor)}).all()


def is_turn_of(actor: Actor, question: Question) -> bool:
    """Tell whether this person is to act now: to answer what their role is asked, or to read what it asked."""
    if question.is_ended:
        return False
    return (question.asks if question.is_answered else question.to_role) in actor.roles
