"""A clinic with so many patients waiting: who is here in the demonstration clinic, copied until there are enough."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle, islice
from typing import Any

from sqlalchemy import create_engine, delete, insert, select, update
from sqlalchemy.orm import joinedload

from bench.servers import PASSWORD
from triage import db, migrate
from triage.db import new_id, session, verb
from triage.demo import loading
from triage.demo.years import Size
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.models import (
    Claim,
    Emergency,
    Encounter,
    Finding,
    ImagingOrder,
    Patient,
    Staff,
    Task,
    TreatmentDecision,
    TriageDecision,
)  # fmt: skip
from triage.services import accounts, audit, encounters, intakes, triage
from triage.services.audit import record

#: The same people in every database, which the ids, made by chance, are not.
AS_THEY_CAME = (Encounter.arrived_at, Encounter.ticket)
#: So many wait where nothing else is said.
PEOPLE = 100
#: What hangs on an encounter and is copied with it.
PARTS: tuple[Any, ...] = (Finding, Claim, Emergency, ImagingOrder, Task, TriageDecision, TreatmentDecision)
#: What no two rows may share, and how a copy comes to its own; a scanner is not asked for copies.
OWN: dict[str, Callable[[], str | None]] = {"id": new_id, "accession": lambda: None, "study_uid": lambda: None}


@contextmanager
def clinic(url: str, behind: Size | None = None) -> Iterator[Actor]:
    """Open the database at ``url``, filled with the demonstration clinic and the years behind it; yield its nurse."""
    engine = db.connect(url)
    audit.use_key("bench")
    try:
        if not migrate.is_current(engine):
            migrate.upgrade(engine)
            loading.fill(PASSWORD, size=behind)
            session.remove()
            if engine.dialect.name == "postgresql":  # what its autovacuum does by itself within a minute
                with engine.begin() as connection:
                    connection.exec_driver_sql("ANALYZE")
        nurse = accounts.actor_of(session.scalars(select(Staff.id).where(Staff.user_name == "nurse")).one())
        session.remove()
        if nurse is None:
            raise RuntimeError("the demonstration clinic has no nurse")
        yield nurse
    finally:
        session.remove()
        engine.dispose()


@verb
def fill(actor: Actor, waiting: int) -> None:
    """Copy who is here, or send who is too many home, until ``waiting`` encounters are open."""
    here = session.scalars(select(Encounter).where(Encounter.finished_at.is_(None)).order_by(*AS_THEY_CAME)).all()
    for row in here[waiting:]:
        row.stage, row.finished_at = lifecycle.FINISHED, row.stage_since
        session.execute(delete(Claim).where(Claim.encounter_id == row.id))
    _copy(here[:waiting], max(0, waiting - len(here)), "B")
    session.execute(update(Staff).values(demo=False))  # a server outside the demonstration refuses such accounts
    record(actor, "demonstration_loaded", encounters=waiting)


@verb
def undecided(actor: Actor, count: int) -> list[str]:
    """Copy somebody who can be routed as the rules suggest, so many times; return the ids of the encounters.

    They are not on the board before ``admit``.
    """
    query = select(Encounter).where(
        Encounter.stage == lifecycle.WAITING, Encounter.unanswered == 0, Encounter.suggested_level > 2,
        ~Encounter.id.in_(select(Claim.encounter_id)),
    )  # fmt: skip
    ids = _copy(session.scalars(query.order_by(*AS_THEY_CAME)).all()[:1], count, "C")
    session.execute(update(Encounter).where(Encounter.ticket.startswith("C")).values(finished_at=Encounter.arrived_at))
    for number, encounter_id in enumerate(ids):  # no two alike: what the rules advise is kept by what they were asked
        _measure(encounter_id, heart_rate=60 + number % 40, systolic_bp=110 + number // 40)
    session.expire_all()
    for row in session.scalars(select(Encounter).where(Encounter.id.in_(ids)).options(joinedload(Encounter.patient))):
        intakes.store_suggestion(row, intakes.answers_of(row))  # as the product does when an answer is recorded
    record(actor, "demonstration_loaded", encounters=count)
    return ids


def _copy(originals: Sequence[Encounter], count: int, letter: str) -> list[str]:
    ids, parts = list[str](), {part: _parts(part, originals) for part in PARTS}
    rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in (Patient, Encounter, *PARTS)}
    for number, row in enumerate(islice(cycle(originals), count)):
        patient = _columns(session.get_one(Patient, row.patient_id))
        person = {**patient, "id": new_id(), "number": f"{letter}{new_id()}", "given_kana": f"カナ{number}"}
        moved = {"arrived_at": row.arrived_at - timedelta(seconds=17 * number), "ticket": f"{letter}{number:03d}"}
        copy = {**_columns(row), "id": new_id(), "patient_id": person["id"], **moved}
        rows[Patient].append(person)
        rows[Encounter].append(copy)
        ids.append(copy["id"])
        for part in PARTS:
            for one in parts[part].get(row.id, ()):
                own = {name: make() for name, make in OWN.items() if name in one}
                rows[part].append({**one, "encounter_id": copy["id"], **own})
    for table, new in rows.items():
        if new:
            session.execute(insert(table), new)
    return ids


def _measure(encounter_id: str, **values: int) -> None:
    for name, value in values.items():
        of_this = (Finding.encounter_id == encounter_id, Finding.name == name)
        session.execute(update(Finding).where(*of_this).values(value=value))


def _columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}


def _parts(table: Any, of: Sequence[Encounter]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in session.scalars(select(table).where(table.encounter_id.in_([one.id for one in of]))):
        found.setdefault(row.encounter_id, []).append(_columns(row))
    return found


@verb
def free(actor: Actor) -> None:
    """Give every patient back, so that a claim is the first again."""
    session.execute(delete(Claim))
    record(actor, "demonstration_loaded", encounters=0)


def admit(url: str) -> None:
    """Put those who can be routed on the board of the database at ``url``."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(update(Encounter.__table__).where(Encounter.ticket.startswith("C")).values(finished_at=None))
    engine.dispose()


def accepted(actor: Actor, encounter_id: str) -> dict[str, str]:
    """Return what the form of a decision sends that accepts the suggestion."""
    encounter = encounters.get(actor, encounter_id)
    now = triage.situation(encounter).suggestion
    return {
        "act": "accept", "version": str(encounter.version), "shown_level": str(now.level), "shown_route": now.route,
        "shown_modality": triage.suggested_modality(now) or "",
    }  # fmt: skip
