"""Rules of the clinic's own, put in force without the steps before it."""

from sqlalchemy import func, select

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.knowledge import rules_text
from triage.models import RulesetPublication, RulesetVersion
from triage.services.audit import record

OTHER = rules_text.shipped().replace("pain_nrs >= 8", "pain_nrs >= 9").replace("2026.11-", "2027.01-")
ALARM = """
[[rule]]
id = "NEW-99"
when = "back_pain"
acuity = "emergency"
route = "emergency_specialist"
text = { en = "Planted.", ja = "試験。" }
sources = ["PROJECT"]
status = "project"
"""


@verb
def put_in_force(actor: Actor, text: str, stored: str | None = None) -> str:
    """Put rules in force as a publication does; ``stored`` is what the row holds where that differs."""
    known = knowledge.with_rules(text)
    version = RulesetVersion(
        site_id=actor.site_id, name=known.ruleset.version, content_hash=known.ruleset.hash, content=stored or text,
        author_id=actor.staff_id, created_at=clock.now(), state="published",
    )  # fmt: skip
    session.add(version)
    session.flush()
    count = session.scalar(select(func.count()).where(RulesetPublication.site_id == actor.site_id)) or 0
    publication = RulesetPublication(
        site_id=actor.site_id, sequence=count + 1, version_id=version.id, name=version.name, at=clock.now(),
        kind="published", content_hash=version.content_hash, staff_id=actor.staff_id,
    )  # fmt: skip
    session.add(publication)
    session.flush()
    said = {"version": version.id, "name": version.name, "hash": version.content_hash}
    record(actor, "rules_published", publication=publication.id, **said)
    return version.id


@verb
def spoil(actor: Actor, draft_id: str) -> None:
    """Leave a draft as a newer program finds one that an older program could read."""
    draft = session.get_one(RulesetVersion, draft_id)
    draft.content = draft.content.replace("back_pain", "back_pain_of_old")
    record(actor, "rules_draft_changed", version=draft_id, before="", after="")
