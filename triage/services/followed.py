"""Who is followed up after a decision for conservative care; operations are the pathways' own business."""

from triage.domain.access import Actor
from triage.domain.outcomes import CONSERVATIVE, Treatment
from triage.models import Encounter, TreatmentDecision
from triage.services import outcome_series


def after_decision(
    actor: Actor, encounter: Encounter, decision: TreatmentDecision, old: TreatmentDecision | None = None
) -> None:
    """Follow up conservative care inside the verb that signs it, from the day of the visit on.

    ``old``: the decision that this one takes the place of; what that one asked for is dropped.
    """
    if decision.kind == CONSERVATIVE:
        day = encounter.ticket_date
        care = Treatment(CONSERVATIVE, surgeon_id=decision.staff_id)
        outcome_series.begin_series(actor, encounter.patient_id, day, care)
    elif old is not None and old.kind == CONSERVATIVE:
        outcome_series.withdraw_series(actor, encounter.patient_id, CONSERVATIVE, encounter.ticket_date)
