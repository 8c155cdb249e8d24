"""Which findings a row of the board names: those that make the rules fear something."""

from collections.abc import Collection

from triage.domain.ruleset import Ruleset
from triage.domain.suggestion import Suggestion

#: The board names what the rules fear down to this level; below it the patient's own words have the room.
ALARMING_LEVEL = 3


def feared(ruleset: Ruleset, suggestion: Suggestion, leave_out: Collection[str] = ()) -> list[str]:
    """Return the findings under the rules that set the level, by name; empty where the rules fear nothing urgent."""
    if suggestion.level > ALARMING_LEVEL:
        return []
    fired = [reason for reason in suggestion.reasons if reason.rule in ruleset.by_id]
    deciding = [reason for reason in fired if ruleset.by_id[reason.rule].level == suggestion.level]
    return list(dict.fromkeys(name for reason in deciding for name in reason.facts if name not in leave_out))
