"""What the reception desk sees beside the search: what is half done, and how long people wait, without names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session
from triage.domain import names, queue
from triage.domain.access import Actor
from triage.domain.dates import find_date
from triage.domain.lifecycle import REGISTERED
from triage.domain.lookup import LONGEST
from triage.models import Draft, Encounter
from triage.services import drafts, limits

#: The last arrivals shown under the empty search.
ARRIVALS = 8


@dataclass(frozen=True)
class Wait:
    """The people of one acuity (None: not triaged) who are here: how many, the waits and the target in minutes."""

    acuity: int | None
    count: int
    longest: int
    average: int
    target: int


@dataclass(frozen=True)
class Desk:
    """The desk's state: intakes not finished, who came last, the person's own unsaved patients, the waits, counts."""

    unfinished: Sequence[Encounter]
    arrivals: Sequence[Encounter]
    drafts: Sequence[Draft]
    waits: Sequence[Wait]
    arrived_today: int
    here: int


def look(actor: Actor) -> Desk:
    """Return the desk's state."""
    mine = select(Encounter).where(Encounter.visible_to(actor), Encounter.finished_at.is_(None))
    unfinished = session.scalars(
        mine.where(Encounter.stage == REGISTERED).options(joinedload(Encounter.patient)).order_by(Encounter.arrived_at)
    ).all()
    waits = _waits(actor)
    here = sum(wait.count for wait in waits)
    return Desk(unfinished, _arrivals(actor), drafts.list_new_patients(actor), waits, _arrived_today(actor), here)


def _arrivals(actor: Actor) -> Sequence[Encounter]:
    """Return who came last and is still here: a slip is lost, or an entry wrong, in the first minutes."""
    query = select(Encounter).where(Encounter.visible_to(actor), Encounter.finished_at.is_(None))
    latest = query.order_by(Encounter.arrived_at.desc(), Encounter.ticket.desc()).limit(ARRIVALS)
    return session.scalars(latest.options(joinedload(Encounter.patient))).all()


def _arrived_today(actor: Actor) -> int:
    today = clock.now().astimezone(ZoneInfo(actor.time_zone)).date()
    query = select(func.count()).select_from(Encounter)
    return session.scalar(query.where(Encounter.visible_to(actor), Encounter.ticket_date == today)) or 0


def _waits(actor: Actor) -> list[Wait]:
    query = select(Encounter.acuity, Encounter.arrived_at).where(
        Encounter.visible_to(actor), Encounter.finished_at.is_(None)
    )
    at, goals, found = clock.now(), limits.in_force(actor.site_id), dict[int | None, list[int]]()
    for acuity, arrived_at in session.execute(query):
        found.setdefault(acuity, []).append(queue.waited(arrived_at, at))
    waits = [
        Wait(acuity, len(waited), max(waited), sum(waited) // len(waited), goals.of(acuity))
        for acuity, waited in found.items()
    ]
    return sorted(waits, key=lambda wait: wait.acuity or 2.5)


def read_search(words: str) -> dict[str, Any]:
    """Return the fields of a new patient that the words of an unsuccessful search already say."""
    text = names.normalise(words)[:LONGEST]
    if find_date(text):
        return {"birth_date": text}
    said: dict[str, Any] = {}
    for word in text.split(" "):
        if find_date(word):
            said["birth_date"] = word
        elif names.is_kana(word):
            said["given_kana" if "family_kana" in said else "family_kana"] = names.katakana(word)
        elif word and not any(c.isdigit() for c in word):
            said["given_name" if "family_name" in said else "family_name"] = word
    return said
