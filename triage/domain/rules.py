"""What the rules of one ruleset advise for a set of findings, in three-valued logic.

A rule fires when its condition is known to be true. The most urgent rule that fires decides the
acuity; the routes are settled by the ruleset's own table; nothing here knows a symptom by name.
"""

from collections.abc import Mapping

from triage.domain.asking import open_questions
from triage.domain.ruleset import Ruleset
from triage.domain.settling import Outcome, settle
from triage.domain.suggestion import Suggestion


def outcome(ruleset: Ruleset, findings: Mapping[str, object]) -> Outcome:
    """Return what the rules say for the findings; a finding that is absent is unknown.

    Raises KeyError for a null under a name that is not in the vocabulary.
    """
    return settle(ruleset, ruleset.values(findings))


def evaluate(ruleset: Ruleset, findings: Mapping[str, object]) -> Suggestion:
    """Return what the rules advise for the findings, the reasons, and what has still to be asked.

    Raises KeyError for a null under a name that is not in the vocabulary.
    """
    values = ruleset.values(findings)
    settled = settle(ruleset, values)
    asking = open_questions(ruleset, findings, values, settled)
    return Suggestion(
        acuity=settled.acuity,
        level=settled.level,
        route=settled.route,
        imaging=settled.imaging,
        actions=settled.actions,
        reasons=tuple(rule.reason(values) for rule in settled.rules + settled.restrictions),
        unknown=asking.unknown,
        ask=asking.ask,
        provisional=asking.provisional,
        ruleset=ruleset.version,
        ruleset_hash=ruleset.hash,
    )
