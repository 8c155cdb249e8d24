"""Visits copied: another patient, another day, the same story."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, inspect, select

from triage.db import Base, new_id, session
from triage.domain.people import age_in_years
from triage.models import (
    Encounter,
    ExposureRecord,
    Finding,
    ImagingOrder,
    Patient,
    StageChange,
    TreatmentDecision,
    TriageDecision,
)

#: In the order in which they refer to each other.
TABLES: tuple[type[Base], ...] = (
    Encounter, StageChange, Finding, TriageDecision, ImagingOrder, ExposureRecord, TreatmentDecision,
)  # fmt: skip
#: What a visit says of its findings; without them it says nothing.
OF_FINDINGS = {"suggestion": None, "suggested_at": None, "findings_revision": 0}
#: People of one sex and of these many years are taken for alike.
YEARS = 20

Row = dict[str, Any]


class Patron(NamedTuple):
    """What is kept of a patient while their visits are made up."""

    id: str
    sex: str
    born: date


class _Part(NamedTuple):
    """One row of a visit, and which of its columns are moments."""

    table: type[Base]
    row: Row
    moments: tuple[str, ...]

    @classmethod
    def of(cls, kept: Base) -> "_Part":
        """Return a stored row as a part."""
        row = columns(kept)
        return cls(type(kept), row, tuple(name for name, value in row.items() if isinstance(value, datetime)))

    def moved(self, by: timedelta, changes: Row) -> Row:
        """Return the row as it would have been written so much later, with an id of its own where it has one."""
        id_ = {"id": new_id()} if "id" in self.row else {}
        return {**self.row, **{name: self.row[name] + by for name in self.moments}, **id_, **changes}


@dataclass
class Template:
    """One finished visit with everything that was recorded of it."""

    visit: _Part
    record: list[_Part] = field(default_factory=list)

    def copy(self, patron: Patron, start: datetime, ticket: str, whole: bool) -> Iterator[tuple[type[Base], Row]]:
        """Yield the rows of the same visit of somebody else at another time; not ``whole``: the visit alone."""
        by = start - self.visit.row["arrived_at"]
        changes = {"patient_id": patron.id, "ticket": ticket, "ticket_date": start.date()}
        visit = self.visit.moved(by, changes if whole else {**changes, **OF_FINDINGS})
        yield Encounter, visit
        orders: dict[str, str] = {}
        for part in self.record if whole else ():
            if part.table is ExposureRecord:
                row = part.moved(by, {"order_id": orders[part.row["order_id"]]})
            else:
                done = {"review_on": None} if part.table is TreatmentDecision else {}  # nobody waits for the past
                row = part.moved(by, {"encounter_id": visit["id"], **done})
                orders[part.row.get("id", "")] = row.get("id", "")
            yield part.table, row


class Templates:
    """Finished visits by the sex and age of who came."""

    def __init__(self) -> None:
        self.all: list[Template] = []
        self.by_kind: defaultdict[tuple[str, int], list[Template]] = defaultdict(list)

    def fitting(self, patron: Patron, on: date) -> Sequence[Template]:
        """Return the visits of people of that sex and about that age, or all where there is none."""
        return self.by_kind.get(_kind(patron, on)) or self.all


def _kind(patron: Patron, on: date) -> tuple[str, int]:
    return patron.sex, age_in_years(patron.born, on) // YEARS


def templates() -> Templates:
    """Return the finished visits of the database, each with its record."""
    found, by_id = Templates(), dict[str, Template]()
    query = select(Encounter, Patient.sex, Patient.birth_date).join(Encounter.patient)
    query = query.where(Encounter.finished_at.is_not(None)).order_by(Encounter.arrived_at, Encounter.ticket)
    for visit, sex, born in session.execute(query):
        template = by_id[visit.id] = Template(_Part.of(visit))
        found.all.append(template)
        if born:
            found.by_kind[_kind(Patron(visit.patient_id, sex, born), visit.ticket_date)].append(template)
    for encounter_id, row in _records():
        if encounter_id in by_id:
            by_id[encounter_id].record.append(_Part.of(row))
    return found


def _records() -> Iterator[tuple[str, Base]]:
    for table in TABLES[1:]:
        key = ImagingOrder.encounter_id if table is ExposureRecord else table.__table__.c.encounter_id
        query: Select[Any] = select(key, table)
        if table is ExposureRecord:
            query = query.join(ImagingOrder, ImagingOrder.id == ExposureRecord.order_id)
        yield from ((encounter_id, row) for encounter_id, row in session.execute(query))


def columns(row: Base) -> Row:
    """Return a row's columns by name."""
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
