"""What the triage sheet and the emergency panel show of one encounter, read in one place."""

from collections.abc import Mapping
from dataclasses import dataclass

from triage import clock
from triage.domain.alarms import escalated
from triage.models import Emergency, EmergencyWithdrawal, Encounter, Finding, Task, TriageDecision
from triage.services import emergencies, intakes, tasks, triage
from triage.services.encounters import staff_names
from triage.services.orders import orders_of


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One encounter as nurse and surgeon work on it; ``staff`` are names by id, ``minutes`` the age of the alarm."""

    encounter: Encounter
    now: triage.Situation
    rows: Mapping[str, Finding]
    staff: Mapping[str, str]
    tasks: list[Task]
    decisions: list[TriageDecision]
    undo: TriageDecision | None
    emergency: Emergency | None
    escalated: bool
    proposal: EmergencyWithdrawal | None
    withdrawal: EmergencyWithdrawal | None
    images: list[str]

    @property
    def rev(self) -> str:
        """Return what changes whenever the panel would look different: rows, and the minute on its timer."""
        if self.emergency is None:
            return f"{self.encounter.version}"
        age = int((clock.now() - self.emergency.opened_at).total_seconds() // 60)
        proposal = self.proposal.id if self.proposal else ""
        return f"{self.encounter.version}.{self.emergency.version}.{proposal}.{age}.{int(self.escalated)}"


def sheet_of(encounter: Encounter) -> Sheet:
    """Return everything the sheet and the panel show of the encounter."""
    rows, emergency = intakes.findings_of(encounter.id), emergencies.find_latest(encounter)
    withdrawal = emergencies.find_withdrawal(encounter)
    alarm = emergency if emergency is not None and emergency.closed_at is None else None
    ids: set[str | None] = {row.recorded_by for row in rows.values()}
    ids |= {emergency.opened_by if emergency else None, withdrawal.decided_by if withdrawal else None}
    return Sheet(
        encounter=encounter, now=triage.situation(encounter), rows=rows, staff=staff_names(ids),
        tasks=tasks.tasks_of(encounter), decisions=triage.decisions_of(encounter), undo=triage.find_undo(encounter),
        emergency=emergency, withdrawal=withdrawal, proposal=emergencies.find_proposal(alarm) if alarm else None,
        escalated=alarm is not None and escalated(alarm.opened_at, alarm.acknowledged_at, clock.now()),
        images=[order.modality for order in orders_of(encounter) if order.status == "completed"],
    )  # fmt: skip
