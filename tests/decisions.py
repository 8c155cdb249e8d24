"""Decisions that can be signed: complete ones, with everything answered that speaks against the procedure."""

from dataclasses import replace
from datetime import date
from typing import Any

from triage import knowledge
from triage.domain.choice import ACCEPTED, Choice
from triage.domain.operation import indications_of, procedure_of

#: A day that lies ahead whenever the tests run.
LATER = date(2199, 6, 1)
PLAN: dict[str, Any] = {"measures": ("rehabilitation",), "weeks": 6, "if_needed": True}


def conservative(note: str = "Physiotherapy, back in six weeks", **more: Any) -> Choice:
    """Return conservative care that can be signed."""
    return Choice("conservative", note=note, **{**PLAN, "identified": True} | more)


def operation(procedure: str = "MED", level: str = "L4-5", side: str = "right", **more: Any) -> Choice:
    """Return a procedure or block that can be signed, whatever is known of the patient: every point is accepted."""
    kind = "nerve_block" if procedure == "NERVE_BLOCK" else "procedure"
    known = knowledge.load()
    treatment = next((item for item in known.candidacy.treatments if item.id == procedure), None)
    points = {item.id: ACCEPTED for item in treatment.criteria} if treatment else {}
    choice = Choice(
        kind, procedure, level, side, note="Discussed with the family", identified=True, indication_note="as imaged",
        alternatives=("REHAB",), answers=points, block="root" if kind == "nerve_block" else "",
    )  # fmt: skip
    named = procedure_of(known, choice)
    coded = tuple(item.id for item in indications_of(known, procedure)[:1])
    first = named.steps[0] if named and named.steps else ""
    return replace(choice, **{"indications": coded, "step": first} | more)


def not_now(note: str = "Smoking stops first", **more: Any) -> Choice:
    """Return a decision to wait that can be signed."""
    return Choice("not_now", note=note, **{"review_on": LATER, "identified": True} | more)


def posted(choice: Choice) -> dict[str, Any]:
    """Return the choice as the form posts it."""
    values = {name: value for name, value in vars(choice).items() if name != "answers" and value}
    values = {n: list(v) if isinstance(v, tuple) else "y" if v is True else str(v) for n, v in values.items()}
    return values | {f"answer-{name}": answer for name, answer in choice.answers.items()}
