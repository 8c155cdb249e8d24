"""Typing that is not yet a record, kept on the server under the person who typed it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete

from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.models import Draft


def find(actor: Actor, form: str) -> Draft | None:
    """Return what this person last typed into the form, or None."""
    return session.get(Draft, (actor.staff_id, form))


@verb
def save(actor: Actor, form: str, body: Mapping[str, Any]) -> None:
    """Keep what was typed; it is no record, so it is not audited."""
    draft = session.get(Draft, (actor.staff_id, form))
    if draft is None:
        draft = Draft(staff_id=actor.staff_id, form=form)
        session.add(draft)
    draft.body, draft.saved_at = dict(body), clock.now()


@verb
def discard(actor: Actor, form: str) -> None:
    """Forget what was typed."""
    session.execute(delete(Draft).where(Draft.staff_id == actor.staff_id, Draft.form == form))
