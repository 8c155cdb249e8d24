"""What speaks for and against each treatment, and what is unknown, for the surgeon to weigh.

A candidate is "against" only by something known: a contra-indication that holds, a prerequisite that is not met, or
indications that are all known to be absent. It is "for" only when an indication is known, every prerequisite is known
to be met and every contra-indication, also a relative one, is known to be absent. Everything between is "unknown",
with what would have to be asked. Where no source gives an indication there is nothing to weigh: "surgeon". The order
is the clinic's own, never a ranking.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from triage.domain.candidate import Candidate, Point, Reading
from triage.domain.conditions import Condition, Values, Verdict
from triage.domain.ruleset import Rule, Ruleset

#: Key under which the verdict on the warning rules stands among the values; no finding has such a name.
WARNING = "*warning"
INDICATION, NEEDED, RISK = ("indication",), ("prerequisite",), ("contraindication", "relative")
STATES: dict[Verdict, str] = {True: "met", False: "not_met", None: "unknown"}


@dataclass(frozen=True)
class Warned:
    """Holds when an emergency or urgent rule fires on what is known; open while an urgent question is.

    rules: those with a route, because a mere shorter wait is no warning. asked: the findings of the urgent questions.
    strict_of: the rules' conditions, in which a missing answer makes nothing true, by the rules' ids.
    """

    rules: tuple[Rule, ...]
    asked: tuple[str, ...]
    strict_of: Mapping[str, Condition]

    def verdict(self, values: Values) -> Verdict:
        """Return whether one of the rules fires; None too where it fires only because something was not asked."""
        fired = [rule for rule in self.rules if rule.when.test(values)]
        if any(self.strict_of[rule.id].test(values) for rule in fired):
            return True
        return False if not fired and all(name in values for name in self.asked) else None

    def test(self, values: Values) -> Verdict:
        """Return the verdict that was computed once for all criteria."""
        verdict: Verdict = values[WARNING]
        return verdict

    def true_names(self, values: Values) -> Iterator[str]:
        """Yield the findings that fired the rules."""
        for condition in self.strict_of.values():
            if condition.test(values):
                yield from condition.true_names(values)

    def open_names(self, values: Values, seen: set[str]) -> Iterator[str]:
        """Yield what the fired rules wait for, then the findings of urgent questions that nobody answered."""
        for rule in self.rules:
            if rule.when.test(values):
                yield from self.strict_of[rule.id].open_names(values, seen)
        yield from (name for name in self.asked if name not in values)

    def names(self) -> Iterator[str]:
        """Yield the findings of the urgent questions."""
        return iter(self.asked)


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One criterion; kind: indication, prerequisite, contraindication or relative (contra-indication).

    not_if: what, once known, settles that ``when`` does not hold although one of its findings is unknown.
    """

    id: str
    of: tuple[str, ...]
    kind: str
    when: Condition
    text: Mapping[str, str]
    sources: tuple[str, ...]
    url: str
    status: str
    not_if: Condition | None = None
    expression: str = ""

    def test(self, values: Values) -> Verdict:
        """Return whether the criterion holds, None when that is unknown."""
        verdict = self.when.test(values)
        if verdict is None and self.not_if is not None and self.not_if.test(values):
            return False
        return verdict

    def point(self, verdict: Verdict, values: Values) -> Point:
        """Return what the criterion says with this verdict, and the findings it rests on or waits for."""
        facts = tuple(dict.fromkeys(self._names(verdict, values)))
        return Point(
            self.id, self.kind, STATES[verdict], self.text, facts, self.sources, self.url, self.status
        )  # fmt: skip

    def _names(self, verdict: Verdict, values: Values) -> Iterable[str]:
        if verdict:
            return self.when.true_names(values)
        if verdict is None:
            return self.when.open_names(values, set())
        return [name for name in self.when.names() if name in values]


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """A treatment and its criteria; none where no source gives an indication."""

    id: str
    short: Mapping[str, str]
    label: Mapping[str, str]
    note: Mapping[str, str]
    sources: tuple[str, ...]
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, kw_only=True)
class Otherwise:
    """The treatments under another reading of one definition, as far as that definition touches them.

    changed: the definition in that reading, and what rests on it, in order.
    """

    definition: str
    reading: str
    text: Mapping[str, str]
    changed: Mapping[str, Condition]
    treatments: Mapping[str, Treatment]

    def values(self, values: Values) -> dict[str, Any]:
        """Return the values with the changed definitions."""
        found = dict(values)
        for name, condition in self.changed.items():
            found[name] = condition.test(found)
        return found


