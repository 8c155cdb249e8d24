"""The surgeon's choice: what each kind of decision needs, what it has no use for, and when it may not be signed."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from triage.domain import lifecycle
from triage.domain.errors import Conflict, Refused

KINDS = ("conservative", "imaging", "procedure", "back_to_nurse", "transfer")
#: What may be decided without taking an emergency back.
IN_EMERGENCY = ("procedure", "transfer")
#: What says nothing without words: the plan, the question.
NEEDS_WORDS = ("conservative", "back_to_nurse")
#: What sends the patient home, and so needs every urgent question answered.
ENDING = ("conservative", "procedure")
SIDES = ("right", "left", "both")
#: Stages whose cases wait for a surgeon, in the order of the surgeon's list.
LISTED = (lifecycle.REVIEW, lifecycle.CONFIRMATION)
#: Stages in which a decision can be signed; a transfer can be from any.
DECIDABLE = (*LISTED, lifecycle.EMERGENCY)


@dataclass(frozen=True)
class Choice:
    """What the surgeon chose; ``identified`` says that the patient's identity was confirmed at the signature."""

    kind: str
    procedure: str = ""
    level: str = ""
    side: str = ""
    modality: str = ""
    note: str = ""
    identified: bool = False


def lacking(known: Any, choice: Choice) -> dict[str, str]:
    """Return what the choice still lacks: field name to message code. ``known`` is the clinic's knowledge."""
    if choice.kind not in KINDS:
        return {"kind": "kind_needed"}
    found: dict[str, str] = {}
    if choice.kind == "procedure":
        found |= _procedure_lacks(known, choice)
    if choice.kind == "imaging" and choice.modality not in {m.id for m in known.modalities if m.on_site}:
        found["modality"] = "modality_needed"
    if choice.kind in NEEDS_WORDS and not choice.note.strip():
        found["note"] = "note_needed"
    if not choice.identified:
        found["identified"] = "identity_needed"
    return found


def _procedure_lacks(known: Any, choice: Choice) -> dict[str, str]:
    chosen = _procedure(known, choice)
    if chosen is None:
        return {"procedure": "procedure_needed"}
    found = {}
    if chosen.needs_level and choice.level not in known.levels:
        found["level"] = "level_needed"
    if chosen.needs_side and choice.side not in SIDES:
        found["side"] = "side_needed"
    return found


def _procedure(known: Any, choice: Choice) -> Any:
    named = (item for item in known.procedures if item.id == choice.procedure)
    return next(named, None) if choice.kind == "procedure" else None


def plain(known: Any, choice: Choice) -> Choice:
    """Return the choice without what its kind has no use for, such as a level left over from another kind."""
    chosen = _procedure(known, choice)
    return replace(
        choice,
        procedure=chosen.id if chosen else "",
        level=choice.level if chosen and chosen.needs_level else "",
        side=choice.side if chosen and chosen.needs_side else "",
        modality=choice.modality if choice.kind == "imaging" else "",
        note=choice.note.strip(),
    )


def refuse_unsafe(choice: Choice, stage: str, unanswered: Collection[str], not_known: Collection[str]) -> None:
    """Raise Refused or Conflict where this may not be decided at this stage, or with urgent questions open."""
    in_emergency = stage == lifecycle.EMERGENCY
    if in_emergency and choice.kind not in IN_EMERGENCY:
        raise Refused("emergency_stands")
    if choice.kind != "transfer" and stage not in DECIDABLE:
        raise Conflict("step_not_possible", stage=stage)
    if in_emergency or choice.kind not in ENDING:
        return
    if unanswered:
        raise Refused("unanswered", count=len(unanswered))
    if choice.kind == "conservative" and not_known:
        raise Refused("not_known_closes")
