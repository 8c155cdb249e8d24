"""How far rules, nurse and surgeon agree at one site in one period, counted in one pass."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, select
from sqlalchemy.orm import aliased

from triage import knowledge
from triage.db import session
from triage.domain.access import Actor
from triage.domain.agreement import Table, Tally
from triage.domain.gate import LEVELS
from triage.domain.judgements import TRIAGE, Judged, Step, deciding, judge
from triage.knowledge import Knowledge, KnowledgeError
from triage.models import Emergency, Encounter, TriageDecision
from triage.services import rulesets
from triage.services.judgements import Period, in_period, visits

__all__ = [
    "COMPARED",
    "NOT_COMPARED",
    "Alarms",
    "Period",
    "Report",
    "Version",
    "categories",
    "fired",
    "names",
    "report",
]

#: What is compared: name -> kind of its categories. "seen": the surgeon decided with images of this visit in hand.
COMPARED = {
    "rules_nurse_level": "level", "rules_nurse_acuity": "acuity", "rules_nurse_route": "route",
    "rules_surgeon_level": "level", "rules_surgeon_way": "way", "rules_surgeon_way_seen": "way",
    "nurse_surgeon_level": "level", "nurse_surgeon_way": "way", "nurse_surgeon_way_seen": "way",
}  # fmt: skip
#: Shown as pairs and not as agreement: what the surgeon knew, the others could not know.
NOT_COMPARED = ("rules_surgeon_way_seen", "nurse_surgeon_way_seen")


@dataclass
class Version:
    """One version of the rules: how its suggestions were taken, first and last decided on when."""

    first: datetime
    last: datetime
    tally: Tally = field(default_factory=Tally)


@dataclass
class Alarms:
    """Emergencies of one origin: how many, and how many two people took back."""

    n: int = 0
    withdrawn: int = 0


@dataclass
class Report:
    """Everything the page shows. deciding: rule "" stands for one that the rules known today do not name."""

    tables: dict[str, Table]
    all: Tally = field(default_factory=Tally)
    fired: dict[str, Tally] = field(default_factory=dict)
    deciding: dict[str, Tally] = field(default_factory=dict)
    versions: dict[tuple[str, str], Version] = field(default_factory=dict)
    alarms: dict[str, Alarms] = field(default_factory=dict)
    visits: int = 0
    recalled: int = 0


def categories(known: Knowledge, kind: str) -> tuple[Any, ...]:
    """Return the categories of a comparison, the most urgent first."""
    if kind == "level":
        return tuple(LEVELS)
    if kind == "way":
        return tuple(way.id for way in known.ways)
    return tuple(known.acuities if kind == "acuity" else known.routes)


def _acuities(known: Knowledge) -> dict[str, tuple[str, int]]:
    """Return the acuity and the level of every rule."""
    return {rule.id: (rule.acuity, rule.level) for rule in (*known.ruleset.rules, known.ruleset.default)}


def report(actor: Actor, period: Period, rule: str = "") -> Report:
    """Return the figures of the actor's site in a period; with ``rule``, of the decisions on its suggestions alone."""
    counter = _Counter(actor, rule)
    for steps in visits(actor, *in_period(period), *_with(rule)):
        counter.visit(steps)
    counter.alarms(period)
    return counter.report


def _with(rule: str) -> Iterable[ColumnElement[bool]]:
    """Yield what keeps visits out in which the rule never fired; what it lets in is looked at again."""
    if rule:
        on = aliased(TriageDecision)
        yield select(on.id).where(on.encounter_id == Encounter.id, names(on.suggestion, rule)).exists()


def names(suggestion: Any, rule: str) -> ColumnElement[bool]:
    """Return the condition that a stored suggestion holds the rule's id somewhere."""
    return cast(suggestion, Text).contains(f'"{rule}"', autoescape=True)


def fired(step: Step) -> list[str]:
    """Return the rules that fired in the suggestion a decision answered."""
    return [reason["rule"] for reason in (step.suggestion or {}).get("reasons", ())]


