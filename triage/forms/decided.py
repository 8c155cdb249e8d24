"""A signed decision in words: one line, and every part of it, for the screen and for the record on paper."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask_babel import gettext as _

from triage import knowledge
from triage.domain.candidate import Point
from triage.domain.choice import chosen
from triage.domain.operation import procedure_of
from triage.forms.consults import ANSWERS, KINDS, SIDES

#: A signed decision as the service returns it.
Signed = Any


def kind(decision: Signed) -> str:
    """Return the word for the kind of decision."""
    return str(dict(KINDS).get(decision.kind, decision.kind))


def what(decision: Signed, locale: str) -> str:
    """Return what was decided, without its kind: the procedure, the level, the side, the modality."""
    known, details = knowledge.load(), decision.details
    parts = known.decisions
    operation = procedure_of(known, chosen(details | {"kind": decision.kind, "procedure": decision.procedure}))
    named = operation.label(locale) if operation and decision.kind == "procedure" else decision.procedure
    block, step = parts.blocks.get(details.get("block", "")), parts.steps.get(details.get("step", ""))
    modality = next((m for m in known.modalities if m.id == decision.modality), None)
    imaged = known.flow.examinations.procedures.get(details.get("examination", "")) or modality
    words = [block.label(locale) if block else named, step.label(locale) if step else "", decision.level]
    words += [str(dict(SIDES).get(decision.side, "")), imaged.label(locale) if imaged else ""]
    return " · ".join([word for word in words if word] + list(_care(decision, locale)))


def _care(decision: Signed, locale: str) -> Iterator[str]:
    measures, details = knowledge.load().decisions.measures, decision.details
    if details.get("measures"):
        yield ", ".join(measures[name].label(locale) for name in details["measures"] if name in measures)
    if details.get("weeks"):
        yield _("%(count)s weeks", count=details["weeks"])
    if decision.review_on:
        yield _("again on %(day)s", day=decision.review_on.isoformat())
    if details.get("if_needed"):
        yield _("again only if needed")


def parts(decision: Signed, locale: str) -> list[tuple[str, str]]:
    """Return label and text of everything else that was signed; what was not said is left out."""
    known, details = knowledge.load(), decision.details
    texts = _texts(decision, locale)
    listed = {
        _("Indication"): [*_named(texts, details.get("indications", ())), details.get("indication_note", "")],
        _("Alternatives considered"): _named(_shorts(locale), details.get("alternatives", ())),
        _("What speaks against it"): _answers(texts, details.get("answers", {})),
        _("Implants"): [*_labels(known.decisions.implants, details.get("implants", ()), locale)],
        _("Bone"): [*_labels(known.decisions.grafts, details.get("grafts", ()), locale)],
        _("Sizes, number, remarks"): [details.get("implant_note", "")],
        _("Told to the patient"): [details.get("told", "")],
    }
    return [(label, "; ".join(text for text in said if text)) for label, said in listed.items() if any(said)]


def _texts(decision: Signed, locale: str) -> dict[str, str]:
    """Return the texts of the criteria by id: today's, and over them those that were shown at the signature."""
    treatments = knowledge.load().candidacy.treatments
    today = {item.id: item.text[locale] for treatment in treatments for item in treatment.criteria}
    return today | {point.id: point.text.get(locale, point.text["en"]) for point in _points(decision)}


def _points(decision: Signed) -> Iterator[Point]:
    for data in decision.seen.get("candidates", ()):
        if data["procedure"] == decision.procedure:
            for group in ("for", "against", "unknown", "prerequisites"):
                yield from (Point.from_dict(point) for point in data[group])


def _answers(texts: dict[str, str], answers: dict[str, str]) -> list[str]:
    """Return the points that have the same answer together, behind it."""
    given = {word: [name for name, code in answers.items() if code == answer] for answer, word in ANSWERS}
    return [f"{word} – {', '.join(_named(texts, names))}" for word, names in given.items() if names]


def _shorts(locale: str) -> dict[str, str]:
    return {item.id: item.short[locale] for item in knowledge.load().candidacy.treatments}


def _named(texts: dict[str, str], names: Iterable[str]) -> list[str]:
    return [texts.get(name, name) for name in names]


def _labels(listed: Any, names: Iterable[str], locale: str) -> list[str]:
    return [listed[name].label(locale) for name in names if name in listed]
