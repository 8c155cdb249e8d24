"""The surgeon's lists, the review of one case, and the signed decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.domain.errors import Refused
from triage.domain.findings import not_known_urgent, resolve, unanswered_urgent
from triage.models import Encounter, ImagingOrder, TreatmentDecision
from triage.services import intakes, orders, pins
from triage.services.audit import record
from triage.services.encounters import check_version, for_writing, move

KINDS = ("conservative", "imaging", "procedure", "back_to_nurse", "transfer")
#: What may be decided without taking an emergency back.
IN_EMERGENCY = ("procedure", "transfer")
SIDES = ("right", "left", "both")


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


def list_cases(actor: Actor, stage: str) -> Sequence[Encounter]:
    """Return the site's encounters at one stage with their patients: the most urgent, then the longest there, first."""
    query = select(Encounter).where(Encounter.visible_to(actor), Encounter.stage == stage)
    rows = session.scalars(query.options(joinedload(Encounter.patient), joinedload(Encounter.claim)))
    return sorted(rows, key=lambda row: (row.acuity or 9, row.stage_since))


def neighbours(actor: Actor, encounter: Encounter) -> tuple[str | None, str | None]:
    """Return the ids of the case before and the case after this one on the surgeon's list."""
    stages = (lifecycle.REVIEW, lifecycle.CONFIRMATION)
    ids = [row.id for stage in stages for row in list_cases(actor, stage)]
    if encounter.id not in ids:
        return None, ids[0] if ids else None
    at = ids.index(encounter.id)
    return ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None


def decisions_of(encounter: Encounter) -> list[TreatmentDecision]:
    """Return the encounter's decisions, newest first, with who signed them."""
    query = select(TreatmentDecision).where(TreatmentDecision.encounter_id == encounter.id)
    signed = query.options(joinedload(TreatmentDecision.staff))
    return list(session.scalars(signed.order_by(TreatmentDecision.at.desc())))


def check(choice: Choice) -> dict[str, str]:
    """Return what the choice still lacks: field name to message code."""
    if choice.kind not in KINDS:
        return {"kind": "kind_needed"}
    lacking: dict[str, str] = {}
    if choice.kind == "procedure":
        lacking |= _check_procedure(choice)
    if choice.kind == "imaging" and choice.modality not in {known.id for known in knowledge.load().modalities}:
        lacking["modality"] = "modality_needed"
    if choice.kind in ("conservative", "back_to_nurse", "transfer") and not choice.note.strip():
        lacking["note"] = "note_needed"
    if not choice.identified:
        lacking["identified"] = "identity_needed"
    return lacking


def _check_procedure(choice: Choice) -> dict[str, str]:
    chosen = next((known for known in knowledge.load().procedures if known.id == choice.procedure), None)
    if chosen is None:
        return {"procedure": "procedure_needed"}
    lacking = {}
    if chosen.needs_level and choice.level not in knowledge.load().levels:
        lacking["level"] = "level_needed"
    if chosen.needs_side and choice.side not in SIDES:
        lacking["side"] = "side_needed"
    return lacking


@verb
def decide(actor: Actor, encounter_id: str, version: int, choice: Choice) -> str:
    """Sign a decision and return its id. It is appended, never edited.

    Raises Refused where something is lacking or an emergency stands, Stale for an old page, Conflict for another stage.
    """
    encounter = for_writing(actor, encounter_id)
    check_version(encounter, version)
    for code in check(choice).values():
        raise Refused(code)
    _refuse_unsafe(encounter, choice)
    known, answers = knowledge.load(), intakes.answers_of(encounter)
    decision = TreatmentDecision(
        encounter_id=encounter.id, at=clock.now(), staff_id=actor.staff_id, kind=choice.kind,
        procedure=choice.procedure if choice.kind == "procedure" else "", level=choice.level, side=choice.side,
        modality=choice.modality if choice.kind == "imaging" else "", note=choice.note.strip(),
        seen={"findings": resolve(known, answers), "suggestion": encounter.suggestion},
    )  # fmt: skip
    session.add(decision)
    session.flush()
    record(
        actor, "treatment_decided", patient_id=encounter.patient_id, encounter_id=encounter.id, decision=decision.id,
        kind=choice.kind, procedure=decision.procedure, level=choice.level, side=choice.side,
    )  # fmt: skip
    _follow(actor, encounter, choice)
    return decision.id


def _refuse_unsafe(encounter: Encounter, choice: Choice) -> None:
    if encounter.stage == lifecycle.EMERGENCY and choice.kind not in IN_EMERGENCY:
        raise Refused("emergency_stands")
    if choice.kind != "conservative":
        return
    known, answers = knowledge.load(), intakes.answers_of(encounter)
    unanswered = unanswered_urgent(known, answers)
    if unanswered:
        raise Refused("unanswered", count=len(unanswered))
    if not_known_urgent(known, answers):
        raise Refused("not_known_closes")


def _follow(actor: Actor, encounter: Encounter, choice: Choice) -> None:
    if encounter.stage == lifecycle.EMERGENCY:
        move(actor, encounter, "decide_in_emergency")
    elif choice.kind == "transfer":
        pins.pin(actor, encounter, "decided", choice.note.strip())
    elif choice.kind == "back_to_nurse":
        move(actor, encounter, "send_back")
    elif choice.kind == "imaging":
        _order_imaging(actor, encounter, choice)
    else:
        move(actor, encounter, "decide")


def _order_imaging(actor: Actor, encounter: Encounter, choice: Choice) -> None:
    """Order it in the surgeon's own name: nobody else has to."""
    move(actor, encounter, "route_imaging")
    asked: ImagingOrder = orders.request_imaging(actor, encounter, choice.modality, choice.note.strip(), True)
    asked.status = lifecycle.imaging_after("order", asked.status)
    asked.ordered_by, asked.ordered_at = actor.staff_id, clock.now()
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "imaging_ordered", **ids, order=asked.id, modality=asked.modality)


def completeness(encounter: Encounter, names: set[str]) -> Mapping[str, bool]:
    """Return which parts of a referral are there: neurology, imaging, treatment; ``names`` are recorded."""
    known = knowledge.load()
    return {
        "neurology": bool(names & set(known.examination.cells)),
        "imaging": bool(orders.orders_of(encounter)) or bool(encounter.outside_images),
        "treatment": bool(names & {option.key for option in known.treatments_tried}),
    }


def question_to_nurse(encounter: Encounter) -> TreatmentDecision | None:
    """Return the surgeon's open question to the nurse: the last decision, if it sent the patient back."""
    last: Any = next(iter(decisions_of(encounter)), None)
    return last if last is not None and last.kind == "back_to_nurse" else None
