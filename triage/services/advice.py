"""What the rules advise, asked once for the same findings: when an answer is saved, when the sheet is shown, when the
decision is made.

Kept in each process by the rules themselves and by every finding with its value: the advice follows from nothing else.
"""

from collections.abc import Mapping
from functools import lru_cache

from triage.domain.findings import Answer, resolve
from triage.domain.rules import evaluate
from triage.domain.ruleset import Ruleset
from triage.domain.suggestion import Suggestion
from triage.services import rulesets

#: Kept in each process, a few kB each: all who are here, with what their answers said before.
KEPT = 512


class _Asked:
    """Rules and findings as what they are kept by: True is not 1, and 1 is not 1.0."""

    __slots__ = ("findings", "rules", "said")

    def __init__(self, rules: Ruleset, findings: Mapping[str, object]) -> None:
        self.rules, self.findings = rules, findings
        self.said = tuple((name, type(value), value) for name, value in findings.items())

    def __hash__(self) -> int:
        return hash(self.said)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.rules is other.rules and self.said == other.said


def suggest(site_id: str, answers: Mapping[str, Answer]) -> Suggestion:
    """Return what the rules in force at the site advise on these answers."""
    known = rulesets.in_force(site_id)
    return advise(known.ruleset, resolve(known, answers))


def advise(rules: Ruleset, findings: Mapping[str, object]) -> Suggestion:
    """Return what the rules advise on these findings; raises KeyError for a name that is not in the vocabulary."""
    return _advised(_Asked(rules, findings))


@lru_cache(maxsize=KEPT)
def _advised(asked: _Asked) -> Suggestion:
    return evaluate(asked.rules, asked.findings)
