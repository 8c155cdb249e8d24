"""What must be known of a patient before an examination starts: asked, answered, and what is still open."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from triage import clock, knowledge
from triage.domain import imaging as rules
from triage.domain.access import Actor
from triage.knowledge.examinations import ImagingProcedure, SafetyQuestion
from triage.models import ImagingOrder, Patient


@dataclass(frozen=True)
class Answer:
    """What somebody says to a safety question: yes, no or not_known, with words."""

    answer: str
    note: str = ""


@dataclass(frozen=True)
class Standing:
    """One question of an order: what is said, what the patient's record says, and what keeps it from starting."""

    question: SafetyQuestion
    said: Mapping[str, Any]
    hint: str
    code: str

    @property
    def answer(self) -> str:
        """Return the answer, not_known where there is none."""
        return str(self.said.get("answer") or rules.NOT_KNOWN)

    @property
    def likely(self) -> str:
        """Return what a form offers: the answer, else a yes that the record suggests; never a no."""
        return str(self.said.get("answer", "")) or (rules.YES if self.hint else "")


def procedure_of(order: ImagingOrder) -> ImagingProcedure:
    """Return the examination; for an order from before it was asked, the usual one of its machine."""
    there = knowledge.load().flow.examinations
    return there.procedures.get(order.procedure) or there.meant(order.modality, ())


def questions_of(order: ImagingOrder) -> tuple[SafetyQuestion, ...]:
    """Return what is asked before this examination of this patient."""
    there = knowledge.load().flow.examinations
    questions = [there.safety[name] for name in procedure_of(order).safety]
    return rules.asked(questions, order.encounter.patient.sex)


def standing(order: ImagingOrder) -> list[Standing]:
    """Return every question of the order as it stands."""
    said, questions = order.safety or {}, questions_of(order)
    codes = rules.open_codes(questions, said, clock.now())
    patient = order.encounter.patient
    return [Standing(one, said.get(one.id, {}), _hint(one, patient), codes.get(one.id, "")) for one in questions]


def _hint(question: SafetyQuestion, patient: Patient) -> str:
    return str(getattr(patient, question.record) or "") if question.record else ""


def open_of(order: ImagingOrder) -> dict[str, str]:
    """Return what keeps the examination from starting: message code by question."""
    return rules.open_codes(questions_of(order), order.safety or {}, clock.now())


def answered(actor: Actor, order: ImagingOrder, given: Mapping[str, Answer]) -> dict[str, Any]:
    """Return the order's answers with these among them, each by whom and when; what is said again
    changes nothing, unless it had to be asked anew.

    A doctor's word stands as long as the answer it was given to.
    """
    said, still_open = dict(order.safety or {}), open_of(order)
    for question in questions_of(order):
        new = given.get(question.id)
        if new is None or new.answer not in rules.ANSWERS:
            continue
        old = said.get(question.id, {})
        same = (new.answer, new.note.strip()) == (old.get("answer"), old.get("note"))
        if not same or (question.id in still_open and new.answer == rules.NO):
            said[question.id] = {"answer": new.answer, "note": new.note.strip(), **_by(actor)}
    return said


def allowed(actor: Actor, order: ImagingOrder, question: str, words: str) -> dict[str, Any]:
    """Return the order's answers with a doctor's word that it is done although this one is yes."""
    said = dict(order.safety or {})
    return said | {question: said[question] | {"word": {"text": words.strip(), **_by(actor)}}}


def _by(actor: Actor) -> dict[str, str]:
    return {"by": actor.name, "by_id": actor.staff_id, "at": clock.now().isoformat()}


def told(said: Mapping[str, Any], names: Collection[str]) -> dict[str, str]:
    """Return these answers alone, as an event and the history keep them."""
    return {name: " ".join(filter(None, (said[name]["answer"], said[name]["note"]))) for name in names if name in said}
