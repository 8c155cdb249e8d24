"""Why the rules suggest what they suggest for one encounter, why the others are silent, and what would change it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from triage.domain.findings import resolve
from triage.domain.why import Change, NotFired, changes, why_not
from triage.models import Encounter
from triage.services.intakes import answers_of
from triage.services.rulesets import in_force


@dataclass(frozen=True)
class Explanation:
    """The smallest changes by the place they lead to, and the silent rules by acuity; each in order of urgency."""

    turns: tuple[tuple[Change, ...], ...]
    silent: dict[str, list[NotFired]]


def explain(encounter: Encounter) -> Explanation:
    """Return the explanation on what is recorded now, under the rules in force at the site."""
    known = in_force(encounter.site_id)
    findings = resolve(known, answers_of(encounter))
    found = changes(known.ruleset, findings, known.from_record)
    return Explanation(_by_place(found), _by_acuity(why_not(known.ruleset, findings)))


def _by_place(found: Sequence[Change]) -> tuple[tuple[Change, ...], ...]:
    places = groupby(found, key=lambda change: (change.level, change.route))
    return tuple(tuple(group) for _, group in places)


def _by_acuity(silent: Sequence[NotFired]) -> dict[str, list[NotFired]]:
    groups: dict[str, list[NotFired]] = {}
    for each in silent:
        groups.setdefault(each.rule.acuity, []).append(each)
    return groups
