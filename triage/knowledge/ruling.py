"""Builds the ruleset: reads every condition, checks every name a rule mentions, computes the hash."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from triage.domain.conditions import Condition, Values
from triage.domain.expressions import ConditionError, parse
from triage.domain.implicants import TooManyImplicants
from triage.domain.ruleset import Combination, Narrowing, Restriction, Rule, Ruleset
from triage.knowledge import acr, schema, schema_rules
from triage.knowledge import types as t
from triage.knowledge.basis import basis_of
from triage.knowledge.checks import known, unique
from triage.knowledge.errors import KnowledgeError
from triage.knowledge.reading import Document
from triage.knowledge.scale import check_level, check_scale

HASHED = (
    "acuity", "route", "imaging", "action", "definition", "rule", "default", "restriction", "combination", "narrowing",
    "candidate", "criterion",
)  # fmt: skip


#: What one document of rules is made of: everything that is hashed, and the version.
KEYS = ("ruleset", *HASHED)


class _Always:
    """The condition of the default rule: it holds and reads nothing."""

    def test(self, values: Values) -> bool:
        return True

    def names(self) -> Iterator[str]:
        return iter(())

    def true_names(self, values: Values) -> Iterator[str]:
        return iter(())

    def open_names(self, values: Values, seen: set[str]) -> Iterator[str]:
        return iter(())


class RulesetBuilder:
    """Builds the ruleset of one document."""

    def __init__(
        self,
        document: Document,
        raw: schema.Knowledge,
        vocabulary: Mapping[str, t.FindingSpec],
        sources: Mapping[str, t.Source],
    ) -> None:
        self.document = document
        self.raw = raw
        self.vocabulary = vocabulary
        self.sources = sources
        self.acuities = {e.id: (rank, e.level) for rank, e in enumerate(raw.acuity)}
        self.definitions: dict[str, Condition] = {}

    def build(self) -> Ruleset:
        """Return the ruleset, or raise KnowledgeError at the first entry that does not fit."""
        self._check_ids()
        check_scale(self.document, self.raw)
        self.definitions = self.read_definitions({})
        rules = [self._rule("rule", index, entry) for index, entry in enumerate(self.raw.rule)]
        ruleset = Ruleset(
            version=self.raw.ruleset.version,
            hash=content_hash(self.raw),
            vocabulary=self.vocabulary,
            definitions=MappingProxyType(self.definitions),
            rules=tuple(sorted(rules, key=lambda rule: (rule.rank, rule.level))),
            default=self._rule("default", 0, self.raw.default, _Always()),
            routes=tuple(e.id for e in self.raw.route),
            combinations=tuple(self._combination(i, e) for i, e in enumerate(self.raw.combination)),
            narrowings=tuple(self._narrowing(i, e) for i, e in enumerate(self.raw.narrowing)),
            restrictions=tuple(self._restriction(i, e) for i, e in enumerate(self.raw.restriction)),
            unhurried=frozenset(e.id for e in self.raw.action if not e.in_emergency),
            covers=MappingProxyType({e.id: tuple(e.covers) for e in self.raw.imaging}),
            modality_of=MappingProxyType({e.id: e.modality for e in self.raw.imaging}),
            instead=MappingProxyType(self._instead()),
            questions=MappingProxyType({name: q.id for q in self.raw.question for name in q.findings}),
            basis=basis_of(self.raw),
        )
        return self._that_can_fire(ruleset)

    def _instead(self) -> dict[str, str]:
        """Return what imaging and routes become with the machines that are, or are not, on site."""
        raw, found = self.raw, {}
        on_site = {entry.id for entry in raw.modality if entry.on_site}
        for index, entry in enumerate(raw.imaging):
            names = [name for name in (entry.here, entry.away) if name]
            known(self.document, "imaging", index, "imaging", names, [e.id for e in raw.imaging])
            found[entry.id] = (entry.here if entry.modality in on_site else entry.away) or entry.id
        for index, route in enumerate(raw.route):
            known(self.document, "route", index, "route", [route.away] if route.away else [], [e.id for e in raw.route])
            missing = route.needs and on_site.isdisjoint(route.needs)
            found[route.id] = (route.away if missing else None) or route.id
        return {name: other for name, other in found.items() if name != other}

    def _that_can_fire(self, ruleset: Ruleset) -> Ruleset:
        """Refuse a rule that is too wide to read, that nothing can make fire, or that fires on a blank sheet."""
        try:
            implicants = ruleset.implicants
            _ = ruleset.to_ranks, ruleset.to_routes(ruleset.routes)
        except TooManyImplicants as error:
            raise self._fault_of(error.rule, str(error)) from error
        for rule in (*ruleset.rules, *(restriction.rule for restriction in ruleset.restrictions)):
            if not implicants.of_rule[rule.id]:
                raise self._fault_of(rule.id, "when: no answers can make this condition true")
            if any(not implicant.mask & ~ruleset.to_ranks.exceptions for implicant in implicants.of_rule[rule.id]):
                raise self._fault_of(rule.id, "when: it would hold while nothing is known")
        return ruleset

    def _fault_of(self, rule: str, reason: str) -> KnowledgeError:
        places = [("rule", n, e.id) for n, e in enumerate(self.raw.rule)]
        places += [("restriction", n, e.id) for n, e in enumerate(self.raw.restriction)]
        key, index = next((key, index) for key, index, name in places if name == rule)
        return self.document.fault(key, index, reason, "when")

    def read_definitions(self, readings: Mapping[str, str]) -> dict[str, Condition]:
        """Return the definitions, each in the reading that is given for it, else in the one in force."""
        definitions: dict[str, Condition] = {}
        for index, entry in enumerate(self.raw.definition):
            known(self.document, "definition", index, "source", entry.sources, self.sources)
            expression = entry.expression(readings.get(entry.name))
            definitions[entry.name] = self.parse("definition", index, expression, definitions)
        return definitions

    def parse(self, key: str, index: int, expression: str, definitions: Mapping[str, Condition]) -> Condition:
        """Return the condition of an entry; raise KnowledgeError where it cannot be read."""
        try:
            return parse(expression, self.vocabulary, definitions)
        except ConditionError as error:
            raise self.document.fault(key, index, str(error), "when") from error
        except (TypeError, ValueError, RecursionError, MemoryError) as error:  # a condition no person writes
            raise self.document.fault(key, index, f"cannot read the condition: {error}", "when") from error

    def _check_ids(self) -> None:
        raw = self.raw
        for key in ("acuity", "route", "imaging", "action"):
            unique(self.document, key, [e.id for e in getattr(raw, key)])
        unique(self.document, "rule", [e.id for e in raw.rule])
        others = [e.id for e in raw.rule]
        unique(self.document, "restriction", [*others, *(e.id for e in raw.restriction)], offset=len(others))
        names = list(self.vocabulary)
        unique(self.document, "definition", [*names, *(e.name for e in raw.definition)], offset=len(names))

    def _rule(self, key: str, index: int, entry: schema_rules.RuleEntry, when: Condition | None = None) -> Rule:
        self._check_names(key, index, entry)
        rank, level = self.acuities[entry.acuity]
        check_level(self.document, key, index, entry.acuity, entry.level or level)
        return Rule(
            id=entry.id,
            expression=" ".join(entry.when.split()),
            when=when or self.parse(key, index, entry.when, self.definitions),
            acuity=entry.acuity,
            rank=rank,
            level=entry.level or level,
            route=entry.route,
            imaging=tuple(entry.imaging),
            actions=tuple(entry.actions),
            text=MappingProxyType({"en": entry.text.en, "ja": entry.text.ja}),
            sources=tuple(entry.sources),
            url=next((self.sources[s].url for s in entry.sources if self.sources[s].url), ""),
            status=entry.status,
            note=entry.note or "",
        )

    def _check_names(self, key: str, index: int, entry: schema_rules.RuleEntry) -> None:
        raw = self.raw
        where = (self.document, key, index)
        known(*where, "source", entry.sources, self.sources)
        known(*where, "acuity", [entry.acuity], self.acuities)
        known(*where, "route", [entry.route] if entry.route else [], [e.id for e in raw.route])
        known(*where, "imaging", entry.imaging, [e.id for e in raw.imaging])
        known(*where, "action", entry.actions, [e.id for e in raw.action])
        acr.check_rule(*where, raw, entry)

    def _combination(self, index: int, entry: schema_rules.CombinationEntry) -> Combination:
        names = (*entry.chosen, *entry.also, entry.becomes)
        known(self.document, "combination", index, "route", names, [e.id for e in self.raw.route])
        return Combination(chosen=tuple(entry.chosen), also=tuple(entry.also), becomes=entry.becomes)

    def _narrowing(self, index: int, entry: schema_rules.NarrowingEntry) -> Narrowing:
        known(self.document, "narrowing", index, "imaging", [*entry.of, entry.to], [e.id for e in self.raw.imaging])
        return Narrowing(
            when=self.parse("narrowing", index, entry.when, self.definitions), of=tuple(entry.of), to=entry.to
        )

    def _restriction(self, index: int, entry: schema_rules.RestrictionEntry) -> Restriction:
        known(self.document, "restriction", index, "route", entry.closes, [e.id for e in self.raw.route])
        known(self.document, "restriction", index, "imaging", entry.drops, [e.id for e in self.raw.imaging])
        rule = self._rule("restriction", index, entry)
        return Restriction(rule=rule, closes=tuple(entry.closes), drops=tuple(entry.drops))


def content_hash(raw: schema.Knowledge) -> str:
    """Return the sha256 of what the rules say, the same for the same content in any layout."""
    content = raw.model_dump(mode="json", include=set(HASHED))
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()
