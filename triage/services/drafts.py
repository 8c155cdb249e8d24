"""Typing that is not yet a record, kept on the server under the person who typed it, one draft per form."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select

from triage import clock
from triage.db import session, verb, write
from triage.domain.access import Actor
from triage.models import Draft
from triage.prepared import Prepared
from triage.services.audit import lock_site
from triage.services.submissions import once

_NEW_PATIENT = "patient:"
_FORGET = Prepared(delete(Draft).where(Draft.staff_id == bindparam("staff"), Draft.form == bindparam("draft")))


def new_patient(request_id: str) -> str:
    """Return the name of the draft of a patient who is not yet on file; each opened form keeps its own."""
    return f"{_NEW_PATIENT}{request_id}"


def find(actor: Actor, form: str) -> Draft | None:
    """Return what this person last typed into the form, or None."""
    return session.get(Draft, (actor.staff_id, form))


def list_new_patients(actor: Actor) -> Sequence[Draft]:
    """Return this person's unsaved patients, the latest first."""
    mine = select(Draft).where(Draft.staff_id == actor.staff_id, Draft.form.startswith(_NEW_PATIENT))
    return session.scalars(mine.order_by(Draft.saved_at.desc())).all()


@verb
def save_new_patient(actor: Actor, request_id: str, body: Mapping[str, Any]) -> None:
    """Keep what was typed; it is no record, so it is not audited. A late post of a form already saved keeps nothing."""
    lock_site(session(), actor.site_id)  # two saves of one form come one after the other
    if once(request_id):
        return
    form = new_patient(request_id)
    draft = session.get(Draft, (actor.staff_id, form))
    if draft is None:
        draft = Draft(staff_id=actor.staff_id, form=form)
        session.add(draft)
    draft.body, draft.saved_at = dict(body), clock.now()


@verb
def discard(actor: Actor, form: str) -> None:
    """Forget what was typed."""
    forget(actor, form)


def forget(actor: Actor, form: str) -> None:
    """Forget a draft inside a verb in which nobody holds its row."""
    write(_FORGET, Draft, staff=actor.staff_id, draft=form)
