"""Drafts of the rules: begun from rules that exist or from a file, changed by whoever may, never in force by itself."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, Refused, Stale
from triage.domain.ruleset import Ruleset
from triage.knowledge import KnowledgeError
from triage.models import RulesetVersion
from triage.services.audit import lock_site, record
from triage.services.encounters import touch
from triage.services.rulesets import get_version, in_force


def fault_in(text: str) -> KnowledgeError | None:
    """Return the first fault of the rules in this text, with its line and reason; None when they are sound."""
    try:
        knowledge.with_rules(text)
    except KnowledgeError as error:
        return error
    return None


def _sound(text: str) -> Ruleset:
    if "\x00" in text:
        raise Refused("bad_text")
    try:
        return knowledge.with_rules(text).ruleset
    except KnowledgeError as error:
        raise Refused("draft_unsound", why=str(error)) from error


def list_drafts(actor: Actor) -> Sequence[RulesetVersion]:
    """Return the site's open drafts, the one changed last first, each with its author."""
    mine = (RulesetVersion.site_id == actor.site_id, RulesetVersion.state == "draft")
    query = select(RulesetVersion).where(*mine).options(joinedload(RulesetVersion.author))
    return session.scalars(query.order_by(RulesetVersion.updated_at.desc())).all()


@verb
def create(actor: Actor, text: str, note: str = "", based_on: str = "") -> str:
    """Keep the rules of this text as a new draft and return its id; raises Refused with line and reason of a fault.

    ``based_on`` is the content hash of the rules it was begun from; empty: those in force.
    """
    if not actor.may("rules:draft"):
        raise NotAllowed("not_allowed")
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
    rules, draft = _sound(text), _open(actor, draft_id, version)
    if (text, note) in ((draft.content, draft.note), (draft.content, None)):
        return
    before, draft.content = draft.content_hash, text
    draft.name, draft.content_hash = rules.version, rules.hash
    draft.note = draft.note if note is None else note.strip()
    draft.authors = sorted({*draft.authors, actor.staff_id})
    touch(actor, draft)
    record(actor, "rules_draft_changed", version=draft.id, before=before, after=draft.content_hash)


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
