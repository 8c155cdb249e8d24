"""Putting rules in force: publication by a clinical lead who did not write them, rollback, and the sign-off record."""

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import gate
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, Refused
from triage.knowledge import rules_text
from triage.models import Encounter, RulesetPublication, RulesetSignature, RulesetVersion
from triage.services import advice, intakes, simulations
from triage.services.audit import lock_site, record
from triage.services.encounters import check_version, touch
from triage.services.rulesets import find_publication, get_version, in_force, readable, signed_hashes

DRAFT, PUBLISHED = "draft", "published"


@verb
def publish(actor: Actor, version_id: str, version: int, seen: str, note: str = "") -> str:
    """Put a draft in force and return the publication's id; every open visit is judged anew at once.

    ``seen`` is the content hash in force when the actor looked. Raises NotAllowed for an author, Refused while the
    simulation of exactly this content is missing or loses an emergency, Conflict where others were faster.
    """
    draft, rules = _lead(actor, version_id), None
    if draft.state != DRAFT:
        raise Conflict("draft_is_closed")
    check_version(draft, version)
    if actor.staff_id in {draft.author_id, *draft.authors}:
        raise NotAllowed("author_publishes")
    rules = readable(draft).ruleset
    _refuse_old_look(actor, seen)
    reason = why_not(actor, draft)
    if reason:
        raise Refused(reason, name=draft.name)
    _keep_shipped(actor)
    draft.state = PUBLISHED
    touch(actor, draft)
    session.flush()
    publication = _append(actor, draft, rules.version, rules.hash, "published", note)
    said = {"version": draft.id, "name": rules.version, "hash": rules.hash}
    record(actor, "rules_published", publication=publication.id, **said)
    judge_anew(actor)
    return publication.id


def why_not(actor: Actor, draft: RulesetVersion) -> str:
    """Return what stands against publishing this content, as a message code with ``name``; "" when nothing does."""
    if in_force(actor.site_id).ruleset.hash == draft.content_hash:
        return "already_in_force"
    if _name_taken(actor, draft):
        return "version_name_taken"
    return simulations.gate(actor.site_id, draft.content_hash) or ""


def _name_taken(actor: Actor, draft: RulesetVersion) -> bool:
    shipped = knowledge.load().ruleset
    if draft.name == shipped.version and draft.content_hash != shipped.hash:
        return True
    same = (RulesetVersion.name == draft.name, RulesetVersion.content_hash != draft.content_hash)
    published = (RulesetVersion.site_id == actor.site_id, RulesetVersion.state == PUBLISHED)
    return session.scalar(select(RulesetVersion.id).where(*same, *published).limit(1)) is not None


def _lead(actor: Actor, version_id: str) -> RulesetVersion:
    if not actor.may("rules:publish"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)  # first: of two who publish at once, the second sees what the first did
    return get_version(actor, version_id)


def _refuse_old_look(actor: Actor, seen: str) -> None:
    now = in_force(actor.site_id).ruleset
    if now.hash != seen:
        raise Conflict("rules_changed_meanwhile", name=now.version)


def _append(
    actor: Actor, version: RulesetVersion | None, name: str, content_hash: str, kind: str, note: str
) -> RulesetPublication:
    last = select(func.max(RulesetPublication.sequence)).where(RulesetPublication.site_id == actor.site_id)
    publication = RulesetPublication(
        site_id=actor.site_id, sequence=(session.scalar(last) or 0) + 1, version_id=version.id if version else None,
        name=name, content_hash=content_hash, kind=kind, note=note.strip(), at=clock.now(), staff_id=actor.staff_id,
    )  # fmt: skip
    session.add(publication)
    session.flush()
    return publication


def _keep_shipped(actor: Actor) -> None:
    """Keep what the program brought, while it is in force, so that exactly this can be put back after an upgrade."""
    shipped = knowledge.load().ruleset
    same = (RulesetVersion.site_id == actor.site_id, RulesetVersion.content_hash == shipped.hash)
    kept = session.scalar(select(RulesetVersion.id).where(*same, RulesetVersion.author_id.is_(None)).limit(1))
    if kept or in_force(actor.site_id).ruleset.hash != shipped.hash:
        return
    session.add(
        RulesetVersion(
            site_id=actor.site_id, name=shipped.version, content_hash=shipped.hash, content=rules_text.shipped(),
            author_id=None, created_at=clock.now(), state=PUBLISHED,
        )
    )  # fmt: skip


