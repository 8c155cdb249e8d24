"""What the rules advise, judged once for the same findings: when an answer is saved, when the sheet is shown, when the
decision is made.

Kept in each process by the rules themselves and by every finding with its value, and with the encounter for the other
processes: with a seal of all that the advice follows from, so that what anything else was advised on is never taken.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from triage.domain.findings import Answer, resolve
from triage.domain.rules import evaluate
from triage.domain.ruleset import Ruleset
from triage.domain.suggestion import Suggestion
from triage.services import rulesets
from triage.stored_json import in_order

#: Kept in each process, a few kB each: all who are here, with what their answers said before.
KEPT = 512
#: Where the seal stands in a suggestion that is kept with an encounter.
SEAL = "seal"


class _Asked:
    """Rules and findings as what they are kept by: True is not 1, and 1 is not 1.0."""

    __slots__ = ("findings", "kept", "rules", "said")

    def __init__(self, rules: Ruleset, findings: Mapping[str, object], kept: Mapping[str, Any] | None) -> None:
        self.rules, self.findings, self.kept = rules, findings, kept
        self.said = tuple((name, type(value), value) for name, value in findings.items())

    def __hash__(self) -> int:
        return hash(self.said)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.rules is other.rules and self.said == other.said


def suggest(site_id: str, answers: Mapping[str, Answer]) -> Suggestion:
    """Return what the rules in force at the site advise on these answers."""
    known = rulesets.in_force(site_id)
    return advise(known.ruleset, resolve(known, answers))


def advise(rules: Ruleset, findings: Mapping[str, object], kept: Mapping[str, Any] | None = None) -> Suggestion:
    """Return what the rules advise on these findings; raises KeyError for a name that is not in the vocabulary.

    ``kept`` is what ``sealed`` made of an earlier suggestion; it counts where the seal is that of these findings.
    """
    return _advised(_Asked(rules, findings, kept))


def sealed(rules: Ruleset, findings: Mapping[str, object], suggestion: Suggestion) -> dict[str, Any]:
    """Return a suggestion as JSON values to be kept, with the seal of the rules and findings that it follows from."""
    return suggestion.as_dict() | {SEAL: _seal(rules, findings)}


def _seal(rules: Ruleset, findings: Mapping[str, object]) -> str:
    return hashlib.sha256(f"{rules.basis} {in_order(findings)}".encode()).hexdigest()


@lru_cache(maxsize=KEPT)
def _advised(asked: _Asked) -> Suggestion:
    kept, asked.kept = asked.kept, None  # the question stays in the cache, what was kept need not
    if kept and asked.rules.basis and kept.get(SEAL) == _seal(asked.rules, asked.findings):
        return Suggestion.from_dict(kept)
    return evaluate(asked.rules, asked.findings)
