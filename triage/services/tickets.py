"""The tickets of a site's day: the next one in order, or one of the pad's that a patient bears already."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, bindparam, cast, func, select

from triage import ahead
from triage.db import read_one, session
from triage.domain.access import Actor
from triage.domain.errors import Invalid
from triage.domain.late import paper_ticket
from triage.models import Encounter
from triage.prepared import Prepared

_OF_DAY = (Encounter.site_id == bindparam("site"), Encounter.ticket_date == bindparam("day"))
#: The last as words go, which the index gives at once; from the thousandth on they do not go as numbers do.
_LAST = Prepared(
    select(Encounter.ticket)
    .where(*_OF_DAY, Encounter.ticket >= "A", Encounter.ticket < "B")
    .order_by(Encounter.ticket.desc())
    .limit(1)
)
_LAST_AS_WORDS_GO = "A999"
_HIGHEST = Prepared(
    select(func.max(cast(func.substr(Encounter.ticket, 2), Integer))).where(*_OF_DAY, Encounter.ticket.startswith("A"))
)


def day_of(actor: Actor, at: datetime) -> date:
    """Return the day whose tickets are given out at a moment, by the site's calendar."""
    return at.astimezone(ZoneInfo(actor.time_zone)).date()


def following(actor: Actor, day: date) -> str:
    """Return the day's next ticket, under the site's lock."""
    query, of_day = question(actor, day)
    last: str | None = read_one(query, **of_day)
    highest = read_one(_HIGHEST, **of_day) if last == _LAST_AS_WORDS_GO else int(last[1:]) if last else 0
    return f"A{highest + 1:03d}"


def question(actor: Actor, day: date) -> ahead.Question:
    """Return what ``following`` asks, for who asks it together with other things."""
    return _LAST, {"site": actor.site_id, "day": day}


def from_pad(actor: Actor, day: date, text: str) -> str:
    """Return the ticket of the pad; raises Invalid for none of the pad's numbers, or one that was entered already."""
    ticket = paper_ticket(text)
    if ticket is None:
        raise Invalid(paper_ticket="not_a_paper_ticket")
    of_day = (Encounter.site_id == actor.site_id, Encounter.ticket_date == day, Encounter.ticket == ticket)
    if session.scalar(select(Encounter.id).where(*of_day)) is not None:
        raise Invalid(paper_ticket="paper_ticket_taken")
    return ticket
