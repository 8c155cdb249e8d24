"""What has to be told: to a person, what became of patients they have or had; to open boards, that rows look new."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, union_all, update
from sqlalchemy.orm import Session

from triage import clock
from triage.db import read, session
from triage.domain.access import Actor
from triage.domain.leases import ENDED
from triage.models import ClaimStep, Encounter, Staff
from triage.prepared import Prepared
from triage.services.audit import note_change

#: Events after which nobody has to be told of anything else than before: they touch no act upon a claim but the first.
APART = frozenset({
    "checked_in", "encounter_changed", "claimed", "patient_called", "call_answered", "call_not_answered", "call_undone",
    "room_assigned", "page_opened", "page_left",
})  # fmt: skip

#: For so long after the visit somebody still has to hear that it was ended while they had the patient.
GONE_FOR = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class News:
    """An act upon a claim of which somebody (``tell``) has not heard yet: which, by whom, and the note."""

    step_id: str
    tell: str
    encounter_id: str
    ticket: str
    act: str
    by: str
    note: str


def untold(actor: Actor) -> tuple[News, ...]:
    """Return what everybody at the site has still to be told of patients who are or were just here, oldest first."""
    if not actor.may("patients:open"):
        return ()
    rows: Iterable[Any] = read(_UNTOLD, site=actor.site_id, since=clock.now() - GONE_FOR)
    return tuple(News(*row[:-1]) for row in rows)


def _untold(*which: ColumnElement[bool]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        ClaimStep.id, ClaimStep.tell_staff_id, ClaimStep.encounter_id, Encounter.ticket, ClaimStep.act, Staff.name,
        ClaimStep.note, ClaimStep.at,
    )  # fmt: skip
    steps = select(*columns).join(Encounter, Encounter.id == ClaimStep.encounter_id)
    steps = steps.join(Staff, Staff.id == ClaimStep.staff_id)
    return steps.where(ClaimStep.tell_staff_id.is_not(None), ClaimStep.told_at.is_(None), *which)


# By the visits that are open and by the time: what nobody ever heard of grows with the years.
_UNTOLD = Prepared(
    union_all(
        _untold(Encounter.site_id == bindparam("site"), Encounter.finished_at.is_(None)),
        _untold(
            ClaimStep.site_id == bindparam("site"), ClaimStep.at > bindparam("since"), ClaimStep.act == ENDED,
            Encounter.finished_at.is_not(None),
        ),
    ).order_by("at")
)  # fmt: skip


def list_untold(actor: Actor) -> list[News]:
    """Return what this person has still to be told, the oldest first."""
    return [news for news in untold(actor) if news.tell == actor.staff_id]


def told(own: Session, actor: Actor, encounter_id: str) -> None:
    """Note, in a transaction that is open, that the person has opened the patient they had to be told of."""
    mine = (ClaimStep.encounter_id == encounter_id, ClaimStep.tell_staff_id == actor.staff_id)
    if own.scalar(select(ClaimStep.id).where(*mine, ClaimStep.told_at.is_(None)).limit(1)) is not None:
        own.execute(update(ClaimStep).where(*mine, ClaimStep.told_at.is_(None)).values(told_at=clock.now()))
        note_change(own, actor.site_id, encounter_id, "told")


def note_rows(actor: Actor, which: ColumnElement[bool], topic: str) -> None:
    """Tell the open boards that rows of patients who are here look different by something that is not their record."""
    here = select(Encounter.id).where(Encounter.site_id == actor.site_id, Encounter.finished_at.is_(None), which)
    for encounter_id in session.scalars(here).all():
        note_change(session(), actor.site_id, encounter_id, topic)
