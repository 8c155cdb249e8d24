"""The clinical rules as data, and their evaluation in three-valued logic.

A rule fires when its condition is known to be true. The most urgent rule that fires decides the
acuity; the routes are settled by the ruleset's own table; nothing here knows a symptom by name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from triage.domain.conditions import Condition, Values
from triage.domain.findings import Finding
from triage.domain.suggestion import Reason, Suggestion


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One clinical rule. route None leaves the route to the other rules (it only changes the wait).

    rank: 0 for the most urgent acuity; set by the ruleset's order of acuities.
    asks: false for a milder reading of another rule, which already asks for the findings of both.
    """

    id: str
    expression: str
    when: Condition
    acuity: str
    rank: int
    level: int
    route: str | None
    imaging: tuple[str, ...]
    actions: tuple[str, ...]
    text: Mapping[str, str]
    sources: tuple[str, ...]
    url: str
    status: str
    note: str = ""
    asks: bool = True

    def reason(self, values: Values) -> Reason:
        """Return why the rule fired for these values."""
        facts = tuple(dict.fromkeys(self.when.true_names(values)))
        return Reason(self.id, self.text, self.sources, facts, self.url)


@dataclass(frozen=True, kw_only=True)
class Combination:
    """What becomes of a route when a less urgent rule asks for another one."""

    chosen: tuple[str, ...]
    also: tuple[str, ...]
    becomes: str


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """What imaging is enough where the findings point to one part of the spine only."""

    when: Condition
    of: tuple[str, ...]
    to: str


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """A rule that closes routes and kinds of imaging to a patient, and says which route is left."""

    rule: Rule
    closes: tuple[str, ...]
    drops: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Ruleset:
    """One version of the rules with everything needed to settle them against each other.

    routes: the order in which a route wins. covers: imaging that makes other imaging superfluous.
    unhurried: actions that have no place in an emergency. modality_of: the machine each imaging needs.
    """

    version: str
    hash: str
    vocabulary: Mapping[str, Finding]
    definitions: Mapping[str, Condition]
    rules: tuple[Rule, ...]
    default: Rule
    routes: tuple[str, ...]
    combinations: tuple[Combination, ...]
    narrowings: tuple[Narrowing, ...]
    restrictions: tuple[Restriction, ...]
    covers: Mapping[str, tuple[str, ...]]
    unhurried: frozenset[str] = frozenset()
    modality_of: Mapping[str, str] = field(default_factory=dict)

    def values(self, findings: Mapping[str, object]) -> dict[str, Any]:
        """Return the known findings together with the verdict of every definition."""
        values: dict[str, Any] = {
            name: value
            for name, value in findings.items()
            if value is not None or self.vocabulary[name].null_means == "none"
        }
        for name, condition in self.definitions.items():
            values[name] = condition.test(values)
        return values


def evaluate(ruleset: Ruleset, findings: Mapping[str, object]) -> Suggestion:
    """Return what the rules advise for the findings; a finding that is absent is unknown.

    Raises KeyError for a null under a name that is not in the vocabulary.
    """
    values = ruleset.values(findings)
    fired, undecided = _sort_out(ruleset, values)
    top = min(fired, key=lambda rule: (rule.rank, rule.level), default=ruleset.default)
    deciding = fired if any(rule.route for rule in fired) else [*fired, ruleset.default]
    route, imaging, restrictions = _restricted(ruleset, values, fired, top)
    return Suggestion(
        acuity=top.acuity,
        level=top.level,
        route=route,
        imaging=imaging,
        actions=_actions(ruleset, deciding, top),
        reasons=tuple(rule.reason(values) for rule in deciding + [r.rule for r in restrictions]),
        unknown=_unknown(ruleset, values, fired, undecided, top),
        provisional=any(rule.rank < top.rank for rule in undecided),
        ruleset=ruleset.version,
        ruleset_hash=ruleset.hash,
    )


