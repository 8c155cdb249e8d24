"""Clinical knowledge as data: findings, urgent questions, options, rules and the clinic's own lists."""

from collections.abc import Collection
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from triage.knowledge import acr, decisions, flow, outcomes, schema
from triage.knowledge import building as b
from triage.knowledge import types as t
from triage.knowledge.candidacy import CandidacyBuilder
from triage.knowledge.errors import KnowledgeError
from triage.knowledge.reading import Document, Instead, read
from triage.knowledge.referral import ReferralBuilder
from triage.knowledge.ruling import KEYS, RulesetBuilder
from triage.knowledge.scoring import ScoreBuilder, check_apart
from triage.knowledge.types import Knowledge
from triage.knowledge.ways import ways

__all__ = ["Knowledge", "KnowledgeError", "load", "use_modalities", "with_rules"]

FOLDER = Path(__file__).parent
_machines: list[frozenset[str]] = []


def use_modalities(on_site: Collection[str]) -> None:
    """Say which machines the clinic has, in place of what the files say; raises ValueError for an unknown one."""
    known = {modality.id for modality in load().modalities}
    if unknown := set(on_site) - known:
        raise ValueError(f"unknown modality: {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    if _machines != [frozenset(on_site)]:
        _machines[:] = [frozenset(on_site)]
        load.cache_clear()
        with_rules.cache_clear()


@cache
def load(folder: Path = FOLDER) -> Knowledge:
    """Return the knowledge in the folder; raise KnowledgeError("file:line: reason") when it is not sound."""
    return _build(*read(folder))


@lru_cache(maxsize=32)
def with_rules(text: str, name: str = "draft") -> Knowledge:
    """Return the shipped knowledge with the rules of this TOML text in place of its own; raises KnowledgeError."""
    return _build(*read(FOLDER, Instead(name, text, KEYS)))


def _build(document: Document, raw: schema.Knowledge) -> Knowledge:
    if _machines:
        raw.modality = [e.model_copy(update={"on_site": e.id in _machines[0]}) for e in raw.modality]
    vocabulary = b.findings(document, raw)
    sources = b.sources(document, raw)
    table = acr.build(document, raw, sources)
    rules = RulesetBuilder(document, raw, vocabulary, sources)
    ruleset = rules.build()
    scores = ScoreBuilder(document, raw, vocabulary).build()
    check_apart(document, raw, ruleset, scores)
    return Knowledge(
        ruleset=ruleset,
        scores=scores,
        candidacy=CandidacyBuilder(rules, ruleset).build(),
        findings=vocabulary,
        sections=b.sections(raw),
        sources=sources,
        urgent_questions=b.questions(document, raw, vocabulary),
        symptoms=b.options(document, "symptom", raw.symptom, vocabulary),
        diagnoses=b.options(document, "diagnosis", raw.diagnosis, vocabulary),
        body_regions=b.options(document, "region", raw.region, vocabulary),
        body_chart_question=b.text(raw.chart.question),
        treatments_tried=b.options(document, "treatment", raw.treatment, vocabulary),
        examination=b.examination(document, raw, vocabulary),
        acr=table,
        flow=flow.build(
            document, raw, ReferralBuilder(rules).build(), outcomes.build(document, raw, scores, vocabulary)
        ),
        **_clinic(document, raw),
    )


def _clinic(document: Document, raw: schema.Knowledge) -> dict[str, Any]:
    named = {e.id: b.text(e.label) for e in (*raw.list_, *raw.modality, *raw.hospital)}
    return {
        "override_reasons": b.labelled(raw.override_reason),
        "not_imaged_reasons": b.labelled(raw.not_imaged_reason),
        "hospitals": tuple(
            t.Hospital(id=e.id, text=named[e.id], phone=e.phone, mri=e.mri, demo=e.demo) for e in raw.hospital
        ),
        "procedures": decisions.procedures(raw),
        "decisions": decisions.build(document, raw),
        "levels": tuple(raw.levels.values),
        "targets": MappingProxyType({int(level): minutes for level, minutes in raw.targets.levels.items()}),
        "untriaged_minutes": raw.targets.untriaged,
        "targets_source": raw.targets.source,
        "lists": b.by_id(t.WorkList(id=e.id, text=named[e.id], owner=e.owner, minutes=e.minutes) for e in raw.list_),
        "modalities": tuple(t.Modality(id=e.id, text=named[e.id], on_site=e.on_site) for e in raw.modality),
        "actions": b.by_id(b.labelled(raw.action)),
        "imaging": b.by_id(
            t.Imaging(id=e.id, text=b.text(e.label), modality=e.modality, acr=tuple(e.acr)) for e in raw.imaging
        ),
        "routes": b.by_id(b.labelled(raw.route)),
        "acuities": b.by_id(t.Acuity(id=e.id, text=b.text(e.label), level=e.level) for e in raw.acuity),
        "ways": ways(document, raw),
    }
