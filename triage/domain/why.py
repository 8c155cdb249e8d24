"""Why the other rules did not fire, and the smallest changes that would move the acuity or the route.

Worked out only where somebody asks: every change that is named has been tried on the rules.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from triage.domain.conditions import Fact, Unless
from triage.domain.implicants import Implicant
from triage.domain.literals import Mask
from triage.domain.ruleset import Rule, Ruleset
from triage.domain.settling import Outcome, settle

#: How many changes are named for each place to go, how many findings one may change, how many are tried.
MOST, LARGEST, TRIED = 5, 3, 400


@dataclass(frozen=True)
class Change:
    """One smallest change. answers: what would have to be found. without: what would have to be taken back."""

    answers: Mapping[str, object]
    without: tuple[str, ...]
    acuity: str
    level: int
    route: str

    def as_dict(self) -> dict[str, Any]:
        """Return the change as JSON values."""
        return {
            "answers": dict(self.answers),
            "without": list(self.without),
            "acuity": self.acuity,
            "level": self.level,
            "route": self.route,
        }


@dataclass(frozen=True)
class NotFired:
    """A rule that did not fire. missing: unanswered findings that could make it fire; against: answers that stop it.

    excepted: answers that switch it off although the rest of it holds.
    """

    rule: Rule
    missing: tuple[str, ...]
    against: tuple[str, ...]
    excepted: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Tell whether the rule could still fire without any answer being changed."""
        return not self.against and not self.excepted

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return why the rule did not fire as JSON values, its text in the language."""
        return {
            "rule": self.rule.id,
            "acuity": self.rule.acuity,
            "text": self.rule.text.get(lang, self.rule.text["en"]),
            "open": self.is_open,
            "missing": list(self.missing),
            "against": list(self.against),
            "excepted": list(self.excepted),
        }


def why_not(ruleset: Ruleset, findings: Mapping[str, object]) -> tuple[NotFired, ...]:
    """Return for every rule that did not fire what is missing for it or stands against it, the most urgent first."""
    values = ruleset.values(findings)
    passed, failed = ruleset.implicants.literals.standing(values)
    silent = [rule for rule in ruleset.rules if not rule.when.test(values)]
    return tuple(_not_fired(ruleset, rule, passed, failed, values) for rule in silent)


def _not_fired(ruleset: Ruleset, rule: Rule, passed: Mask, failed: Mask, values: Mapping[str, Any]) -> NotFired:
    """Explain the rule by the implicant that lacks least."""
    implicants = ruleset.implicants
    nearest = min(
        (implicant.mask for implicant in implicants.of_rule[rule.id]),
        key=lambda mask: ((mask & failed).bit_count(), (mask & ~passed).bit_count()),
        default=0,
    )
    entries = implicants.literals.entries_of(nearest & failed)
    exceptions = [entry for entry in entries if isinstance(entry, Unless)]
    excepted = (name for entry in exceptions for name in entry.part.true_names(values))
    return NotFired(
        rule=rule,
        missing=_names(implicants.literals.entries_of(nearest & ~passed & ~failed)),
        against=_names(entries),
        excepted=tuple(dict.fromkeys(excepted)),
    )


def _names(entries: Collection[Fact | Unless]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.name for entry in entries if isinstance(entry, Fact)))


def changes(ruleset: Ruleset, findings: Mapping[str, object], fixed: Collection[str] = ()) -> tuple[Change, ...]:
    """Return the smallest changes that move acuity or route, at most MOST to each new place, the most urgent first.

    fixed: findings that cannot be otherwise, such as age and sex. An unanswered finding is preferred to a changed one.
    """
    values = ruleset.values(findings)
    now = settle(ruleset, values)
    found: dict[tuple[int, str], list[Change]] = {}
    for change in (
        *_upwards(ruleset, findings, values, now, fixed),
        *_downwards(ruleset, findings, values, now, fixed),
    ):
        known = found.setdefault((change.level, change.route), [])
        if len(known) < MOST and not any(_includes(change, other) for other in known):
            known.append(change)
    flat = [change for group in found.values() for change in group]
    order = {name: place for place, name in enumerate(ruleset.routes)}
    return tuple(sorted(flat, key=lambda change: (change.level, order[change.route], _size(change))))


def _size(change: Change) -> int:
    return len(change.answers) + len(change.without)


def _includes(change: Change, other: Change) -> bool:
    return other.answers.keys() <= change.answers.keys() and {*other.without} <= {*change.without}


def _upwards(
    ruleset: Ruleset, findings: Mapping[str, object], values: Mapping[str, Any], now: Outcome, fixed: Collection[str]
) -> Iterator[Change]:
    """Yield the changes by new answers, those of the fewest findings first."""
    literals = ruleset.implicants.literals
    passed, failed = literals.standing(values)
    blocked = failed & ruleset.to_ranks.exceptions
    possible: list[tuple[tuple[int, int, int, int], Implicant, tuple[str, ...]]] = []
    for rule in ruleset.rules:
        for implicant in ruleset.implicants.of_rule[rule.id]:
            needed = _names(literals.entries_of(implicant.mask & ~passed))
            if needed and not implicant.mask & blocked and not {*needed} & {*fixed} and len(needed) <= LARGEST:
                asked = ruleset.implicants.questions.first(implicant.mask & ~passed)
                place = (len(needed), (implicant.mask & failed).bit_count(), rule.rank, asked)
                possible.append((place, implicant, needed))
    possible.sort(key=lambda item: item[0])
    for _, implicant, needed in possible[:TRIED]:
        witness = literals.witness(implicant.mask) or {}
        answers = {name: witness[name] for name in needed if name in witness}
        yield from _tried(ruleset, {**findings, **answers}, now, answers, ())


def _downwards(
    ruleset: Ruleset, findings: Mapping[str, object], values: Mapping[str, Any], now: Outcome, fixed: Collection[str]
) -> Iterator[Change]:
    """Yield the changes by taking answers back, those of the fewest findings first."""
    facts = dict.fromkeys(name for rule in now.rules for name in rule.when.true_names(values))
    names = [name for name in facts if name not in fixed][:12]
    for size in range(1, LARGEST + 1):
        for without in combinations(names, size):
            left = {name: value for name, value in findings.items() if name not in without}
            yield from _tried(ruleset, left, now, {}, without)


def _tried(
    ruleset: Ruleset,
    findings: Mapping[str, object],
    now: Outcome,
    answers: Mapping[str, object],
    without: tuple[str, ...],
) -> Iterator[Change]:
    then = settle(ruleset, ruleset.values(findings))
    if (then.acuity, then.route) != (now.acuity, now.route):
        yield Change(answers, without, then.acuity, then.level, then.route)
