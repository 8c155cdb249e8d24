"""Compares what two rulesets advise for the same findings, and counts what would change and which cases."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from triage.domain.gate import EMERGENCY_LEVEL, EMERGENCY_ROUTE, is_emergency
from triage.domain.rules import outcome
from triage.domain.ruleset import Ruleset

#: Kinds of change, the gravest first. Those that lose an emergency are all kept, of the others the gravest.
LOST, LOWERED, FOUND, RAISED, REROUTED, IMAGED = KINDS = ("lost", "lowered", "found", "raised", "rerouted", "imaged")
KEPT = 200


@dataclass(frozen=True)
class Advice:
    """What one ruleset advises for one case; rules are the ids of those that fired."""

    acuity: str
    level: int
    route: str
    imaging: tuple[str, ...]
    rules: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[str, int, str, tuple[str, ...]]:
        """Return what the clinic would notice: acuity, level, route, imaging."""
        return (self.acuity, self.level, self.route, self.imaging)

    @property
    def is_emergency(self) -> bool:
        """Tell whether the clinic would treat it as an emergency."""
        return is_emergency(self.level, self.route)


@dataclass(frozen=True)
class Change:
    """One case for which the draft advises something else; rules are those that fire or advise differently."""

    case: str
    before: Advice
    after: Advice
    rules: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Return the gravest thing that happens to the case."""
        if loses_emergency(self.before, self.after):
            return LOST
        if self.after.level != self.before.level:
            return LOWERED if self.after.level > self.before.level else self._upwards()
        if (self.after.acuity, self.after.route) != (self.before.acuity, self.before.route):
            return self._upwards(REROUTED)
        return IMAGED

    def _upwards(self, otherwise: str = RAISED) -> str:
        return FOUND if self.after.is_emergency and not self.before.is_emergency else otherwise

    @property
    def severity(self) -> tuple[int, int, str]:
        """Return the place in the list: kind, then how far it falls or rises, then the case."""
        return (KINDS.index(self.kind), -abs(self.after.level - self.before.level), self.case)

    def as_dict(self) -> dict[str, Any]:
        """Return the change as JSON values; from_dict reads it back."""
        both = {"before": list(self.before.said), "after": list(self.after.said)}
        return {"case": self.case, **both, "rules": list(self.rules)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Change":
        """Return the change that as_dict wrote."""
        before, after = (Advice(a, level, route, tuple(i)) for a, level, route, i in (data["before"], data["after"]))
        return cls(data["case"], before, after, tuple(data["rules"]))


def loses_emergency(before: Advice, after: Advice) -> bool:
    """Tell whether what made the case an emergency, its level or its route, is gone."""
    calmer = before.level <= EMERGENCY_LEVEL < after.level
    return calmer or before.route == EMERGENCY_ROUTE != after.route


@dataclass
class Tally:
    """The counts of a simulation so far, and the changed cases it keeps.

    Counters of pairs (before, after): acuity, level, route. kinds: per kind of change. rules: per rule and kind.
    """

    cases: int = 0
    acuity: Counter[tuple[str, str]] = field(default_factory=Counter)
    level: Counter[tuple[str, str]] = field(default_factory=Counter)
    route: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """Return how many cases are advised differently."""
        return self.kinds.total()

    @property
    def lost(self) -> list[Change]:
        """Return every case that would no longer be an emergency."""
        return [change for change in self.changes if change.kind == LOST]

    @property
    def by_rule(self) -> dict[str, Counter[str]]:
        """Return for each rule that makes a change how many of each kind, the rule with the gravest first."""
        found: dict[str, Counter[str]] = {}
        for (rule, kind), n in self.rules.items():
            found.setdefault(rule, Counter())[kind] += n
        return dict(sorted(found.items(), key=lambda item: ([-item[1][kind] for kind in KINDS], item[0])))

    def add(self, case: str, before: Advice, after: Advice, altered: frozenset[str] = frozenset()) -> None:
        """Count one case. altered: the rules that advise something else in the draft than now."""
        self.cases += 1
        self.acuity[before.acuity, after.acuity] += 1
        self.level[str(before.level), str(after.level)] += 1
        self.route[before.route, after.route] += 1
        if before.said != after.said:
            change = Change(case, before, after, _differing(before, after, altered))
            self.kinds[change.kind] += 1
            self.rules.update((rule, change.kind) for rule in change.rules)
            self.changes.append(change)

    def trim(self) -> "Tally":
        """Order the kept changes, the gravest first, and drop what is beyond the limit; lost ones all stay."""
        ordered = sorted(self.changes, key=lambda change: change.severity)
        self.changes = ordered[: max(KEPT, self.kinds[LOST])]
        return self

    def merged(self, *others: "Tally") -> "Tally":
        """Return all tallies as one, as if their cases had been counted together."""
        every = (self, *others)
        counters = {name: sum((getattr(one, name) for one in every), Counter[Any]()) for name in _COUNTERS}
        changes = [change for one in every for change in one.changes]
        return Tally(sum(one.cases for one in every), **counters, changes=changes).trim()

    def as_dict(self) -> dict[str, Any]:
        """Return the tally as JSON values; from_dict reads it back."""
        pairs = {name: [[*key, n] for key, n in sorted(getattr(self, name).items())] for name in _PAIRS}
        kept = [change.as_dict() for change in self.changes]
        return {"cases": self.cases, **pairs, "kinds": dict(self.kinds), "changes": kept}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Tally":
        """Return the tally that as_dict wrote; an empty one for empty data."""
        pairs = {name: Counter({(a, b): n for a, b, n in data.get(name, ())}) for name in _PAIRS}
        kept = [Change.from_dict(change) for change in data.get("changes", ())]
        return cls(data.get("cases", 0), **pairs, kinds=Counter(data.get("kinds", {})), changes=kept)


_PAIRS = ("acuity", "level", "route", "rules")
_COUNTERS = (*_PAIRS, "kinds")


def advise(ruleset: Ruleset, findings: Mapping[str, object]) -> Advice:
    """Return what the ruleset advises for the findings, without the reasons' texts and the questions still open."""
    got = outcome(ruleset, findings)
    fired = tuple(rule.id for rule in (*got.rules, *got.restrictions))
    return Advice(got.acuity, got.level, got.route, got.imaging, fired)


def compare(now: Ruleset, draft: Ruleset, cases: Iterable[tuple[str, Mapping[str, object]]]) -> Tally:
    """Return what changes for the cases (id, findings) when the draft replaces the rules of now."""
    tally, altered = Tally(), altered_rules(now, draft)
    for case, findings in cases:
        tally.add(case, advise(now, findings), advise(draft, findings), altered)
    return tally.trim()


def altered_rules(now: Ruleset, draft: Ruleset) -> frozenset[str]:
    """Return the rules of both rulesets that give another acuity, level, route or imaging in the draft."""
    before, after = dict(_advising(now)), dict(_advising(draft))
    return frozenset(rule for rule, advice in before.items() if rule in after and after[rule] != advice)


def _advising(ruleset: Ruleset) -> Iterator[tuple[str, object]]:
    for rule in (*ruleset.rules, ruleset.default, *(r.rule for r in ruleset.restrictions)):
        yield rule.id, (rule.acuity, rule.level, rule.route, rule.imaging)


def _differing(before: Advice, after: Advice, altered: frozenset[str]) -> tuple[str, ...]:
    one, other = set(before.rules), set(after.rules)
    return tuple(sorted((one ^ other) | (one & other & altered)))
