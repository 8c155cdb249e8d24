"""The checks that reach across entries: duplicate ids, unknown names, values no finding can have."""

from collections.abc import Iterable, Mapping, Sequence

from triage.domain.findings import Finding, refusal
from triage.knowledge import schema
from triage.knowledge.reading import Document


def unique(document: Document, key: str, ids: Sequence[str], offset: int = 0) -> None:
    """Refuse the first id that occurs twice; offset is where the entries of key begin in ids."""
    seen: set[str] = set()
    for index, name in enumerate(ids):
        if name in seen:
            raise document.fault(key, index - offset, f"duplicate id: {name}")
        seen.add(name)


def known(document: Document, key: str, index: int, what: str, names: Iterable[str], allowed: Iterable[str]) -> None:
    """Refuse the first name that is not allowed."""
    allowed = set(allowed)
    for name in names:
        if name not in allowed:
            raise document.fault(key, index, f"unknown {what}: {name}")


def check_choice(document: Document, index: int, entry: schema.FindingEntry) -> None:
    """Refuse a finding whose types, choices and words for "none" and "some" do not fit together."""
    values = [choice.value for choice in entry.choices]
    if entry.choices and "str" not in entry.types:
        raise document.fault("finding", index, f"{entry.name}: choices need the type str")
    if None in values and (entry.null_means != "none" or "null" not in entry.types):
        raise document.fault("finding", index, f"{entry.name}: a choice without value needs null_means = none")
    if entry.null_means == "none" and "null" not in entry.types:
        raise document.fault("finding", index, f"{entry.name}: null_means needs the type null")
    if entry.some is not None and entry.some not in values:
        raise document.fault("finding", index, f"{entry.name}: some must be one of the choices")


def check_answers(
    document: Document, key: str, index: int, vocabulary: Mapping[str, Finding], values: Mapping[str, object]
) -> None:
    """Refuse unknown finding names, and values the finding cannot have (None only checks the name)."""
    for name, value in values.items():
        if name not in vocabulary:
            raise document.fault(key, index, f"unknown finding: {name}")
        reason = refusal(vocabulary[name], value) if value is not None else None
        if reason:
            raise document.fault(key, index, reason)
