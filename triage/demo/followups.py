"""Patients who are followed up: most answer as asked, one is to be asked now, a few have complications."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import new_id, session
from triage.demo.clinic import Team
from triage.demo.reading import FOLDER
from triage.domain import outcomes as rules
from triage.domain.access import Actor
from triage.domain.outcomes import ANSWERED, BASELINE, OPEN, PARTLY, PROCEDURE, Treatment, Window
from triage.models import (
    Complication,
    Encounter,
    Outcome,
    OutcomeChange,
    OutcomeContact,
    OutcomePoint,
    OutcomeSeries,
    Pathway,
    TreatmentDecision,
)
from triage.services import outcomes
from triage.services import pathway_rows as rows
from triage.services.organisations import today

NOON = time(12)
#: The operation so many days ago, and what is worth seeing of it: the rest is as the dice fall.
STORIES = ((100, "answered"), (112, "overdue"), (121, "complication"), (400, "reoperation"))
#: Followed up since then.
YEARS = timedelta(days=3 * 365)
#: How likely a point is answered, answered in part, and how likely a complication is.
ANSWERS, IN_PART, WRONG = 0.86, 0.06, 0.08


@dataclass(frozen=True)
class _Case:
    patient_id: str
    treatment: Treatment
    index_day: date | None
    decided_on: date
    story: str = ""


@cache
def _typical() -> dict[str, tuple[list[float], float]]:
    """Return what is typical at the points and how far people differ, by measure."""
    text = (FOLDER / "followups.toml").read_text(encoding="utf-8")
    return {name: (found["typical"], found["spread"]) for name, found in tomllib.loads(text).items()}


def add(team: Team) -> None:
    """Follow them up inside the verb that writes the clinic's file, without an event for each answer."""
    nurse = team["nurse"]
    for number, case in enumerate([*_on_the_way(nurse), *_operated(nurse)]):
        _Course(nurse, case, Random(f"{number} {case.decided_on}")).play()  # noqa: S311
    session.flush()


def _on_the_way(actor: Actor) -> Iterator[_Case]:
    for pathway in session.scalars(select(Pathway).where(Pathway.visible_to(actor)).order_by(Pathway.decided_on)):
        if rows.is_followed_up(pathway):
            yield _Case(pathway.patient_id, rows.treatment_of(pathway), pathway.operated_on, pathway.decided_on)


def _operated(actor: Actor) -> Iterator[_Case]:
    """Yield earlier decisions for an operation, one of each patient who is not on the way now."""
    query = (
        select(TreatmentDecision, Encounter.patient_id, Encounter.ticket_date)
        .join(Encounter, Encounter.id == TreatmentDecision.encounter_id)
        .where(Encounter.site_id == actor.site_id, TreatmentDecision.procedure != "")
        .where(Encounter.patient_id.not_in(select(Pathway.patient_id)), TreatmentDecision.at > clock.now() - YEARS)
    )
    stories, day, seen = list(STORIES), today(actor.site_id), set[str]()
    for decision, patient_id, decided_on in session.execute(
        query.order_by(TreatmentDecision.at.desc(), Encounter.ticket)
    ):
        template = knowledge.load().flow.pathways.of(decision.procedure)
        if template is None or not template.followed_up or patient_id in seen:
            continue
        seen.add(patient_id)
        story = next((one for one in stories if day - decided_on > timedelta(days=one[0] + 10)), None)
        if story:
            stories.remove(story)
        on = day - timedelta(days=story[0]) if story else decided_on + timedelta(days=24)
        named = (decision.procedure, decision.staff_id, decision.level, decision.side)
        if on < day:
            yield _Case(patient_id, Treatment(PROCEDURE, *named), on, decided_on, story[1] if story else "")