@verb
def roll_back(actor: Actor, version_id: str | None, seen: str, reason: str) -> str:
    """Put earlier rules back in force in one step, None: the shipped ones; return the publication's id.

    They were reviewed before, so their author may do it and no simulation is asked for. Raises as ``publish`` does.
    """
    if not actor.may("rules:publish"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)
    version = get_version(actor, version_id) if version_id else None
    if version is not None and version.state != PUBLISHED:
        raise Refused("not_published")
    rules = readable(version).ruleset
    _refuse_old_look(actor, seen)
    if rules.hash == seen:
        raise Refused("already_in_force")
    if not reason.strip():
        raise Refused("note_needed")
    _keep_shipped(actor)
    publication = _append(actor, version, rules.version, rules.hash, "rolled_back", reason)
    said = {"version": version_id or "", "name": rules.version, "hash": rules.hash, "reason": reason.strip()}
    record(actor, "rules_rolled_back", publication=publication.id, **said)
    judge_anew(actor)
    return publication.id


def judge_anew(actor: Actor) -> None:
    """Run the rules in force, inside a verb, on every open visit of the site: what they call an emergency is pinned.

    An emergency is only ever added here, and one that stands still rests on its answers. What was decided stays
    decided; the suggestion beside it is renewed.
    """
    rules = in_force(actor.site_id).ruleset
    query = select(Encounter).where(Encounter.site_id == actor.site_id, Encounter.finished_at.is_(None))
    for encounter in session.scalars(query.options(joinedload(Encounter.patient)).order_by(Encounter.arrived_at)):
        _judge(actor, encounter, rules.version, rules.hash)


def _judge(actor: Actor, encounter: Encounter, name: str, content_hash: str) -> None:
    before = encounter.suggestion
    if before is None:  # nothing was asked yet; only what the record itself makes an emergency is said now
        known = advice.suggest(encounter.site_id, intakes.answers_of(encounter))
        if known.level > gate.EMERGENCY_LEVEL:
            return
    after = intakes.reassess(actor, encounter)
    touch(actor, encounter)
    record(
        actor, "suggestion_renewed", patient_id=encounter.patient_id, encounter_id=encounter.id, rules=name,
        hash=content_hash, before={"level": before["level"], "route": before["route"]} if before else None,
        after={"level": after.level, "route": after.route},
    )  # fmt: skip


@verb
def sign(actor: Actor, content_hash: str, statement: str) -> None:
    """Record that the clinical lead answers for rules of exactly this content; raises Conflict when that is so."""
    name = _signing(actor, content_hash)
    if content_hash in signed_hashes(actor.site_id):
        raise Conflict("already_signed_rules")
    if not statement.strip():
        raise Refused("statement_needed")
    _append_signature(actor, name, content_hash, "signed", statement)
    record(actor, "rules_signed", name=name, hash=content_hash)


@verb
def withdraw_signature(actor: Actor, content_hash: str, reason: str) -> None:
    """Take the signature of this content back by a further record, with the reason."""
    name = _signing(actor, content_hash)
    if content_hash not in signed_hashes(actor.site_id):
        raise Conflict("not_signed_rules")
    if not reason.strip():
        raise Refused("note_needed")
    _append_signature(actor, name, content_hash, "withdrawn", reason)
    record(actor, "rules_signature_withdrawn", name=name, hash=content_hash, reason=reason.strip())


def _signing(actor: Actor, content_hash: str) -> str:
    """Return the name of the rules with this content; only what is or was in force is signed."""
    if not actor.may("rules:publish"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)
    shipped, now = knowledge.load().ruleset, find_publication(actor.site_id)
    names = {shipped.hash: shipped.version} | ({now.content_hash: now.name} if now else {})
    query = select(RulesetVersion.content_hash, RulesetVersion.name)
    published = query.where(RulesetVersion.site_id == actor.site_id, RulesetVersion.state == PUBLISHED)
    names |= dict(row for row in session.execute(published))
    if content_hash not in names:
        raise Refused("not_published")
    return names[content_hash]


def _append_signature(actor: Actor, name: str, content_hash: str, kind: str, statement: str) -> None:
    last = select(func.max(RulesetSignature.sequence)).where(RulesetSignature.site_id == actor.site_id)
    session.add(
        RulesetSignature(
            site_id=actor.site_id, sequence=(session.scalar(last) or 0) + 1, name=name, content_hash=content_hash,
            kind=kind, statement=statement.strip(), at=clock.now(), staff_id=actor.staff_id,
        )
    )  # fmt: skip
