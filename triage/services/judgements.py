"""The steps of a site's visits, streamed in order of time for counting: one query, constant memory."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, ColumnElement, Select, String, case, cast, literal, null, select, union_all

from triage.db import session
from triage.domain import judgements as j
from triage.domain.access import Actor
from triage.models import Encounter, Grant, ImagingOrder, StageChange, TreatmentDecision, TriageDecision

#: Rows fetched at a time; measured: with 1000 of them the collector takes as long as the counting.
CHUNK = 100
#: Staff id -> the days from and until (exclusive, None: for good) on which somebody is a surgeon here.
Surgeons = dict[str, list[tuple[date, date | None]]]


@dataclass(frozen=True)
class Period:
    """Visits from one day to another, both included, on the site's calendar; None is open."""

    since: date | None = None
    until: date | None = None


def visits(actor: Actor, *only: ColumnElement[bool]) -> Iterator[list[j.Step]]:
    """Yield the steps of one visit after the other, the visits that fit the conditions and have a step that counts."""
    surgeons, zone = _surgeons(actor), ZoneInfo(actor.time_zone)
    query = _query(Encounter.site_id == actor.site_id, *only).execution_options(yield_per=CHUNK)
    with closing(session.execute(query)) as rows:
        for _, visit in groupby(rows, key=lambda row: row.encounter_id):
            yield [_step(row, surgeons, zone) for row in visit]


def in_period(period: Period) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions under which a visit lies in the period."""
    if period.since:
        yield Encounter.ticket_date >= period.since
    if period.until:
        yield Encounter.ticket_date <= period.until


# A decision entered late from paper answered no suggestion: whoever made it had not seen one.
def _query(*only: ColumnElement[bool]) -> Select[Any]:
    triage, treatment = TriageDecision, TreatmentDecision
    answered = case((triage.entered_at.is_(None), triage.suggestion))
    recalled = _part(j.RECALL, StageChange, StageChange.at, only).where(StageChange.step == "recall")
    imaged = _part(j.IMAGED, ImagingOrder, ImagingOrder.ended_at, only)
    steps = union_all(
        _part(
            j.TRIAGE, triage, triage.at, only, by=triage.staff_id, level=triage.acuity, route=triage.route,
            reason=triage.reason, data=answered, ruleset=triage.ruleset, hash=triage.ruleset_hash,
        ),
        _part(j.TREATMENT, treatment, treatment.at, only, by=treatment.staff_id, kind=treatment.kind,
              data=treatment.seen["suggestion"]),
        recalled,
        imaged.where(ImagingOrder.status == "completed", ImagingOrder.ended_at.is_not(None)),
    ).subquery()  # fmt: skip
    read = (column for column in steps.c if column.name not in {"ticket_date", "ticket"})
    return select(*read).order_by(steps.c.ticket_date, steps.c.ticket, steps.c.at, steps.c.what)


TEXTS = ("by", "route", "kind", "reason", "ruleset", "hash")


def _part(what: str, table: Any, at: Any, only: Iterable[ColumnElement[bool]], **columns: Any) -> Select[Any]:
    return (
        select(
            Encounter.ticket_date,
            Encounter.ticket,
            table.encounter_id,
            at.label("at"),
            literal(what, String).label("what"),
            columns.get("level", null()).label("level"),
            columns.get("data", cast(null(), JSON)).label("data"),
            *(columns.get(name, literal("", String)).label(name) for name in TEXTS),
        )
        .join(Encounter, Encounter.id == table.encounter_id)
        .where(*only)
    )


def _surgeons(actor: Actor) -> Surgeons:
    found: Surgeons = {}
    for grant in session.scalars(select(Grant).where(Grant.site_id == actor.site_id, Grant.role == j.SURGEON)):
        found.setdefault(grant.staff_id, []).append((grant.valid_from, grant.valid_until))
    return found


def _step(row: Any, surgeons: Surgeons, zone: ZoneInfo) -> j.Step:
    day = row.at.astimezone(zone).date()
    doctor = any(since <= day and (until is None or day < until) for since, until in surgeons.get(row.by, ()))
    return j.Step(
        what=row.what, at=row.at, by=j.SURGEON if doctor or row.what == j.TREATMENT else j.NURSE, level=row.level,
        route=row.route, kind=row.kind, reason=row.reason, suggestion=row.data, ruleset=row.ruleset,
        ruleset_hash=row.hash,
    )  # fmt: skip
