"""Drafts of the rules: begun from rules that exist or from a file, changed by whoever may, never in force by itself."""

from collections.abc import Callable, Mapping
from typing import Any

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused, Stale
from triage.domain.expressions import parse
from triage.domain.ruleset import Ruleset
from triage.knowledge import KnowledgeError, rules_editing
from triage.models import RulesetVersion
from triage.services.audit import lock_site, record
from triage.services.encounters import touch
from triage.services.rulesets import get_version, in_force, readable


class Unsound(Refused):
    """The text is no sound ruleset; carries the fault with its line, its reason and the part that is wrong."""

    def __init__(self, fault: KnowledgeError) -> None:
        super().__init__("draft_unsound", why=str(fault))
        self.fault = fault


def fault_in(text: str) -> KnowledgeError | None:
    """Return the first fault of the rules in this text, with its line and reason; None when they are sound."""
    try:
        knowledge.with_rules(text)
    except KnowledgeError as error:
        return error
    return None


def reason_against(draft: RulesetVersion, condition: str) -> str:
    """Return why a condition cannot be read by the words of this draft, "" when it can."""
    rules = readable(draft).ruleset
    try:
        parse(condition, rules.vocabulary, rules.definitions)
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        return str(error)
    return ""


def _sound(text: str) -> Ruleset:
    if "\x00" in text:
        raise Refused("bad_text")
    try:
        return knowledge.with_rules(text).ruleset
    except KnowledgeError as error:
        raise Unsound(error) from error


@verb
def create(actor: Actor, text: str, note: str = "", based_on: str = "", name: str = "") -> str:
    """Keep the rules of this text as a new draft and return its id; raises Refused with line and reason of a fault.

    ``based_on`` is the content hash of the rules it was begun from; empty: those in force. ``name`` replaces the
    version that the text says of itself.
    """
    if not actor.may("rules:draft"):
        raise NotAllowed("not_allowed")
    rules = _sound(text)
    if name and name != rules.version:
        text = _edited(lambda: rules_editing.rename(text, name))
        rules = _sound(text)
    draft = RulesetVersion(
        site_id=actor.site_id, name=rules.version, content_hash=rules.hash, content=text, note=note.strip(),
        based_on=based_on or in_force(actor.site_id).ruleset.hash, author_id=actor.staff_id,
        authors=[actor.staff_id], created_at=clock.now(), updated_by=actor.name, updated_at=clock.now(),
    )  # fmt: skip
    session.add(draft)
    session.flush()
    record(actor, "rules_drafted", version=draft.id, based_on=draft.based_on, hash=draft.content_hash)
    return draft.id


@verb
def save(actor: Actor, draft_id: str, version: int, text: str, note: str | None = None) -> None:
    """Replace the text of a draft; who writes becomes one of its authors.

    Raises Refused with line and reason of a fault, Stale with the newer text where somebody was faster.
    """
    _sound(text)
    draft = _open(actor, draft_id, version)
    _write(actor, draft, text, draft.note if note is None else note.strip())


def _write(actor: Actor, draft: RulesetVersion, text: str, note: str) -> None:
    rules = _sound(text)
    if (text, note) == (draft.content, draft.note):
        return
    before, draft.content, draft.note = draft.content_hash, text, note
    draft.name, draft.content_hash = rules.version, rules.hash
    draft.authors = sorted({*draft.authors, actor.staff_id})
    touch(actor, draft)
    record(actor, "rules_draft_changed", version=draft.id, before=before, after=draft.content_hash)


@verb
def put_rule(actor: Actor, draft_id: str, version: int, rule_id: str, values: Mapping[str, Any]) -> None:
    """Change one rule of a draft, "" for a new one; raises as ``save`` does, Refused where only the file will do."""
    draft = _open(actor, draft_id, version)
    if rule_id and rules_editing.find_rule(draft.content, rule_id) is None:
        raise NotFound("rule")
    _write(actor, draft, _edited(lambda: rules_editing.put_rule(draft.content, rule_id, values)), draft.note)


@verb
def remove_rule(actor: Actor, draft_id: str, version: int, rule_id: str) -> None:
    """Take one rule out of a draft; raises as ``put_rule`` does."""
    draft = _open(actor, draft_id, version)
    if rules_editing.find_rule(draft.content, rule_id) is None:
        raise NotFound("rule")
    _write(actor, draft, _edited(lambda: rules_editing.remove_rule(draft.content, rule_id)), draft.note)


def _edited(edit: Callable[[], str]) -> str:
    try:
        return edit()
    except rules_editing.CannotEdit as error:
        raise Refused("edit_as_file") from error


@verb
def discard(actor: Actor, draft_id: str, version: int) -> None:
    """Close a draft that nobody wants any more; it stays on file."""
    draft = _open(actor, draft_id, version)
    draft.state = "discarded"
    touch(actor, draft)
    record(actor, "rules_draft_discarded", version=draft.id)


def _open(actor: Actor, draft_id: str, version: int) -> RulesetVersion:
    if not actor.may("rules:draft"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)
    draft = get_version(actor, draft_id)
    if draft.state != "draft":
        raise Conflict("draft_is_closed")
    if draft.version != version:
        now = {"content": draft.content, "version": draft.version}
        raise Stale(draft.updated_by or "?", draft.updated_at or clock.now(), now)
    return draft
