"""Planted drafts: the rules in force with one thing changed, as a careless or a careful author would."""

import re
from dataclasses import replace
from functools import cache

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.ruleset import Rule, Ruleset
from triage.knowledge import load, rules_text
from triage.models import RulesetPublication, RulesetVersion
from triage.services import rule_drafts
from triage.services.audit import record


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


# --- the same as texts, kept in the database --------------------------------------------------------------------------


def shipped() -> str:
    """Return the rules that came with the program, as one text."""
    return rules_text.shipped()


def keener() -> str:
    """Return rules by which a pain of 7 already shortens the wait."""
    return _changed("pain_nrs >= 8", "pain_nrs >= 7")


def calmer() -> str:
    """Return rules by which only a pain of 9 shortens the wait."""
    return _changed("pain_nrs >= 8", "pain_nrs >= 9")


def _changed(before: str, after: str) -> str:
    assert before in shipped(), "the rules were written anew; so must this draft be"
    return shipped().replace(before, after)


@cache
def blind() -> str:
    """Return rules that call nothing an emergency any more."""
    head, rules = shipped()[: shipped().index("[[rule]]")], shipped()[shipped().index("[[rule]]") :]
    calm = re.sub(r"(?m)^level = [12]$", "", rules).replace('acuity = "emergency"', 'acuity = "urgent"')
    return head + calm.replace('route = "emergency_specialist"', 'route = "specialist_consult"')


def write_draft(actor: Actor, text: str) -> str:
    """Keep a draft and return its id."""
    return rule_drafts.create(actor, text)


@verb
def rewrite(actor: Actor, version_id: str, text: str) -> None:
    """Change a draft."""
    version = session.get_one(RulesetVersion, version_id)
    before, version.content = version.content_hash, text
    version.content_hash = knowledge.with_rules(text).ruleset.hash
    record(actor, "rules_draft_changed", version=version_id, before=before, after=version.content_hash)


@verb
def put_in_force(actor: Actor, version_id: str) -> None:
    """Put a version in force, as its publication does."""
    version = session.get_one(RulesetVersion, version_id)
    version.state = "published"
    publication = RulesetPublication(
        site_id=actor.site_id, sequence=1, version_id=version.id, name=version.name, at=clock.now(), kind="published",
        content_hash=version.content_hash, staff_id=actor.staff_id,
    )  # fmt: skip
    session.add(publication)
    session.flush()
    said = {"version": version.id, "name": version.name, "hash": version.content_hash}
    record(actor, "rules_published", publication=publication.id, **said)
