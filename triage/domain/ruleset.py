"""The clinical rules as data: what one version of them holds. How they are asked is in ``rules.py``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from triage.domain.conditions import Condition, Values
from triage.domain.findings import Finding
from triage.domain.implicants import Implicants
from triage.domain.reach import Reach
from triage.domain.suggestion import Reason


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One clinical rule. route None leaves the route to the other rules (it only changes the wait).

    rank: 0 for the most urgent acuity; set by the ruleset's order of acuities.
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

    def reason(self, values: Values) -> Reason:
        """Return why the rule fired for these values."""
        facts = tuple(dict.fromkeys(self.when.true_names(values)))
        used = {name: values[name] for name in facts}
        return Reason(self.id, self.text, self.sources, facts, self.url, used)


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
    unhurried: actions that have no place in an emergency. modality_of: the machine
    each imaging needs. questions: the urgent question that answers a finding. instead: what a kind of imaging or
    a route becomes with the machines on site. basis: another one as soon as anything is another that advice follows
    from besides the findings, the program among it; "" where nobody says.
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
    instead: Mapping[str, str] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    basis: str = field(default="", compare=False)
    _reaches: dict[tuple[str, ...], Reach] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """Return the rules by their id, without the one that stands where none fires."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def implicants(self) -> Implicants:
        """Return the implicants of the rules; raises TooManyImplicants for a rule that is too wide."""
        restricting = [restriction.rule for restriction in self.restrictions]
        return Implicants(self.vocabulary, self.rules, restricting, self.questions)

    def to_routes(self, becoming: tuple[str, ...]) -> Reach:
        """Return the implicants to each rank and route, where each of the ruleset's routes becomes another or stays."""
        if becoming not in self._reaches:
            turned = dict(zip(self.routes, becoming, strict=True))
            named = ((rule, turned[rule.route]) for rule in self.rules if rule.route)
            tiers = self.implicants.tiers((self.routes.index(route), route, rule) for rule, route in named)
            self._reaches[becoming] = Reach(tiers, self.implicants.literals, self.implicants.questions)
        return self._reaches[becoming]

    @cached_property
    def to_ranks(self) -> Reach:
        """Return the implicants of the rules that only change the wait, without what another rule includes."""
        tiers = self.implicants.tiers(
            (1 if rule.route else 2, "routed" if rule.route else "", rule) for rule in self.rules
        )
        waiting = [tier for tier in tiers if not tier.route]
        return Reach(waiting, self.implicants.literals, self.implicants.questions)

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
