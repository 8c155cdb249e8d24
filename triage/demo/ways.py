"""Patients who are on their way to or after an operation: some as planned, some late, one not ready."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import session
from triage.demo.clinic import Team
from triage.domain import pathways as way
from triage.domain.access import Actor
from triage.models import Encounter, Milestone, Pathway, TreatmentDecision
from triage.services import hours, milestones
from triage.services import pathway_rows as rows
from triage.services.organisations import today

NOON = time(12)


@dataclass(frozen=True)
class Story:
    """One patient: the operation so many days from today, what was left undone, and by how much the day was moved."""

    procedure: str
    days: int
    undone: tuple[str, ...] = ()
    moved: int = 0


STORIES = (
    Story("PLIF", 2, ("myelography", "explanation", "rest")),  # the operation is near, and something lacks
    Story("MED", 6, moved=7),
    Story("LAMINOPLASTY", 12),
    Story("PLIF", 19),
    Story("SCS", 8),
    Story("LAMINOPLASTY", -3),
    Story("MED", -5),
    Story("PLIF", -12, ("xray_stability",)),
    Story("MD", -11),
    Story("PLIF", -34),
    Story("LAMINOPLASTY", -47, ("aftercare",)),
)


def add(team: Team) -> None:
    """Put them on the way, inside the verb that writes the clinic's file; without an event for each step."""
    taken: set[str] = set()
    for story in STORIES:
        found = _decided(team["nurse"], story, taken)
        if found is not None:
            taken.add(found[1].patient_id)
            _Way(team["nurse"], story, *found).play()


def _decided(actor: Actor, story: Story, taken: set[str]) -> tuple[TreatmentDecision, Encounter] | None:
    """Return the latest decision for the story's procedure that is old enough, of a patient who is not on the way."""
    until = clock.now() + timedelta(days=min(story.days, 0) - 10)
    query = (
        select(TreatmentDecision, Encounter)
        .join(Encounter, Encounter.id == TreatmentDecision.encounter_id)
        .where(TreatmentDecision.procedure == story.procedure, TreatmentDecision.at < until)
        .where(Encounter.site_id == actor.site_id, Encounter.patient_id.not_in(taken))
    )
    row = session.execute(query.order_by(TreatmentDecision.at.desc()).limit(1)).first()
    return (row[0], row[1]) if row else None


class _Way:
    """Writes one patient's pathway as if everybody had noted each step on its day."""

    def __init__(self, actor: Actor, story: Story, decision: TreatmentDecision, visit: Encounter) -> None:
        self.actor, self.story, self.decision, self.visit = actor, story, decision, visit
        self.today = today(visit.site_id)
        self.open_day = partial(hours.next_open, visit.site_id)

    def play(self) -> None:
        """Begin, agree on a day, do what is due by now, and leave undone what the story leaves undone."""
        template = knowledge.load().flow.pathways.of(self.decision.procedure)
        if template is None:
            return
        self.pathway = self._pathway(template.id)
        self.steps = rows.new_steps(self.pathway, template)
        begun = self.visit.ticket_date
        self._note(begun, "begun")
        self._place(way.DECISION, begun)
        operation = way.marked(self.steps, way.OPERATION)
        if operation is not None:
            self._agree(operation, self.open_day(self.today + timedelta(days=self.story.days)))
        for step in self._due():
            self._done(step)
        rows.keep_in_step(self.actor, self.pathway, self.steps)

    def _pathway(self, template: str) -> Pathway:
        decision = self.decision
        pathway = Pathway(
            site_id=self.visit.site_id, patient_id=self.visit.patient_id, encounter_id=self.visit.id,
            decision_id=decision.id, surgeon_id=decision.staff_id, template=template, procedure=decision.procedure,
            level=decision.level, side=decision.side, decided_on=self.visit.ticket_date, begun_at=decision.at,
            status=way.OPEN, updated_by=self.actor.name, updated_at=decision.at,
        )  # fmt: skip
        session.add(pathway)
        session.flush()
        return pathway

    def _place(self, anchor: str, day: date) -> None:
        found = way.follow(self.steps, anchor, day, self.visit.ticket_date, self.open_day)
        for step in self.steps:
            if step.name in found:
                rows.place(self.pathway, step, found[step.name])

    def _agree(self, operation: Milestone, day: date) -> None:
        on = self.visit.ticket_date + timedelta(days=3)
        first = self.open_day(day - timedelta(days=self.story.moved))
        self._note(on, "moved", operation, None, first)
        if first != day:
            self._note(on + timedelta(days=2), "moved", operation, first, day, "手術室の都合")
        rows.place(self.pathway, operation, day)
        self._place(operation.name, day)

    def _due(self) -> Iterator[Milestone]:
        undone = [step for step in self.steps if step.name in self.story.undone]
        waiting = {name for step in undone for name in (step.name, *way.needed_by(self.steps, step))}
        for step in self.steps:
            early = step.mark == way.AGREED or step.anchor == way.DECISION
            if step.name not in waiting and (early or (step.due_on and step.due_on < self.today)):
                yield step

    def _done(self, step: Milestone) -> None:
        day = min(step.due_on or self.today, self.today)
        with self._at(day):
            at = clock.now().isoformat()
            step.ticks = {i: {"value": milestones.ITEM_DONE, "by": self.actor.name, "at": at} for i in step.items}
            rows.settle(self.actor, step, way.DONE, on=day)
        self._note(day, way.DONE, step, None, day)

    def _note(
        self, day: date, kind: str, step: Milestone | None = None, was: date | None = None, now: date | None = None,
        words: str = "",
    ) -> None:  # fmt: skip
        with self._at(day):
            rows.note(self.actor, self.pathway, kind, step, was, now, words)

    def _at(self, day: date) -> AbstractContextManager[None]:
        noon = datetime.combine(day, NOON, ZoneInfo(self.actor.time_zone))
        return clock.at(min(noon, clock.now()))
