"""What was answered, in the order of the vocabulary: for summaries, the emergency panel and the transfer sheet."""

from dataclasses import dataclass

from triage.forms.entry import Entry, Field
from triage.forms.findings import items

NOT_KNOWN = ("unknown", "?")
NO = ("no", "none")


@dataclass(frozen=True)
class Line:
    """One thing that was answered: its words, and the field where a value belongs to them."""

    text: str
    field: Field | None = None


def recorded(entry: Entry, place: str = "") -> list[Field]:
    """Return the answered fields of a place ("desk", "sheet", "" for both) that are no urgent question.

    The items of a score are left out where their section says so: the score stands for them.
    """
    apart = {section.id for section in entry.known.sections if not section.summarised}
    return [
        entry.field(name)
        for name, item in items().items()
        if item.role != "question" and place in ("", item.place) and _counts(entry.stored(name), item.role)
        and getattr(item.spec, "section", "") not in apart
    ]  # fmt: skip


def _counts(stored: str, role: str) -> bool:
    return stored == "yes" if role == "chip" else bool(stored)


def present(entry: Entry) -> list[Line]:
    """Return what is there, or how much; an urgent "yes" in the words of the finding it counts as."""
    lines = [Line(text) for text in _asked(entry, "yes")]
    said = {line.text for line in lines}
    fields = [field for field in recorded(entry) if field.was not in (*NO, *NOT_KNOWN) and field.label not in said]
    return lines + [Line(field.label, None if field.was == "yes" else field) for field in fields]


def absent(entry: Entry) -> list[Line]:
    """Return what was asked and denied."""
    texts = [*_asked(entry, "no"), *(field.label for field in recorded(entry) if field.was in NO)]
    return [Line(text) for text in dict.fromkeys(texts)]


def not_known(entry: Entry) -> list[Line]:
    """Return what was asked and is not known."""
    asked = [q.question(entry.locale) for q in entry.known.urgent_questions if entry.stored(q.id) in NOT_KNOWN]
    return [Line(text) for text in (*asked, *(f.label for f in recorded(entry) if f.was in NOT_KNOWN))]


def _asked(entry: Entry, answer: str) -> list[str]:
    found: list[str] = []
    for question in entry.known.urgent_questions:
        if entry.stored(question.id) == answer:
            explained = answer == "yes" and any(entry.stored(name) == "yes" for name in question.details)
            names = question.findings if answer == "no" else () if explained else tuple(question.yes_means)
            found += [entry.known.findings[name].label(entry.locale) for name in names]
    return list(dict.fromkeys(found))
