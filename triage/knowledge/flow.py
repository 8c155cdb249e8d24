"""The clinic's way of working around a visit, as the program reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from triage.domain.questions import ASKED_BY
from triage.domain.referral import Part
from triage.knowledge import building as b
from triage.knowledge import examinations, hours, ordering, outcomes, pathways, schema
from triage.knowledge import types as t
from triage.knowledge.checks import known
from triage.knowledge.reading import Document


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Re-assessment intervals in minutes by level, why a visit ends otherwise or goes on, examinations, opening hours,
    pathways.

    referral: the minimum data set with which a patient goes to the surgeon.
    outcomes: when patients are asked afterwards, and for what.
    answer_within: minutes within which a question about a patient is answered, by the role that is asked.
    """

    reassess: Mapping[int, int]
    answer_within: Mapping[str, int]
    leave_reasons: tuple[t.Labelled, ...]  # left without being seen
    end_reasons: tuple[t.Labelled, ...]  # had been finished, and nobody had noted it
    comeback_reasons: tuple[t.Labelled, ...]  # asked to come back another day
    carry_reasons: tuple[t.Labelled, ...]  # still here at the end of the day
    examinations: examinations.Examinations
    ordering: ordering.Ordering
    hours: hours.Hours
    pathways: pathways.Pathways
    referral: tuple[Part, ...]
    outcomes: outcomes.Outcomes


def build(document: Document, raw: schema.Knowledge, referral: tuple[Part, ...], followed: outcomes.Outcomes) -> Flow:
    """Return the flow; raises KnowledgeError for a source that is not there, a level that is none, or no minutes."""
    entry = raw.reassessment
    known(document, "reassessment", 0, "source", [entry.source], [source.id for source in raw.source])
    known(document, "reassessment", 0, "level", entry.levels, "12345")
    if any(minutes <= 0 for minutes in entry.levels.values()):
        raise document.fault("reassessment", 0, "an interval is at least one minute")
    asked = raw.answer_within
    known(document, "answer_within", 0, "source", [asked.source], [source.id for source in raw.source])
    if asked.minutes.keys() != ASKED_BY.keys() or any(minutes <= 0 for minutes in asked.minutes.values()):
        raise document.fault("answer_within", 0, f"at least one minute for each of: {', '.join(ASKED_BY)}")
    machines = examinations.build(document, raw)
    return Flow(
        answer_within=MappingProxyType(asked.minutes),
        reassess=MappingProxyType({int(level): minutes for level, minutes in entry.levels.items()}),
        leave_reasons=b.labelled(raw.leave_reason),
        end_reasons=b.labelled(raw.end_reason),
        comeback_reasons=b.labelled(raw.comeback_reason),
        carry_reasons=b.labelled(raw.carry_reason),
        examinations=machines,
        ordering=ordering.build(document, raw, machines),
        hours=hours.build(document, raw),
        pathways=pathways.build(document, raw),
        referral=referral,
        outcomes=followed,
    )
