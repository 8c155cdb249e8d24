"""The surgeon's choice: what each kind of decision needs, what it has no use for, and when it may not be signed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from triage.domain import lifecycle, operation
from triage.domain.candidate import Candidate
from triage.domain.choice import SIDES, Choice, only
from triage.domain.errors import Conflict, Refused

__all__ = [
    "AMENDABLE", "DECIDABLE", "ENDING", "KINDS", "LISTED", "SIDES", "Choice", "lacking", "plain", "refuse_amendment",
    "refuse_unsafe",
]  # fmt: skip

KINDS = ("conservative", "imaging", "nerve_block", "procedure", "not_now", "back_to_nurse", "transfer")
#: What may be decided without taking an emergency back.
IN_EMERGENCY = ("procedure", "transfer")
#: What says nothing without words: the question, the reason.
NEEDS_WORDS = ("back_to_nurse", "not_now")
#: What sends the patient home, and so needs every urgent question answered.
ENDING = ("conservative", "nerve_block", "procedure", "not_now")
#: What does nothing against a danger that nobody has ruled out, and so needs every urgent answer known.
NEEDS_KNOWN = ("conservative", "nerve_block", "not_now")
#: What names a day on which the patient is seen, or the case looked at, again.
DATED = ("conservative", "not_now")
#: Stages whose cases wait for a surgeon, in the order of the surgeon's list.
LISTED = (lifecycle.REVIEW, lifecycle.CONFIRMATION)
#: Stages in which a decision can be signed; a transfer can be from any.
DECIDABLE = (*LISTED, lifecycle.EMERGENCY)
#: Stage -> kinds that may be amended there, into one of the same: what moves nobody any more.
AMENDABLE = {
    lifecycle.FINISHED: ENDING, lifecycle.EMERGENCY: ("procedure",), lifecycle.TRANSFERRED: ("procedure",),
}  # fmt: skip


def lacking(known: Any, choice: Choice, weighed: Iterable[Candidate] | None, today: date) -> dict[str, str]:
    """Return what the choice still lacks: field name to message code.

    ``known`` is the clinic's knowledge; ``weighed`` the candidates as they stand, None in an emergency.
    """
    if choice.kind not in KINDS:
        return {"kind": "kind_needed"}
    found: dict[str, str] = {}
    if choice.kind in operation.NAMED:
        found |= operation.lacks(known, choice, weighed)
    if choice.kind == "conservative":
        found |= _care_lacks(known, choice)
    if choice.kind == "imaging" and machine(known, choice) not in {m.id for m in known.modalities if m.on_site}:
        found["modality"] = "modality_needed"
    if choice.kind in NEEDS_WORDS and not choice.note.strip():
        found["note"] = "note_needed"
    found |= _date_lacks(choice, today)
    if not choice.identified:
        found["identified"] = "identity_needed"
    return found


def machine(known: Any, choice: Choice) -> str:
    """Return the modality that is meant: that of the examination, where one is named."""
    named = known.flow.examinations.procedures.get(choice.examination)
    return str(named.modality) if named else choice.modality


def _care_lacks(known: Any, choice: Choice) -> dict[str, str]:
    found = {}
    if not only(choice.measures, known.decisions.measures):
        found["measures"] = "measure_needed"
    if choice.weeks is None or not 1 <= choice.weeks <= 104:
        found["weeks"] = "weeks_needed"
    if choice.review_on is None and not choice.if_needed:
        found["review_on"] = "return_needed"
    return found


def _date_lacks(choice: Choice, today: date) -> dict[str, str]:
    if choice.kind == "not_now" and choice.review_on is None:
        return {"review_on": "review_day_needed"}
    if choice.kind in DATED and choice.review_on is not None and choice.review_on <= today:
        return {"review_on": "day_not_ahead"}
    return {}


def plain(known: Any, choice: Choice, weighed: Iterable[Candidate] = ()) -> Choice:
    """Return the choice without what its kind has no use for, such as a level left over from another kind."""
    care, dated = choice.kind == "conservative", choice.kind in DATED
    return replace(
        operation.plain(known, choice, weighed),
        modality=machine(known, choice) if choice.kind == "imaging" else "",
        examination=choice.examination if choice.kind == "imaging" else "",
        note=choice.note.strip(),
        measures=only(choice.measures, known.decisions.measures) if care else (),
        weeks=choice.weeks if care else None,
        review_on=choice.review_on if dated else None,
        if_needed=choice.if_needed and care and choice.review_on is None,
        told=choice.told.strip() if choice.kind in ENDING else "",
    )


def refuse_unsafe(choice: Choice, stage: str, unanswered: Collection[str], not_known: Collection[str]) -> None:
    """Raise Refused or Conflict where this may not be decided at this stage, or with urgent questions open."""
    in_emergency = stage == lifecycle.EMERGENCY
    if in_emergency and choice.kind not in IN_EMERGENCY:
        raise Refused("emergency_stands")
    if choice.kind != "transfer" and stage not in DECIDABLE:
        raise Conflict("step_not_possible", stage=stage)
    if not in_emergency:
        _refuse_open(choice, unanswered, not_known)


def _refuse_open(choice: Choice, unanswered: Collection[str], not_known: Collection[str]) -> None:
    if choice.kind not in ENDING:
        return
    if unanswered:
        raise Refused("unanswered", count=len(unanswered))
    if choice.kind in NEEDS_KNOWN and not_known:
        raise Refused("not_known_closes")


def refuse_trial(known: Any, choice: Choice, findings: Mapping[str, object]) -> None:
    """Raise Refused where a step is chosen that needs a trial with success, and none is recorded."""
    if operation.trial_missing(known, choice, findings):
        raise Refused("trial_needed")


def refuse_amendment(
    old_kind: str, choice: Choice, stage: str, unanswered: Collection[str], not_known: Collection[str]
) -> None:
    """Raise Conflict or Refused where a decision of this kind may not be amended now, or not into this choice."""
    kinds = AMENDABLE.get(stage, ())
    if old_kind not in kinds:
        raise Conflict("step_not_possible", stage=stage)
    if choice.kind not in kinds:
        raise Refused("amend_kind")
    if stage == lifecycle.FINISHED:
        _refuse_open(choice, unanswered, not_known)
