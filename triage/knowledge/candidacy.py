"""Builds the procedure candidates: every treatment in the clinic's order with its criteria, in every reading."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from triage.domain.candidates import Candidacy, Criterion, Otherwise, Treatment, Warned
from triage.domain.conditions import AtLeast, Condition, Defined, Unless
from triage.domain.ruleset import Ruleset
from triage.domain.strict import strict
from triage.knowledge import schema, schema_candidates
from triage.knowledge.checks import known, unique
from triage.knowledge.ruling import RulesetBuilder
from triage.knowledge.schema_base import TextEntry

#: Rules of these acuities warn; the others only say how soon.
WARNING = ("emergency", "urgent")


class CandidacyBuilder:
    """Builds the candidates of one document, with the definitions and the ruleset of its builder."""

    def __init__(self, rules: RulesetBuilder, ruleset: Ruleset) -> None:
        self.rules = rules
        self.document = rules.document
        self.raw: schema.Knowledge = rules.raw
        self.ruleset = ruleset
        self.warned = _warned(ruleset, self.raw)

    def build(self) -> Candidacy:
        """Return the candidates, or raise KnowledgeError at the first entry that does not fit."""
        self._check_candidates()
        self._check_criteria()
        return Candidacy(
            ruleset=self.ruleset,
            treatments=self._treatments(self.ruleset.definitions),
            warned=self.warned,
            otherwise=tuple(self._otherwise()),
        )

    def _check_candidates(self) -> None:
        raw, document = self.raw, self.document
        unique(document, "candidate", [e.id for e in raw.candidate])
        procedures = [e.id for e in raw.procedure]
        for index, entry in enumerate(raw.candidate):
            known(document, "candidate", index, "source", entry.sources, self.rules.sources)
            if (entry.label is None) != (entry.id in procedures):
                raise document.fault("candidate", index, f"{entry.id}: a label belongs to what is no procedure, only")
            if entry.note is None and not any(entry.id in c.of for c in raw.criterion):
                raise document.fault("candidate", index, f"{entry.id}: without criteria a note must say why")
        if [e.id for e in raw.candidate if e.label is None] != procedures:
            raise document.fault("candidate", 0, "every procedure is a candidate once, in the order of the procedures")

    def _check_criteria(self) -> None:
        raw, document = self.raw, self.document
        unique(document, "criterion", [e.id for e in raw.criterion])
        for index, entry in enumerate(raw.criterion):
            known(document, "criterion", index, "candidate", entry.of, [e.id for e in raw.candidate])
            known(document, "criterion", index, "source", entry.sources, self.rules.sources)
            if entry.not_if and entry.kind not in ("contraindication", "relative"):
                raise document.fault("criterion", index, "not_if is for contra-indications: it could count against")
        for index, candidate in enumerate(raw.candidate):
            kinds = {e.kind for e in raw.criterion if candidate.id in e.of}
            if kinds and "indication" not in kinds:
                raise document.fault("candidate", index, f"{candidate.id}: criteria, but no indication")

    def _treatments(self, definitions: Mapping[str, Condition]) -> tuple[Treatment, ...]:
        labels = {e.id: e.label for e in self.raw.procedure}
        criteria = [self._criterion(i, e, definitions) for i, e in enumerate(self.raw.criterion)]
        return tuple(
            Treatment(
                id=e.id,
                short=_text(e.short),
                label=_text(e.label or labels[e.id]),
                note=_text(e.note) if e.note else MappingProxyType({}),
                sources=tuple(e.sources),
                criteria=tuple(c for c in criteria if e.id in c.of),
            )
            for e in self.raw.candidate
        )

    def _criterion(
        self, index: int, entry: schema_candidates.CriterionEntry, definitions: Mapping[str, Condition]
    ) -> Criterion:
        urls = (self.rules.sources[source].url for source in entry.sources)
        return Criterion(
            id=entry.id,
            of=tuple(entry.of),
            kind=entry.kind,
            when=self.warned if entry.when is None else self._condition(index, entry.when, definitions),
            not_if=self._condition(index, entry.not_if, definitions) if entry.not_if else None,
            text=_text(entry.text),
            sources=tuple(entry.sources),
            url=next((url for url in urls if url), ""),
            status=entry.status,
            expression=" ".join((entry.when or "").split()),
        )

    def _condition(self, index: int, expression: str, definitions: Mapping[str, Condition]) -> Condition:
        condition = self.rules.parse("criterion", index, expression, definitions)
        if _has_unless(condition):
            raise self.document.fault("criterion", index, "unless() in a criterion: what nobody asked is unknown")
        return condition

    def _touches(self, treatment: Treatment, definition: str) -> bool:
        return any(_rests(c.when, definition) or _rests(c.not_if, definition) for c in treatment.criteria)

    def _otherwise(self) -> Iterator[Otherwise]:
        for entry in self.raw.definition:
            for reading in entry.readings:
                definitions = self.rules.read_definitions({entry.name: reading})
                touched = [t for t in self._treatments(definitions) if self._touches(t, entry.name)]
                if reading != entry.reading:
                    yield Otherwise(
                        definition=entry.name,
                        reading=reading,
                        text=_text(entry.readings[reading].text),
                        changed={n: c for n, c in definitions.items() if n == entry.name or _rests(c, entry.name)},
                        treatments={t.id: t for t in touched},
                    )


def _warned(ruleset: Ruleset, raw: schema.Knowledge) -> Warned:
    rules = tuple(rule for rule in ruleset.rules if rule.acuity in WARNING and rule.route)
    asked = (name for question in raw.question for name in question.findings)
    return Warned(rules, tuple(dict.fromkeys(asked)), {rule.id: strict(rule.when) for rule in rules})


def _text(entry: TextEntry) -> Mapping[str, str]:
    return MappingProxyType({"en": entry.en, "ja": entry.ja})


def _parts(condition: Condition) -> Iterator[Condition]:
    yield condition
    inner = condition.parts if isinstance(condition, AtLeast) else ()
    for part in (*inner, *((condition.node,) if isinstance(condition, Defined) else ())):
        yield from _parts(part)


def _has_unless(condition: Condition) -> bool:
    return any(isinstance(part, Unless) for part in _parts(condition))


def _rests(condition: Condition | None, definition: str) -> bool:
    parts = _parts(condition) if condition is not None else ()
    return any(isinstance(part, Defined) and part.name == definition for part in parts)
