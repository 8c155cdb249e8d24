"""Looking again at who waits: due by acuity, noted with one press, late ones said to nurses and surgeons."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, Refused
from triage.domain.lifecycle import STEPS
from triage.domain.reassessment import RESULTS, SAME, WORSE, due
from triage.models import Encounter, Reassessment
from triage.services.audit import record
from triage.services.call_state import note
from triage.services.encounters import for_writing, move
from triage.services.orders import cancel_imaging, is_started

#: Findings of this section are what a re-assessment measures.
VITALS = "vitals"


def restart(encounter: Encounter) -> None:
    """Let the interval begin anew inside a verb: the level was decided now, or the vital signs were measured."""
    encounter.reassess_at = due(encounter.acuity, clock.now(), knowledge.load().flow.reassess)
    encounter.worse_at = None


def restart_on(encounter: Encounter, names: Collection[str]) -> None:
    """Let the interval begin anew where one of the findings just recorded is a vital sign."""
    specs = knowledge.load().findings
    if any(name in specs and specs[name].section == VITALS for name in names):
        restart(encounter)


@verb
def note_result(actor: Actor, encounter_id: str, result: str, words: str = "") -> None:
    """Append what a nurse or surgeon found on looking again.

    "Same" restarts the interval. "Worse" leaves the re-assessment due, marked, until somebody measures the vital signs,
    raises the patient or triages again. Raises Conflict for who is not triaged yet.
    """
    if not actor.may("findings:record"):
        raise NotAllowed("only_care_decides")
    if result not in RESULTS:
        raise Refused("result_needed")
    encounter = for_writing(actor, encounter_id)
    if encounter.acuity is None:
        raise Conflict("not_triaged_yet")
    at, before = clock.now(), encounter.reassess_at
    session.add(
        Reassessment(
            encounter_id=encounter.id, at=at, staff_id=actor.staff_id, result=result, note=words.strip(), due_at=before,
            acuity=encounter.acuity,
        )
    )  # fmt: skip
    again = due(encounter.acuity, at, knowledge.load().flow.reassess) if result == SAME else at
    note(encounter, reassess_at=again, worse_at=at if result == WORSE else None)
    was = before.isoformat() if before else ""
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "reassessed", **ids, result=result, note=words.strip(), due=was)


@verb
def triage_again(actor: Actor, encounter_id: str) -> None:
    """Take a patient who was sent on and is worse back to the nurse, not triaged: never lower in the queue by it.

    Imaging that has not started is called off. Raises Conflict while an examination runs, or where the patient is with
    the nurse already.
    """
    if not actor.may("triage:decide"):
        raise NotAllowed("only_care_decides")
    encounter = for_writing(actor, encounter_id)
    if encounter.worse_at is None or encounter.stage not in STEPS["recall"]:
        raise Conflict("not_worse")
    if is_started(encounter):
        raise Conflict("imaging_runs")
    left = encounter.stage
    cancel_imaging(actor, encounter, WORSE)
    encounter.acuity = encounter.route = encounter.reassess_at = encounter.worse_at = None
    encounter.then_specialist = False
    move(actor, encounter, "recall")
    ids = {"patient_id": encounter.patient_id, "encounter_id": encounter.id}
    record(actor, "recalled", **ids, reason=WORSE, **{"from": left})


def list_due(actor: Actor) -> Sequence[Encounter]:
    """Return the visits whose re-assessment is due now, with their patients: who is worse first, then the latest."""
    query = (
        select(Encounter)
        .where(Encounter.visible_to(actor), Encounter.finished_at.is_(None), Encounter.reassess_at <= clock.now())
        .options(joinedload(Encounter.patient))
        .order_by(Encounter.worse_at.is_(None), Encounter.acuity, Encounter.reassess_at)
    )
    return session.scalars(query).all()


def list_of(encounter: Encounter) -> Sequence[Reassessment]:
    """Return what was found on looking again, the newest first, with who looked."""
    query = select(Reassessment).where(Reassessment.encounter_id == encounter.id)
    return session.scalars(query.options(joinedload(Reassessment.staff)).order_by(Reassessment.at.desc())).all()
