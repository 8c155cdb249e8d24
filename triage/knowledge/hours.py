"""The hours that come with the program, as it reads them."""

from dataclasses import dataclass

from triage.domain.hours import WEEKDAYS, Opening, Week
from triage.knowledge import schema_flow
from triage.knowledge.checks import known
from triage.knowledge.reading import Document


@dataclass(frozen=True, kw_only=True)
class Hours:
    """The week that is in force until the administrator gives another."""

    week: Week


def build(document: Document, raw: schema_flow.FlowEntries, sources: set[str]) -> Hours:
    """Return the hours; raises KnowledgeError for a weekday named twice, a source that is not there, or no hours."""
    days: dict[str, Opening] = {}
    for index, entry in enumerate(raw.opening):
        known(document, "opening", index, "source", [entry.source], sources)
        if entry.opens >= entry.closes:
            raise document.fault("opening", index, "closes: not later than opens")
        for name in entry.weekdays:
            if name in days:
                raise document.fault("opening", index, f"weekdays: {name} has hours already")
            days[name] = Opening(entry.opens, entry.closes)
    return Hours(week=tuple(days.get(name) for name in WEEKDAYS))
