"""Which rules are in force at a site: the newest publication says so; where there is none, those of the program."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload

from triage import knowledge
from triage.db import read_one, session
from triage.domain.access import Actor
from triage.domain.errors import NotFound, Refused
from triage.knowledge import Knowledge, KnowledgeError, rules_text
from triage.models import RulesetPublication, RulesetSignature, RulesetVersion, Staff
from triage.prepared import Prepared

#: Published versions already read, by id: what is published never changes.
_read: dict[str, Knowledge] = {}
_KEPT = 32
NEWEST = Prepared(
    select(RulesetPublication.version_id)
    .where(RulesetPublication.site_id == bindparam("site"))
    .order_by(RulesetPublication.sequence.desc())
    .limit(1)
)


def in_force(site_id: str) -> Knowledge:
    """Return the clinic's knowledge with the rules in force at the site now.

    Which ones is asked of the database every time, so that all processes agree from the moment of a publication on.
    Raises KnowledgeError where this program cannot read them; ``preflight`` has refused to start then.
    """
    version_id = read_one(NEWEST, site=site_id)
    if version_id is None:
        return knowledge.load()
    if version_id not in _read:
        _keep(version_id, knowledge_of(session.get_one(RulesetVersion, version_id)))
    return _read[version_id]


def ever_in_force(site_id: str) -> Iterator[Knowledge]:
    """Yield the knowledge under the rules in force, then under each that was before, newest first, as far as readable.

    An emergency stands until two people take it back, so it may rest on a rule that is no longer in force.
    """
    now, seen = in_force(site_id), set[str]()
    yield now
    query = select(RulesetVersion).where(RulesetVersion.site_id == site_id, RulesetVersion.state == "published")
    for version in [*session.scalars(query.order_by(RulesetVersion.created_at.desc())), None]:
        with suppress(KnowledgeError):
            known = knowledge_of(version)
            if known.ruleset.hash not in {now.ruleset.hash, *seen}:
                yield known
            seen.add(known.ruleset.hash)


def _keep(version_id: str, known: Knowledge) -> None:
    while len(_read) >= _KEPT:
        _read.pop(next(iter(_read)))
    _read[version_id] = known


def knowledge_of(version: RulesetVersion | None) -> Knowledge:
    """Return the clinic's knowledge under this version's rules, None: the shipped ones; may raise KnowledgeError."""
    return knowledge.with_rules(version.content, version.name) if version else knowledge.load()


def readable(version: RulesetVersion | None) -> Knowledge:
    """Return the same; raises Refused where this program cannot read the version: an earlier one may have."""
    try:
        return knowledge_of(version)
    except KnowledgeError as error:
        raise Refused("rules_unreadable", why=str(error)) from error


def text_of(version: RulesetVersion | None) -> str:
    """Return the rules of a version as TOML text; None: the shipped ones."""
    return version.content if version else rules_text.shipped()


def signed_hashes(site_id: str) -> frozenset[str]:
    """Return the content hashes of the rules that a clinical lead of the site has signed and not withdrawn since."""
    query = select(RulesetSignature.content_hash, RulesetSignature.kind).where(RulesetSignature.site_id == site_id)
    newest = dict(row for row in session.execute(query.order_by(RulesetSignature.sequence)))
    return frozenset(content for content, kind in newest.items() if kind == "signed")


def find_publication(site_id: str) -> RulesetPublication | None:
    """Return the publication that is in force, with who published it and its version; None: never any."""
    query = select(RulesetPublication).where(RulesetPublication.site_id == site_id)
    return session.scalar(_loaded(query).order_by(RulesetPublication.sequence.desc()).limit(1))


def _loaded(query: Select[RulesetPublication]) -> Select[RulesetPublication]:
    writer = joinedload(RulesetPublication.version).joinedload(RulesetVersion.author)
    return query.options(joinedload(RulesetPublication.staff), writer)


def list_publications(actor: Actor) -> Sequence[RulesetPublication]:
    """Return the site's publications, newest first, each with who published it and its version."""
    query = select(RulesetPublication).where(RulesetPublication.site_id == actor.site_id)
    return session.scalars(_loaded(query).order_by(RulesetPublication.sequence.desc())).all()


def list_signatures(actor: Actor) -> Sequence[RulesetSignature]:
    """Return the site's sign-off records, newest first, each with who made it."""
    query = select(RulesetSignature).where(RulesetSignature.site_id == actor.site_id)
    return session.scalars(
        query.options(joinedload(RulesetSignature.staff)).order_by(RulesetSignature.sequence.desc())
    ).all()


def list_published(actor: Actor) -> Sequence[RulesetVersion]:
    """Return the site's versions that were or are in force, newest first, each with its author."""
    mine = (RulesetVersion.site_id == actor.site_id, RulesetVersion.state == "published")
    query = select(RulesetVersion).where(*mine).options(joinedload(RulesetVersion.author))
    return session.scalars(query.order_by(RulesetVersion.created_at.desc(), RulesetVersion.id)).all()


def list_drafts(actor: Actor) -> Sequence[RulesetVersion]:
    """Return the site's open drafts, the one changed last first, each with its author."""
    mine = (RulesetVersion.site_id == actor.site_id, RulesetVersion.state == "draft")
    query = select(RulesetVersion).where(*mine).options(joinedload(RulesetVersion.author))
    return session.scalars(query.order_by(RulesetVersion.updated_at.desc())).all()


def authors_of(version: RulesetVersion) -> list[str]:
    """Return the names of everybody who wrote in a version."""
    query = select(Staff.name).where(Staff.id.in_(version.authors or [version.author_id or ""]))
    return list(session.scalars(query.order_by(Staff.name)))


def get_version(actor: Actor, version_id: str) -> RulesetVersion:
    """Return a version of the actor's site with its author; raises NotFound otherwise."""
    query = select(RulesetVersion).where(RulesetVersion.id == version_id, RulesetVersion.site_id == actor.site_id)
    loaded = query.options(joinedload(RulesetVersion.author)).execution_options(populate_existing=True)
    version = session.scalar(loaded)
    if version is None:
        raise NotFound("ruleset")
    return version
