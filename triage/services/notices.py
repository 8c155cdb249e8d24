"""What a person has to be told about patients they have or had: handed to them, taken from them, lapsed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from triage import clock
from triage.db import session
from triage.domain.access import Actor
from triage.domain.leases import LAPSES_AFTER
from triage.models import Claim, ClaimStep, Encounter


@dataclass(frozen=True)
class Lapsed:
    """A patient who is still with this person by name, and has been without activity for too long."""

    encounter_id: str
    ticket: str
    active_at: datetime


def list_untold(actor: Actor) -> Sequence[ClaimStep]:
    """Return what others did with this person's patients and the person has not seen yet, the oldest first."""
    query = (
        select(ClaimStep)
        .join(ClaimStep.encounter)
        .where(ClaimStep.tell_staff_id == actor.staff_id, ClaimStep.told_at.is_(None))
        .where(Encounter.visible_to(actor), Encounter.finished_at.is_(None))
        .options(contains_eager(ClaimStep.encounter), joinedload(ClaimStep.staff))
    )
    return session.scalars(query.order_by(ClaimStep.at)).all()


def list_lapsed(actor: Actor, lapses_after: timedelta = LAPSES_AFTER) -> Sequence[Lapsed]:
    """Return the person's own claims that have lapsed, the oldest first."""
    query = select(Encounter.id, Encounter.ticket, Claim.active_at).join(Claim, Claim.encounter_id == Encounter.id)
    mine = query.where(Claim.staff_id == actor.staff_id, Encounter.visible_to(actor))
    idle = mine.where(Claim.active_at < clock.now() - lapses_after)
    return [Lapsed(*row) for row in session.execute(idle.order_by(Claim.active_at))]


def told(own: Session, actor: Actor, encounter_id: str) -> None:
    """Note, in a transaction that is open, that the person has opened the patient they had to be told of."""
    mine = update(ClaimStep).where(ClaimStep.encounter_id == encounter_id, ClaimStep.tell_staff_id == actor.staff_id)
    own.execute(mine.where(ClaimStep.told_at.is_(None)).values(told_at=clock.now()))
