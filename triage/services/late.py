"""Entering late what happened while the system was away: every use case runs as ever, with both times kept."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session
from triage.domain import late
from triage.domain.access import Actor
from triage.domain.errors import Untimely
from triage.models import Encounter


@contextmanager
def entry(happened: datetime | None) -> Iterator[None]:
    """Let the use cases called inside have happened then, entered now; None: they happen now, as ever.

    Raises Untimely for a moment that lies ahead or more than three days back.
    """
    if happened is None:
        yield
        return
    _refuse(late.refusal(happened, clock.now()))
    with clock.late(happened):
        yield


def check(*earlier: datetime | None, code: str = "late_before_step") -> None:
    """Refuse, inside a verb, a late entry that would lie before one of these moments; raises Untimely."""
    if clock.entered_late() is None:
        return
    for moment in filter(None, earlier):
        if late.refusal(clock.now(), clock.entered(), moment):
            _refuse(code)


def list_entered(actor: Actor) -> Sequence[Encounter]:
    """Return the arrivals of the last three days that were entered from paper, the last entered first."""
    since = (clock.now() - late.LONGEST).date()
    mine = (Encounter.visible_to(actor), Encounter.ticket_date >= since, Encounter.entered_at.is_not(None))
    query = select(Encounter).where(*mine).options(joinedload(Encounter.patient))
    return session.scalars(query.order_by(Encounter.entered_at.desc(), Encounter.ticket.desc()).limit(100)).all()


def _refuse(code: str) -> None:
    if code:
        raise Untimely(code)
