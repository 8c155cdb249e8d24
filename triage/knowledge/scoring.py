"""Builds the scores: reads the conditions of items and bands, checks names, ranges and bands."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from triage.domain.conditions import Condition
from triage.domain.expressions import ConditionError, parse
from triage.domain.findings import Finding
from triage.domain.ruleset import Ruleset
from triage.domain.score_items import Case, Group, Item, Score, Typed
from triage.domain.score_results import Band
from triage.domain.scores import TOTAL
from triage.knowledge import schema, schema_base, schema_scores
from triage.knowledge.checks import known, unique
from triage.knowledge.errors import KnowledgeError
from triage.knowledge.reading import Document


def _said(entry: schema_base.TextEntry) -> Mapping[str, str]:
    return MappingProxyType({"en": entry.en, "ja": entry.ja})


class ScoreBuilder:
    """Builds the scores of one document; the vocabulary is that of the findings."""

    def __init__(self, document: Document, raw: schema.Knowledge, vocabulary: Mapping[str, Finding]) -> None:
        self.document, self.raw, self.vocabulary = document, raw, vocabulary

    def build(self) -> tuple[Score, ...]:
        """Return the scores, or raise KnowledgeError at the first entry that does not fit."""
        unique(self.document, "score", [entry.id for entry in self.raw.score])
        sources = [entry.id for entry in self.raw.source]
        for index, entry in enumerate(self.raw.score):
            known(self.document, "score", index, "source", entry.sources, sources)
        return tuple(self._score(index, entry) for index, entry in enumerate(self.raw.score))

    def _fault(self, index: int, reason: str) -> KnowledgeError:
        return self.document.fault("score", index, reason)

    def _score(self, index: int, entry: schema_scores.ScoreEntry) -> Score:
        groups = self._groups(index, entry)
        self._check_range(index, entry, groups)
        self._check_bands(index, entry)
        return Score(
            id=entry.id,
            text=_said(entry.label),
            minimum=entry.minimum,
            maximum=entry.maximum,
            worse=entry.worse,
            groups=groups,
            finding=self._number(index, entry.finding, entry.minimum, entry.maximum),
            values=tuple(
                Typed(id=v.id, text=_said(v.label), finding=self._number(index, v.finding)) for v in entry.value
            ),
            bands=tuple(self._band(index, band, groups) for band in entry.band),
            sources=tuple(entry.sources),
            status=entry.status,
            licence=_said(entry.licence),
            copyright=_said(entry.copyright) if entry.copyright else None,
            note=_said(entry.note) if entry.note else None,
        )

    def _number(self, index: int, name: str | None, low: int | None = None, high: int | None = None) -> str:
        """Return the name of a typed number; refuse one that may lie outside the range."""
        if not name:
            return ""
        known(self.document, "score", index, "finding", [name], self.vocabulary)
        finding = self.vocabulary[name]
        if not {"int", "float"} & set(finding.types):
            raise self._fault(index, f"{name} is not a number")
        if low is not None and (finding.minimum, finding.maximum) != (low, high):
            raise self._fault(index, f"{name} must have the limits {low} to {high}")
        return name

    def _groups(self, index: int, entry: schema_scores.ScoreEntry) -> tuple[Group, ...]:
        ids = [item.id for item in entry.item]
        if len(set(ids)) != len(ids):
            raise self._fault(index, f"duplicate id: {max(ids, key=ids.count)}")
        groups: dict[str, schema_scores.GroupEntry | None] = {g.id: g for g in entry.group} or {TOTAL: None}
        known(self.document, "score", index, "group", [item.group for item in entry.item], groups)
        built = []
        for name, group in groups.items():
            items = tuple(self._item(index, item) for item in entry.item if item.group == name)
            if entry.item and not items:
                raise self._fault(index, f"{name}: a group without items")
            low, high = sum(item.least for item in items), sum(item.most for item in items)
            typed = self._number(index, group.finding, low, high) if group else ""
            label = _said(group.label if group else entry.label)
            built.append(Group(id=name, text=label, items=items, finding=typed))
        return tuple(built) if entry.item else ()

    def _item(self, index: int, entry: schema_scores.ItemEntry) -> Item:
        if entry.finding:
            name = self._number(index, entry.finding)
            low, high = self.vocabulary[name].minimum, self.vocabulary[name].maximum
            if low is None or high is None or "float" in self.vocabulary[name].types:
                raise self._fault(index, f"{name}: points are whole numbers with both limits")
            return Item(id=entry.id, least=int(low), most=int(high), finding=name)
        points = [case.points for case in entry.cases + entry.instead] + [entry.otherwise]
        return Item(
            id=entry.id, least=min(points), most=max(points), otherwise=entry.otherwise,
            cases=self._cases(index, entry.cases), instead=self._cases(index, entry.instead),
        )  # fmt: skip

    def _cases(self, index: int, entries: Iterable[schema_scores.CaseEntry]) -> tuple[Case, ...]:
        return tuple(Case(self._parse(index, e.when, self.vocabulary), e.points, e.when) for e in entries)

    def _parse(self, index: int, expression: str, vocabulary: Mapping[str, Finding]) -> Condition:
        if "unless" in expression:
            raise self._fault(index, "unless() in a score: what is unknown must stay unknown")
        try:
            return parse(expression, vocabulary, {})
        except (ConditionError, TypeError, ValueError, RecursionError, MemoryError) as error:
            raise self._fault(index, f"{expression}: {error}") from error

    def _band(self, index: int, entry: schema_scores.BandEntry, groups: tuple[Group, ...]) -> Band:
        names = {name: Finding(name=name, types=("int",)) for name in (TOTAL, *(group.id for group in groups))}
        when = self._parse(index, entry.when, names) if entry.when else None
        text, means = _said(entry.label), _said(entry.means)
        return Band(
            text=text, means=means, tone=entry.tone, least=entry.from_, most=entry.to, when=when, says=entry.when or ""
        )

    def _check_range(self, index: int, entry: schema_scores.ScoreEntry, groups: tuple[Group, ...]) -> None:
        low = sum(item.least for group in groups for item in group.items)
        high = sum(item.most for group in groups for item in group.items)
        if groups and (low, high) != (entry.minimum, entry.maximum):
            raise self._fault(index, f"the items give {low} to {high}, not {entry.minimum} to {entry.maximum}")

    def _check_bands(self, index: int, entry: schema_scores.ScoreEntry) -> None:
        """Refuse bands that leave a total out or name one twice; of conditions the last must take the rest."""
        bands = entry.band
        if any(band.when for band in bands):
            if bands[-1].when or any(not band.when for band in bands[:-1]):
                raise self._fault(index, "the last band, and only that, has no condition")
            return
        if not bands:
            return
        edges: list[Any] = [entry.minimum]
        for band in bands:
            if band.from_ != edges[-1] or band.to is None or band.from_ is None or band.to < band.from_:
                raise self._fault(index, f"a band must go on from {edges[-1]}, not {band.from_} to {band.to}")
            edges.append(band.to + 1)
        if edges[-1] - 1 != entry.maximum:
            raise self._fault(index, f"the bands end at {edges[-1] - 1}, not {entry.maximum}")


def check_apart(document: Document, raw: schema.Knowledge, ruleset: Ruleset, scores: Iterable[Score]) -> None:
    """Refuse a rule that reads a finding which is only for scores, and such a finding that no score reads."""
    apart = {entry.name: index for index, entry in enumerate(raw.finding) if entry.score_only}
    for key, index, condition in _conditions(raw, ruleset):
        read = set(condition.names()) & apart.keys()
        if read:
            raise document.fault(key, index, f"{min(read)} is only for scores and decides nothing", "when")
    used = {name for score in scores for name in score.names}
    for name, index in apart.items():
        if name not in used:
            raise document.fault("finding", index, f"{name}: only for scores, but no score reads it")


def _conditions(raw: schema.Knowledge, ruleset: Ruleset) -> Iterator[tuple[str, int, Condition]]:
    """Yield every condition that may decide something, with the entry it stands in."""
    rules = {entry.id: index for index, entry in enumerate(raw.rule)}
    yield from (("definition", index, when) for index, when in enumerate(ruleset.definitions.values()))
    yield from (("rule", rules[rule.id], rule.when) for rule in ruleset.rules)
    yield from (("restriction", index, entry.rule.when) for index, entry in enumerate(ruleset.restrictions))
    yield from (("narrowing", index, entry.when) for index, entry in enumerate(ruleset.narrowings))
