"""A form that makes a row carries a request id: sent twice, it finds the row it made the first time."""

from sqlalchemy import bindparam, select

from triage import clock
from triage.db import read_one
from triage.domain.access import Actor
from triage.models import Submission
from triage.prepared import Prepared
from triage.services.insertion import insert_late

MADE = Prepared(select(Submission.result_id).where(Submission.request_id == bindparam("request")))


def once(request_id: str) -> str | None:
    """Return the id of the row that this request already made, or None."""
    return read_one(MADE, request=request_id) if request_id else None


def remember(actor: Actor, request_id: str, result_id: str) -> None:
    """Keep, in the same transaction, which row this request made."""
    if request_id:
        insert_late(Submission, request_id=request_id, staff_id=actor.staff_id, result_id=result_id, at=clock.now())
