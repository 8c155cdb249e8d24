"""What is recorded for many visits, read in bulk: one query for the visits, one for their answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sqlalchemy import ColumnElement, func, literal, select, tuple_

from triage.db import session
from triage.domain.findings import Answer
from triage.models import Encounter, Patient
from triage.services.answered import recorded_of
from triage.services.intakes import from_record

Place = tuple[date, str]
#: Ids in one question; databases have a limit.
LOT = 5_000


@dataclass(frozen=True)
class Period:
    """The visits of one site by the day of their ticket, both days included, that had arrived ``by`` a moment."""

    site_id: str
    since: date
    until: date
    by: datetime

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """Return what a visit must be to belong to the period."""
        days = Encounter.ticket_date.between(self.since, self.until)
        return (Encounter.site_id == self.site_id, days, Encounter.arrived_at <= self.by)


@dataclass(frozen=True)
class Visit:
    """One stored visit: its place in the order of the calendar, and the answers as the domain reads them."""

    id: str
    place: Place
    answers: dict[str, Answer]


def count(period: Period) -> int:
    """Return how many visits the period holds."""
    return session.scalar(select(func.count()).select_from(Encounter).where(*period.conditions())) or 0


def visits_after(period: Period, last: Place | None, limit: int) -> list[Visit]:
    """Return the next visits behind ``last``, in the order of day and ticket, with two queries for all of them.

    Age and sex are those of the patient's record, the age on the day of the visit.
    """
    place = tuple_(Encounter.ticket_date, Encounter.ticket)
    query = (
        select(Encounter.id, Encounter.ticket_date, Encounter.ticket, Patient.birth_date, Patient.sex)
        .join(Patient, Patient.id == Encounter.patient_id)
        .where(*period.conditions())
        .order_by(Encounter.ticket_date, Encounter.ticket)
        .limit(limit)
    )
    if last is not None:
        query = query.where(place > tuple_(literal(last[0]), literal(last[1])))
    rows = session.execute(query).all()
    answers = recorded_of(row.id for row in rows)
    return [
        Visit(
            row.id,
            (row.ticket_date, row.ticket),
            from_record(row.birth_date, row.sex, row.ticket_date) | answers.get(row.id, {}),
        )
        for row in rows
    ]


def places(site_id: str, ids: Iterable[str]) -> dict[str, Place]:
    """Return day and ticket of the site's visits with these ids."""
    query = select(Encounter.id, Encounter.ticket_date, Encounter.ticket).where(Encounter.site_id == site_id)
    left, found = iter(ids), dict[str, Place]()
    while lot := list(islice(left, LOT)):
        rows = session.execute(query.where(Encounter.id.in_(lot)))
        found.update((row.id, (row.ticket_date, row.ticket)) for row in rows)
    return found


def first_day(site_id: str) -> date | None:
    """Return the day of the site's first visit, None where there is none yet."""
    return session.scalar(select(func.min(Encounter.ticket_date)).where(Encounter.site_id == site_id))