@dataclass(frozen=True, kw_only=True)
class Candidacy:
    """The treatments in the clinic's order, the rules they share with the suggestion, and the other readings."""

    ruleset: Ruleset
    treatments: tuple[Treatment, ...]
    warned: Warned
    otherwise: tuple[Otherwise, ...] = ()


def candidates(candidacy: Candidacy, findings: Mapping[str, object]) -> tuple[Candidate, ...]:
    """Return every treatment in the clinic's order; a finding that is absent is unknown and never speaks against."""
    values = candidacy.ruleset.values(findings)
    values[WARNING] = candidacy.warned.verdict(values)
    others = [(other, other.values(values)) for other in candidacy.otherwise]
    asked = _Asked(values)
    return tuple(
        _weigh(treatment, asked, tuple(_reading(o, treatment.id, v) for o, v in others if treatment.id in o.treatments))
        for treatment in candidacy.treatments
    )


def _reading(other: Otherwise, treatment: str, values: Values) -> Reading:
    tested = [(criterion, criterion.test(values)) for criterion in other.treatments[treatment].criteria]
    return Reading(definition=other.definition, reading=other.reading, text=other.text, verdict=_verdict(tested))


@dataclass(frozen=True)
class _Asked:
    """The criteria that were asked already: several treatments share some."""

    values: Values
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    points: dict[str, Point] = field(default_factory=dict)

    def verdict(self, criterion: Criterion) -> Verdict:
        if criterion.id not in self.verdicts:
            self.verdicts[criterion.id] = criterion.test(self.values)
        return self.verdicts[criterion.id]

    def point(self, criterion: Criterion) -> Point:
        if criterion.id not in self.points:
            self.points[criterion.id] = criterion.point(self.verdict(criterion), self.values)
        return self.points[criterion.id]


def _weigh(treatment: Treatment, asked: _Asked, readings: tuple[Reading, ...]) -> Candidate:
    tested = [(criterion, asked.verdict(criterion)) for criterion in treatment.criteria]

    def points(kinds: tuple[str, ...], *verdicts: Verdict) -> tuple[Point, ...]:
        return tuple(asked.point(c) for c, verdict in tested if c.kind in kinds and verdict in verdicts)

    met = points(INDICATION, True)
    open_ = () if met else points(INDICATION, None)
    absent = () if met or open_ else points(INDICATION, False)
    return Candidate(
        procedure=treatment.id, short=treatment.short, label=treatment.label, note=treatment.note,
        sources=treatment.sources, verdict=_verdict(tested), for_=met, against=absent + points(RISK, True),
        unknown=open_ + points(RISK, None), prerequisites=points(NEEDED, True, False, None), other_readings=readings,
    )  # fmt: skip


def _verdict(tested: Iterable[tuple[Criterion, Verdict]]) -> str:
    """Return the verdict; a relative contra-indication that holds leaves it open, to be weighed by the surgeon."""
    found: dict[str, set[Verdict]] = {}
    for criterion, verdict in tested:
        found.setdefault(criterion.kind, set()).add(verdict)
    if not found:
        return "surgeon"
    indicated, needed, risks = (set().union(*(found.get(k, ()) for k in kinds)) for kinds in (INDICATION, NEEDED, RISK))
    if indicated == {False} or False in needed or True in found.get("contraindication", ()):
        return "against"
    return "for" if True in indicated and needed <= {True} and risks <= {False} else "unknown"


def candidates_of(knowledge: Any, findings: Mapping[str, object], lang: str = "en") -> list[dict[str, Any]]:
    """Return the candidates under this knowledge as JSON values, texts in the language."""
    return [candidate.as_dict(lang) for candidate in candidates(knowledge.candidacy, findings)]
