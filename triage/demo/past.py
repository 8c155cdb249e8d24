"""Earlier visits as rows: findings, decision, imaging, signature, as the services would have left them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert

from triage import knowledge
from triage.db import Base, new_id, session
from triage.demo import choices, opinions
from triage.demo.clinic import Team
from triage.demo.persons import Person
from triage.demo.reading import Answers, Case, Script
from triage.demo.visits import IDENTITY
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.domain.findings import resolve
from triage.domain.suggestion import Suggestion
from triage.models import (
    Encounter,
    ExposureRecord,
    Finding,
    ImagingOrder,
    RuleFeedback,
    RuleFeedbackAnswer,
    StageChange,
    TreatmentDecision,
    TriageDecision,
)
from triage.services import advice, imaging, intakes
from triage.services.triage import Choice

TABLES: tuple[type[Base], ...] = (
    Encounter, StageChange, Finding, TriageDecision, ImagingOrder, ExposureRecord, TreatmentDecision,
    RuleFeedback, RuleFeedbackAnswer,
)  # fmt: skip
SPECIALIST = "imaging_then_specialist"
_IMAGED = {route for route, step in lifecycle.ROUTES.items() if step == "route_imaging"}


@dataclass
class PastVisit:
    """Who came with what, on which day."""

    person: Person
    case: Case
    today: date


class Rows:
    """Gathers the rows of earlier visits and inserts them table by table."""

    def __init__(self, script: Script, team: Team, actor: Actor) -> None:
        self.script, self.team, self.actor = script, team, actor
        self.rows: defaultdict[type[Base], list[dict[str, Any]]] = defaultdict(list)

    def insert(self) -> None:
        """Insert everything gathered, and what was said against the rules."""
        for table, row in list(opinions.feedback(self.script, self.team, self.actor.site_id, self.rows)):
            self.rows[table].append(row)
        for table in TABLES:
            if self.rows[table]:
                session.execute(insert(table), self.rows[table])

    def add(self, visit: PastVisit, start: datetime, ticket: str, rng: Random) -> None:
        """Gather one visit that began at ``start``."""
        nurse, surgeon = (self.team[rng.choice(names)] for names in (("nurse", "nurse2"), ("surgeon", "surgeon2")))
        story = _Story(self, visit, new_id(), start, nurse, surgeon, rng)
        story.mood = Random(f"{start:%Y-%m-%d} {ticket}")  # noqa: S311 - its own, so that the day stays as it was
        desk = self.script.desk_answers(visit.case)
        sheet = self.script.sheet_answers(visit.case, 0, visit.person.answers) | self.script.settled(visit.case)
        story.findings("reception", self.team["reception"], {n: a for n, a in desk.items() if n not in sheet})
        story.findings("nurse", nurse, sheet)
        suggestion = story.live(desk | sheet)
        self.rows[Encounter].append({
            **story.row, "id": story.id, "site_id": self.actor.site_id, "patient_id": visit.person.id,
            "ticket_date": visit.today, "ticket": ticket, "arrived_at": start, "stage": lifecycle.FINISHED,
            "stage_since": story.now, "finished_at": story.now, "outcome": lifecycle.FINISHED, "consent": True,
            "complaint": visit.case.complaint(visit.person.language), "findings_revision": 2, "unanswered": 0,
            "suggestion": suggestion.as_dict(), "suggested_at": start + timedelta(minutes=20), "version": 9,
            "updated_by": surgeon.name, "updated_at": story.now,
        })  # fmt: skip


class _Story:
    """One earlier visit from the desk to the surgeon's signature."""

    def __init__(
        self, to: Rows, visit: PastVisit, id_: str, start: datetime, nurse: Actor, surgeon: Actor, rng: Random
    ) -> None:
        self.script, self.rows, self.visit, self.id, self.now = to.script, to.rows, visit, id_, start
        self.nurse, self.surgeon, self.rng, self.mood = nurse, surgeon, rng, rng
        self.desk, self.radiographer = to.team["reception"], to.team["radiographer"]
        self.stage, self.row = lifecycle.REGISTERED, dict[str, Any]()
        self.site_id, self.exposures = to.actor.site_id, to.script.day["exposure"]

    def wait(self, long: timedelta | None = None) -> datetime:
        """Let some minutes pass, or exactly so long, and return the moment."""
        self.now += long or timedelta(minutes=self.rng.randint(4, 16))
        return self.now

    def findings(self, source: str, who: Actor, answers: Answers) -> None:
        """Keep what was answered to ``who``."""
        for name, answer in answers.items():
            self.rows[Finding].append({
                "encounter_id": self.id, "name": name, "known": answer.known, "value": answer.value, "source": source,
                "revision": 1 + (source == "nurse"), "recorded_by": who.staff_id, "recorded_at": self.now,
            })  # fmt: skip

    def live(self, answers: Answers) -> Suggestion:
        """Play the visit from intake to signature and return what the rules advised."""
        columns = self.visit.person.columns
        told = answers | intakes.from_record(columns["birth_date"], columns["sex"], self.visit.today)
        suggestion, known = advice.suggest(self.site_id, told), resolve(knowledge.load(), told)
        self.move("submit_intake", self.desk)
        for number in range(len(self.visit.case.sheet)):
            choice = self.script.choice(self.visit.case, number, suggestion)
            self._decide(opinions.otherwise(self.script, self.mood, choice, suggestion), number, suggestion, known)
        *first, last = self.visit.case.doctor
        for plan in first:
            self._sign("route_imaging", plan, suggestion, known)
            self._image(plan["modality"], True, self.surgeon)
        self._sign("decide", last, suggestion, known)
        return suggestion

    def _decide(self, choice: Choice, number: int, suggestion: Suggestion, known: Mapping[str, object]) -> None:
        """Let the nurse decide, now and then the surgeon; now and then it is undone at once and decided again."""
        shares = self.script.day["shares"]
        who = self.surgeon if self.mood.random() < shares["surgeon_triages"][number > 0] else self.nurse
        if choice.route not in _IMAGED and self.mood.random() < shares["undone"]:
            self._triage(choice, who, suggestion, known)
            self.move("recall", who, timedelta(minutes=self.mood.randint(1, 4)))
        self._triage(choice, who, suggestion, known)

    def move(self, step: str, who: Actor, after: timedelta | None = None) -> None:
        """Take the visit one step on, after some minutes or after exactly so long."""
        before, self.stage = self.stage, lifecycle.after(step, self.stage)
        self.rows[StageChange].append({
            "id": new_id(), "encounter_id": self.id, "from_stage": before, "to_stage": self.stage, "step": step,
            "at": self.wait(after), "staff_id": who.staff_id,
        })  # fmt: skip

    def _triage(self, choice: Choice, who: Actor, suggestion: Suggestion, known: Mapping[str, object]) -> None:
        self.rows[TriageDecision].append({
            "id": new_id(), "encounter_id": self.id, "at": self.wait(), "staff_id": who.staff_id,
            "acuity": choice.acuity, "route": choice.route, "modality": choice.modality or None,
            "accepted": not choice.reason, "reason": choice.reason, "note": choice.note,
            "suggestion": suggestion.as_dict(), "findings": dict(known), "ruleset": suggestion.ruleset,
            "ruleset_hash": suggestion.ruleset_hash,
        })  # fmt: skip
        then_specialist = choice.route == SPECIALIST
        self.row |= {"acuity": choice.acuity, "route": choice.route, "then_specialist": then_specialist}
        self.move(lifecycle.ROUTES[choice.route], who)
        if self.stage == lifecycle.IMAGING:
            self._image(choice.modality, then_specialist, who)

    def _image(self, modality: str, then_specialist: bool, who: Actor) -> None:
        order = {
            "id": new_id(), "site_id": self.site_id, "encounter_id": self.id, "modality": modality,
            "status": "completed", "then_specialist": then_specialist, "requested_by": who.staff_id,
            "requested_at": self.now,
            "ordered_by": self.surgeon.staff_id, "ordered_at": self.wait(), "started_by": self.radiographer.staff_id,
            "started_at": self.wait(), "identity": list(IDENTITY), "pregnancy": self._pregnancy(), "version": 4,
            "updated_by": self.radiographer.name,
        }  # fmt: skip
        self.move("image_to_specialist" if then_specialist else "image_back_to_nurse", self.radiographer)
        self.rows[ImagingOrder].append({**order, "ended_at": self.now, "updated_at": self.now})
        self.rows[ExposureRecord].append({
            "id": new_id(), "order_id": order["id"], "views": self.visit.case.views, "version": 2,
            "exposure": self.exposures[modality], "performed_by": self.radiographer.staff_id, "performed_at": self.now,
            "signed_by": self.surgeon.staff_id, "signed_at": self.now, "updated_by": self.surgeon.name,
            "updated_at": self.now,
        })  # fmt: skip

    def _pregnancy(self) -> str:
        male = self.visit.person.columns["sex"] == "male"
        return imaging.NOT_APPLICABLE if male else imaging.NOT_PREGNANT

    def _sign(self, step: str, plan: Mapping[str, Any], suggestion: Suggestion, known: Mapping[str, object]) -> None:
        self.move(step, self.surgeon)
        self.rows[TreatmentDecision].append({
            "id": new_id(), "encounter_id": self.id, "at": self.now, "staff_id": self.surgeon.staff_id,
            **choices.of_the_past(plan, self.now.date()).stored(),
            "seen": {"findings": dict(known), "suggestion": suggestion.as_dict()},
        })  # fmt: skip