class _Course:
    """Writes one follow-up as if everybody had noted each answer on its day."""

    def __init__(self, actor: Actor, case: _Case, rng: Random) -> None:
        self.actor, self.case, self.rng, self.today = actor, case, rng, today(actor.site_id)

    def play(self) -> None:
        """Begin, answer what is due by now, and note what went wrong."""
        index_day = self.case.index_day
        self.series = OutcomeSeries(
            id=new_id(), site_id=self.actor.site_id, patient_id=self.case.patient_id, index_day=index_day,
            begun_at=self._noon(self.case.decided_on), begun_by=self.actor.staff_id, updated_by=self.actor.name,
            updated_at=self._noon(self.case.decided_on), **self.case.treatment.columns(),
        )  # fmt: skip
        session.add(self.series)
        session.flush()
        self._note("planned", self.case.decided_on)
        if index_day is None:
            first = self.case.decided_on - timedelta(days=outcomes.known().points[BASELINE].before)
            self._point(0, BASELINE, Window(first, self.today, self.today + timedelta(days=rules.PLANNED_DAYS)))
            return
        self._note("begun", index_day, index_day.isoformat())
        for place, (name, point) in enumerate(outcomes.known().points.items()):
            self._point(place, name, point.window(index_day))
        self._complication(index_day)

    def _noon(self, day: date) -> datetime:
        noon = datetime.combine(day, NOON, ZoneInfo(self.actor.time_zone))
        return min(noon, clock.now())

    def _note(self, kind: str, day: date, now: str = "") -> None:
        who = self.actor.staff_id
        session.add(OutcomeChange(series_id=self.series.id, kind=kind, at=self._noon(day), staff_id=who, now=now))

    def _point(self, place: int, name: str, window: Window) -> None:
        asked = self.case.decided_on if name == BASELINE else window.due + timedelta(days=self.rng.randint(-12, 25))
        values = self._values(place) if max(asked, window.opens) <= self.today and self._answers(name, window) else {}
        status = rules.status_after(outcomes.known().core, values.keys())
        point = OutcomePoint(
            id=new_id(), site_id=self.actor.site_id, series_id=self.series.id, point=name, opens=window.opens,
            due=window.due, closes=window.closes, status=status, answered_on=asked if status == ANSWERED else None,
        )  # fmt: skip
        session.add(point)
        session.flush()
        how = "in_person" if name == BASELINE else self.rng.choice(("in_person", "paper", "telephone"))
        self._keep(point, values, asked, how)
        if status in (OPEN, PARTLY) and window.due < self.today:
            self._tried(point, min(window.due + timedelta(days=5), self.today))

    def _answers(self, name: str, window: Window) -> bool:
        is_open = window.closes >= self.today and name != BASELINE
        if self.case.story == "overdue" and is_open:
            return False
        return (self.case.story == "answered" and is_open) or self.rng.random() < ANSWERS

    def _values(self, place: int) -> dict[str, float]:
        known, found = outcomes.known().measures, {}
        for name, (typical, spread) in _typical().items():
            measure = known[name]
            drawn = round(self.rng.gauss(typical[place], spread), measure.decimals)
            found[name] = min(max(drawn, measure.minimum), measure.maximum)
        if self.case.story != "answered" and self.rng.random() < IN_PART:
            del found["odi"]
        return found

    def _keep(self, point: OutcomePoint, values: Mapping[str, float], day: date, how: str) -> None:
        session.add_all(
            Outcome(
                point_id=point.id, measure=name, revision=1, value=value, day=day, how=how, at=self._noon(day),
                staff_id=self.actor.staff_id,
            )
            for name, value in values.items()
        )  # fmt: skip

    def _tried(self, point: OutcomePoint, day: date) -> None:
        point.attempts, point.attempted_at, point.attempt = 1, self._noon(day), "not_reached"
        who = {"staff_id": self.actor.staff_id, "at": self._noon(day)}
        session.add(OutcomeContact(point_id=point.id, result="not_reached", note="", **who))

    def _complication(self, index_day: date) -> None:
        told, again = self.case.story == "complication", self.case.story == "reoperation"
        if not (told or again or self.rng.random() < WRONG):
            return
        kind = "infection_deep" if again else "dural_tear" if told else self.rng.choice(("haematoma", "general"))
        day = index_day + timedelta(days=12 if again else 0)
        session.add(
            Complication(
                series_id=self.series.id, kind=kind, day=day, grade="3" if again else "1", reoperation=again,
                at=self._noon(day), staff_id=self.case.treatment.surgeon_id,
            )
        )  # fmt: skip
