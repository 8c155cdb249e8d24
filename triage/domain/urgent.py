"""Which urgent questions keep a red flag up: whatever is not a plain "no"."""

from collections.abc import Mapping
from typing import Any

from triage.domain.findings import Answer, not_known_urgent, resolve, unanswered_urgent


def not_denied(knowledge: Any, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Return the ids of the urgent questions whose answer is yes, not known, or missing."""
    values = resolve(knowledge, answers)
    open_ = {*unanswered_urgent(knowledge, answers), *not_known_urgent(knowledge, answers)}
    return tuple(
        question.id
        for question in knowledge.urgent_questions
        if question.id in open_ or any(_is_told(knowledge, values, name) for name in question.findings)
    )


def _is_told(knowledge: Any, values: Mapping[str, object], name: str) -> bool:
    return name in values and not knowledge.findings[name].is_negative(values[name])
