"""Builds the minimum data set of a referral; checks every name in it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from triage.domain.conditions import Condition
from triage.domain.referral import FROM_VISIT, REFERRING, Item, Part
from triage.knowledge import schema, schema_referral
from triage.knowledge.checks import known, unique
from triage.knowledge.ruling import RulesetBuilder
from triage.knowledge.schema_base import TextEntry

#: The end of a name that stands for any choice of its group.
ANY = ".*"


class ReferralBuilder:
    """Builds the parts of one document, with the vocabulary and the definitions of its rules."""

    def __init__(self, rules: RulesetBuilder) -> None:
        self.rules = rules
        self.document = rules.document
        self.raw: schema.Knowledge = rules.raw
        self.groups = {key: [e.finding or f"{key}.{e.id}" for e in getattr(self.raw, key)] for key in _GROUPS}
        cells, questions = ([e.name for e in self.raw.cell], [e.id for e in self.raw.question])
        chosen = [name for group in self.groups.values() for name in group]
        self.names = {*rules.vocabulary, *cells, *questions, *chosen, *FROM_VISIT}

    def build(self) -> tuple[Part, ...]:
        """Return the parts; raises KnowledgeError at the first entry that does not fit."""
        unique(self.document, "referral", [e.id for e in self.raw.referral])
        return tuple(self._part(index, entry) for index, entry in enumerate(self.raw.referral))

    def _part(self, index: int, entry: schema_referral.ReferralEntry) -> Part:
        known(self.document, "referral", index, "source", entry.sources, self.rules.sources)
        items = tuple(self._item(index, item) for item in entry.item)
        return Part(id=entry.id, text=_text(entry.label), items=items)

    def _item(self, index: int, entry: schema_referral.ReferralItemEntry) -> Item:
        ways = tuple(way for written in entry.ways for way in self._ways(written))
        known(self.document, "referral", index, "name", [name for way in ways for name in way], self.names)
        known(self.document, "referral", index, "route", entry.comes_with, REFERRING)
        if not all(ways):
            raise self.document.fault("referral", index, "ways: nothing is named in one of them")
        return Item(
            text=_text(entry.label), ways=ways, only_if=self._condition(index, entry.only_if),
            not_if=self._condition(index, entry.not_if), comes_with=tuple(entry.comes_with),
        )  # fmt: skip

    def _ways(self, written: list[str]) -> Iterator[tuple[str, ...]]:
        group = written[0].removesuffix(ANY) if len(written) == 1 and written[0].endswith(ANY) else ""
        if group in self.groups:
            yield from ((name,) for name in self.groups[group])
        else:
            yield tuple(written)

    def _condition(self, index: int, expression: str | None) -> Condition | None:
        return self.rules.parse("referral", index, expression, self.rules.definitions) if expression else None


_GROUPS = ("symptom", "diagnosis", "region", "treatment")


def _text(entry: TextEntry) -> Mapping[str, str]:
    return MappingProxyType({"en": entry.en, "ja": entry.ja})
