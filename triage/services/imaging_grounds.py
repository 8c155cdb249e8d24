"""On what an examination rests: what the rules suggested, and how the ACR table rates it in that situation."""

from collections.abc import Sequence
from typing import Any

from triage import knowledge
from triage.domain import imaging as rules
from triage.knowledge.acr import NOT_APPROPRIATE, Rating, Variant
from triage.models import Encounter


def usual(encounter: Encounter, modality: str, note: str, examination: str = "") -> dict[str, Any]:
    """Return what is asked for until somebody says otherwise, from what is loaded already: no query.

    The words are those of the rule that suggested it, else of whoever asks; in Japanese, as the record is.
    """
    flow, suggestion = knowledge.load().flow, encounter.suggestion or {}
    named = flow.examinations.procedures.get(examination)
    meant = named or flow.examinations.meant(modality, suggestion.get("imaging", ()))
    reasons: Sequence[Any] = suggestion.get("reasons", ())
    suggested = not {*meant.means}.isdisjoint(suggestion.get("imaging", ()))
    words = _words(reasons, meant.means) if suggested and reasons else note
    return {
        "procedure": meant.id, "views": list(meant.default_views),
        "priority": flow.ordering.priority.get(encounter.acuity or 0, "routine"),
        "justification": rules.as_a_line(words),
        "acr_variant": _situation([reason["rule"] for reason in reasons]),
    }  # fmt: skip


def _words(reasons: Sequence[Any], means: Sequence[str]) -> str:
    """Return the words of the rule that names such imaging; of the first, where the rule in force is another one."""
    rules = knowledge.load().ruleset.by_id
    naming = (one for one in reasons if one["rule"] in rules and not {*means}.isdisjoint(rules[one["rule"]].imaging))
    return str(next(naming, reasons[0])["texts"]["ja"])


def _situation(rule_ids: Sequence[str]) -> int | None:
    """Return the ACR situation of the first rule that stands for one, None where none does."""
    rows = knowledge.load().acr.rules.items()
    return next((number for rule in rule_ids for number, ids in rows if rule in ids), None)


def variant(number: int | None) -> Variant | None:
    """Return a situation of the ACR table, None for none."""
    return next((one for one in knowledge.load().acr.variants if one.number == number), None)


def rating(procedure: str, number: int | None) -> Rating | None:
    """Return how the table rates an examination in a situation, None where it says nothing of it."""
    found, there = variant(number), knowledge.load().flow.examinations.procedures
    return found.ratings.get(there[procedure].acr) if found and procedure in there else None


def is_warned(procedure: str, number: int | None) -> bool:
    """Tell whether the table calls it usually not appropriate: said, and never a bar."""
    found = rating(procedure, number)
    return found is not None and found.category == NOT_APPROPRIATE