def _restricted(
    ruleset: Ruleset, values: Values, fired: list[Rule], top: Rule
) -> tuple[str, tuple[str, ...], list[Restriction]]:
    """Return route and imaging after the restrictions that hold; in an emergency they are only said."""
    route, imaging = _route(ruleset, fired), _imaging(ruleset, values, fired)
    restrictions = []
    for restriction in ruleset.restrictions:
        touches = route in restriction.closes or set(imaging).intersection(restriction.drops)
        if touches and restriction.rule.when.test(values):
            restrictions.append(restriction)
            if top.rank == 0:
                continue
            route = restriction.rule.route or route if route in restriction.closes else route
            imaging = tuple(name for name in imaging if name not in restriction.drops)
    return route, imaging, restrictions


def _sort_out(ruleset: Ruleset, values: Values) -> tuple[list[Rule], list[Rule]]:
    fired, undecided = [], []
    for rule in ruleset.rules:
        verdict = rule.when.test(values)
        if verdict:
            fired.append(rule)
        elif verdict is None:
            undecided.append(rule)
    return fired, undecided


def _route(ruleset: Ruleset, fired: Iterable[Rule]) -> str:
    routed = [rule for rule in fired if rule.route] or [ruleset.default]
    chosen = _most_urgent_route(ruleset, routed)
    combination = _combination(ruleset, chosen, routed)
    return combination.becomes if combination else chosen


def _most_urgent_route(ruleset: Ruleset, routed: list[Rule]) -> str:
    rank = min(rule.rank for rule in routed)
    return min((rule.route or "" for rule in routed if rule.rank == rank), key=ruleset.routes.index)


def _combination(ruleset: Ruleset, chosen: str, routed: list[Rule]) -> Combination | None:
    also = {rule.route for rule in routed}
    fits = (c for c in ruleset.combinations if chosen in c.chosen and also.intersection(c.also))
    return next(fits, None)


def _deciding(ruleset: Ruleset, fired: list[Rule]) -> list[Rule]:
    """Return the rules whose imaging counts: those that gave the route, all of them where routes combine."""
    routed = [rule for rule in fired if rule.route]
    if not routed or _combination(ruleset, _most_urgent_route(ruleset, routed), routed):
        return routed
    rank = min(rule.rank for rule in routed)
    return [rule for rule in routed if rule.rank == rank]


def _imaging(ruleset: Ruleset, values: Values, fired: list[Rule]) -> tuple[str, ...]:
    narrower = {wide: n.to for n in ruleset.narrowings if n.when.test(values) for wide in n.of}
    wanted = [narrower.get(name, name) for rule in _deciding(ruleset, fired) for name in rule.imaging]
    covered = {name for better in wanted for name in ruleset.covers.get(better, ())}
    return _unique(name for name in wanted if name not in covered)


def _actions(ruleset: Ruleset, fired: list[Rule], top: Rule) -> tuple[str, ...]:
    unfit = ruleset.unhurried if top.rank == 0 else frozenset()
    return _unique(action for rule in fired for action in rule.actions if action not in unfit)


def _unknown(ruleset: Ruleset, values: Values, fired: list[Rule], undecided: list[Rule], top: Rule) -> tuple[str, ...]:
    """Return the unanswered findings that could still raise the acuity or change the route.

    The most urgent rules come first; among their findings those where one answer alone decides.
    """
    if top.rank == 0:
        return ()
    route = _route(ruleset, fired)
    asking = [r for r in undecided if r.asks]
    open_rules = [r for r in asking if r.rank < top.rank or _route(ruleset, [*fired, r]) != route]
    closing = (r.rule for r in ruleset.restrictions if route in r.closes)
    open_rules += [rule for rule in closing if rule.when.test(values) is None]
    open_rules.sort(key=lambda rule: (rule.rank, -rule.level))
    tiers = (list(tier) for _, tier in groupby(open_rules, key=lambda rule: rule.rank))
    return _unique(name for tier in tiers for name in _open_names(tier, values))


def _open_names(rules: list[Rule], values: Values) -> Iterator[str]:
    for rule in rules:
        yield from rule.when.deciding_names(values)
    seen: set[str] = set()
    for rule in rules:
        yield from rule.when.open_names(values, seen)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
