"""Planted drafts: the rules in force with one thing changed, as a careless or a careful author would."""

from dataclasses import replace

from triage.domain.rules import Rule, Ruleset
from triage.knowledge import load


def without(*ids: str, of: Ruleset | None = None) -> Ruleset:
    """Return the rules without those that bear these ids."""
    rules = of or load().ruleset
    return replace(
        rules, rules=tuple(rule for rule in rules.rules if rule.id not in ids), hash="without" + "".join(ids)
    )


def with_changed(rule_id: str, of: Ruleset | None = None, **values: object) -> Ruleset:
    """Return the rules with one rule saying something else."""
    rules = of or load().ruleset

    def changed(rule: Rule) -> Rule:
        return replace(rule, **values) if rule.id == rule_id else rule  # type: ignore[arg-type]

    return replace(rules, rules=tuple(changed(rule) for rule in rules.rules), hash=f"changed{rule_id}{values}")


def careless() -> Ruleset:
    """Return rules that no longer know a single emergency."""
    return without(*(rule.id for rule in load().ruleset.rules if rule.level <= 2))
