"""What the reception desk sees beside the search: what is half done, and how long people wait, without names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session
from triage.domain import names
from triage.domain.access import Actor
from triage.domain.dates import find_date
from triage.domain.lifecycle import REGISTERED, WAITING
from triage.models import Draft, Encounter
from triage.services import drafts
from triage.services.patients import NEW_PATIENT


@dataclass(frozen=True)
class Wait:
    """The people of one acuity (None: not triaged) who wait for the nurse: how many, the longest in minutes."""

    acuity: int | None
    count: int
    longest: int


@dataclass(frozen=True)
class Desk:
    """The desk's state: intakes not finished, the person's own unsaved patient, the waits, how many are here."""

    unfinished: Sequence[Encounter]
    draft: Draft | None
    waits: Sequence[Wait]
    here: int


def look(actor: Actor) -> Desk:
    """Return the desk's state."""
    mine = select(Encounter).where(Encounter.visible_to(actor), Encounter.finished_at.is_(None))
    unfinished = session.scalars(
        mine.where(Encounter.stage == REGISTERED).options(joinedload(Encounter.patient)).order_by(Encounter.arrived_at)
    ).all()
    here = session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    return Desk(unfinished, drafts.find(actor, NEW_PATIENT), _waits(actor), here)


def _waits(actor: Actor) -> list[Wait]:
    query = (
        select(Encounter.acuity, func.count(), func.min(Encounter.arrived_at))
        .where(Encounter.visible_to(actor), Encounter.finished_at.is_(None), Encounter.stage.in_((WAITING, REGISTERED)))
        .group_by(Encounter.acuity)
    )
    at = clock.now()
    rows = session.execute(query)
    waits = [Wait(acuity, count, int((at - first).total_seconds() // 60)) for acuity, count, first in rows]
    return sorted(waits, key=lambda wait: (wait.acuity is None, wait.acuity or 0))


def read_search(words: str) -> dict[str, Any]:
    """Return the fields of a new patient that the words of an unsuccessful search already say."""
    text = names.normalise(words)[:100]
    if find_date(text):
        return {"birth_date": text}
    parts = text.split(" ", 1)
    family, given = parts[0], parts[1] if len(parts) > 1 else ""
    kana = names.katakana(text)
    if kana and all("ァ" <= c <= "ー" or c == " " for c in kana):
        return {"family_kana": names.katakana(family), "given_kana": names.katakana(given)}
    return {} if text.isdigit() else {"family_name": family, "given_name": given}