class _Counter:
    """Counts one visit after the other into a report."""

    def __init__(self, actor: Actor, rule: str) -> None:
        known = rulesets.in_force(actor.site_id)
        self.actor, self.rule = actor, rule
        self.report = Report({name: Table(categories(known, kind)) for name, kind in COMPARED.items()})
        self.today = _acuities(knowledge.load()) | _acuities(known)
        self.published = {entry.content_hash: entry.version for entry in rulesets.list_publications(actor)}
        self.versions = {known.ruleset.hash: _acuities(known)}
        self.way = {route: way.id for way in known.ways for route in way.routes}
        self.decided = {kind: way.id for way in known.ways for kind in way.decisions}
        self.class_of = {
            level: next((a.id for a in known.acuities.values() if level <= a.level), "") for level in LEVELS
        }

    def visit(self, steps: Iterable[Step]) -> None:
        """Count one visit: its first decisions that stand."""
        judged = judge(steps, self.decided)
        answers = [step for step in judged.triaged if step.suggestion and self.rule in ("", *fired(step))]
        self.report.visits += 1
        self.report.recalled += len(judged.recalled)
        for step in answers:
            self._answer(step)
        if answers or not self.rule:
            self._compare(judged)

    def _answer(self, step: Step) -> None:
        suggestion = step.suggestion or {}
        decider = deciding(suggestion, self._acuities_in(step.ruleset_hash))
        key = (step.ruleset, step.ruleset_hash)
        version = self.report.versions.setdefault(key, Version(step.at, step.at))
        version.first, version.last = min(version.first, step.at), max(version.last, step.at)
        tallies = [self.report.all, version.tally, self.report.deciding.setdefault(decider, Tally())]
        tallies += [self.report.fired.setdefault(name, Tally()) for name in dict.fromkeys(fired(step))]
        for tally in tallies:
            tally.add(suggestion, step.level or 0, step.route, step.reason)

    def _acuities_in(self, version: str) -> dict[str, tuple[str, int]]:
        """Return the acuities of the rules as that version had them, of today's rules where it is no longer there."""
        if version not in self.versions:
            try:
                kept = self.published.get(version)
                self.versions[version] = _acuities(rulesets.knowledge_of(kept)) if kept else self.today
            except KnowledgeError:  # written for an earlier program
                self.versions[version] = self.today
        return self.versions[version]

    def _compare(self, judged: Judged) -> None:
        nurse, surgeon = judged.nurse, judged.surgeon
        seen = "_seen" if judged.imaged else ""
        if nurse is not None and nurse.suggestion:
            self._add("rules_nurse_level", nurse.suggestion["level"], nurse.level)
            classes = (self.class_of.get(nurse.suggestion["level"]), self.class_of.get(nurse.level or 0))
            self._add("rules_nurse_acuity", *classes)
            self._add("rules_nurse_route", nurse.suggestion["route"], nurse.route)
        if surgeon is not None and surgeon.suggestion:
            self._add("rules_surgeon_level", surgeon.suggestion["level"], surgeon.level)
            self._add(f"rules_surgeon_way{seen}", self.way.get(surgeon.suggestion["route"]), self._way(surgeon))
        if nurse is not None and surgeon is not None:
            self._add("nurse_surgeon_level", nurse.level, surgeon.level)
            self._add(f"nurse_surgeon_way{seen}", self._way(nurse), self._way(surgeon))

    def _way(self, step: Step) -> str | None:
        return self.way.get(step.route) if step.what == TRIAGE else self.decided.get(step.kind)

    def _add(self, name: str, first: object, second: object) -> None:
        """Count the pair where both said something that is still in use."""
        table = self.report.tables[name]
        if first in table.categories and second in table.categories:
            table.add(first, second)

    def alarms(self, period: Period) -> None:
        """Count the emergencies by origin, and those taken back; they are pinned without a decision on the sheet."""
        query = select(Emergency.cause, Emergency.outcome, Emergency.rules).join(Emergency.encounter)
        for cause, outcome, rules in session.execute(
            query.where(Emergency.site_id == self.actor.site_id, *in_period(period))
        ):
            if self.rule and self.rule not in rules:
                continue
            found = self.report.alarms.setdefault(cause, Alarms())
            found.n += 1
            found.withdrawn += outcome == "withdrawn"
