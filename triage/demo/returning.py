"""Patients who were asked on earlier days to come back: one who did not come, some of today, one of another day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from triage import clock, knowledge
from triage.db import new_id, session, verb
from triage.demo.clinic import Team
from triage.domain import comeback, lifecycle
from triage.domain.comeback import NOT_REACHED
from triage.domain.findings import Answer
from triage.models import Encounter, Finding, Patient, ReturnCall, ReturnVisit, StageChange
from triage.services import hours, intakes, reopening
from triage.services.audit import record
from triage.services.organisations import today

#: How many days the clinic's calendar is looked at backwards.
_BACK = 28
#: Below stand the patients of a large clinic, whose years are copied before these visits are made.
_DEMONSTRATED = "900000"


@dataclass(frozen=True)
class Story:
    """Asked so many open days ago to come back on the open day so many days from now; calls without an answer."""

    ago: int
    day: int
    reason: str
    words: str = ""
    calls: int = 0


STORIES = (
    Story(4, -1, "no_slot_today", "腰痛。急がない", calls=1),
    Story(1, 0, "no_slot_today"),
    Story(2, 0, "papers_missing", "前医のMRIを持参"),
    Story(1, 2, "doctor_away", "手術日のため"),
)


@verb
def ask_back(team: Team, rng: Random, busy: Collection[str]) -> None:
    """Write the visits and returns as rows, under one event: steps of earlier days have none of their own."""
    actor = team["reception"]
    on_file = session.scalars(
        select(Patient).where(Patient.visible_to(actor), Patient.number >= _DEMONSTRATED).order_by(Patient.number)
    )
    free = [patient for patient in on_file if patient.id not in busy]
    for number, (patient, story) in enumerate(zip(rng.sample(free, len(STORIES)), STORIES, strict=True), start=1):
        _Stay(team, story, patient, f"R{number:03d}").play()
    record(team["admin"], "demonstration_loaded", encounters=len(STORIES))


class _Stay:
    """Writes one visit that ended with a return, as the services would have left it."""

    def __init__(self, team: Team, story: Story, patient: Patient, ticket: str) -> None:
        self.actor, self.nurse, self.story = team["reception"], team["nurse"], story
        self.patient, self.ticket, self.zone = patient, ticket, ZoneInfo(team["reception"].time_zone)
        now = today(self.actor.site_id)
        past = hours.openings(self.actor.site_id, now - timedelta(days=_BACK), now - timedelta(days=1))
        self.open_days = [day for day, opening in past.items() if opening]
        self.came = self._at(self.open_days[-story.ago], time(10, 15))
        self.went = self.came + timedelta(minutes=25)
        self.back = self.open_days[story.day] if story.day < 0 else hours.next_open(self.actor.site_id, now, story.day)

    def _at(self, day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, self.zone)

    def play(self) -> None:
        """Check in, answer every urgent question with no, wait, and be asked to come back; then the calls."""
        visit = self._visit()
        session.add(visit)
        session.flush()
        self._answers(visit)
        self._step(visit, "submit_intake", lifecycle.REGISTERED, self.came + timedelta(minutes=8))
        before = reopening.standing(visit)
        self._step(visit, "ask_back", lifecycle.WAITING, self.went)
        visit.finished_at, visit.outcome = self.went, lifecycle.COMES_BACK
        session.add(self._return(visit, before))
        session.flush()
        self._calls(visit)

    def _visit(self) -> Encounter:
        return Encounter(
            site_id=self.actor.site_id, patient_id=self.patient.id, ticket_date=self.came.date(), ticket=self.ticket,
            arrived_at=self.came, stage=lifecycle.REGISTERED, stage_since=self.came, complaint="腰痛が続く。",
            consent=True, findings_revision=1, updated_by=self.actor.name, updated_at=self.came,
        )  # fmt: skip

    def _answers(self, visit: Encounter) -> None:
        answers: dict[str, Answer] = {one.id: Answer(True, False) for one in knowledge.load().urgent_questions}
        for name, answer in answers.items():
            session.add(Finding(
                encounter_id=visit.id, name=name, known=True, value=answer.value, source="reception", revision=1,
                recorded_by=self.actor.staff_id, recorded_at=self.came + timedelta(minutes=6),
            ))  # fmt: skip
        told = answers | intakes.from_record(self.patient.birth_date, self.patient.sex, self.came.date())
        with clock.at(self.came + timedelta(minutes=8)):
            intakes.store_suggestion(visit, told)

    def _step(self, visit: Encounter, step: str, before: str, at: datetime) -> None:
        visit.stage, visit.stage_since, visit.updated_at = lifecycle.after(step, before), at, at
        row = {
            "id": new_id(), "encounter_id": visit.id, "from_stage": before, "to_stage": visit.stage, "step": step,
            "at": at, "staff_id": self.actor.staff_id,
        }  # fmt: skip
        session.execute(insert(StageChange), [row])

    def _return(self, visit: Encounter, before: dict[str, Any]) -> ReturnVisit:
        self.returned = ReturnVisit(
            site_id=visit.site_id, encounter_id=visit.id, patient_id=visit.patient_id, at=self.went,
            asked_by=self.actor.staff_id, reason=self.story.reason, note=self.story.words, return_on=self.back,
            first_arrived_at=self.came, before=before, status=comeback.EXPECTED, attempts=self.story.calls,
            updated_by=self.actor.name, updated_at=self.went,
        )  # fmt: skip
        return self.returned

    def _calls(self, visit: Encounter) -> None:
        for number in range(self.story.calls):  # in the evening of the day on which nobody came
            at = self._at(self.back, time(18, 5)) + timedelta(minutes=15 * number)
            self.returned.attempted_at = at
            session.add(ReturnCall(
                return_id=self.returned.id, at=at, staff_id=self.nurse.staff_id, result=NOT_REACHED,
                note="留守番電話に伝言", was_on=self.back,
            ))  # fmt: skip
