"""How an examination is ordered, as the program reads it: how soon, what repeats what, why it is called off."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from triage.knowledge import building as b
from triage.knowledge import schema
from triage.knowledge import types as t
from triage.knowledge.checks import known, unique
from triage.knowledge.examinations import Examinations
from triage.knowledge.reading import Document


@dataclass(frozen=True, kw_only=True)
class Ordering:
    """priority: by acuity level. regions: by examination. repeat_days: so long the same again is a repetition."""

    priority: Mapping[int, str]
    repeat_days: int
    regions: Mapping[str, frozenset[str]]
    cancel_reasons: Mapping[str, t.Labelled]


def build(document: Document, raw: schema.Knowledge, there: Examinations) -> Ordering:
    """Return it; raises KnowledgeError for a level without a priority, an unknown examination, one without a region."""
    entry = raw.imaging_ordering
    known(document, "imaging_ordering", 0, "source", [entry.source], [source.id for source in raw.source])
    if entry.priority.keys() != set("12345"):
        raise document.fault("imaging_ordering", 0, "a priority for each level from 1 to 5")
    unique(document, "imaging_region", [one.id for one in raw.imaging_region])
    unique(document, "imaging_cancel_reason", [one.id for one in raw.imaging_cancel_reason])
    for index, region in enumerate(raw.imaging_region):
        known(document, "imaging_region", index, "examination", region.procedures, there.procedures)
    regions = {
        name: frozenset(region.id for region in raw.imaging_region if name in region.procedures)
        for name in there.procedures
    }
    for name, found in regions.items():
        if not found:
            raise document.fault("imaging_region", 0, f"{name} shows no region")
    return Ordering(
        priority=MappingProxyType({int(level): name for level, name in entry.priority.items()}),
        repeat_days=entry.repeat_days,
        regions=MappingProxyType(regions),
        cancel_reasons=b.by_id(b.labelled(raw.imaging_cancel_reason)),
    )
