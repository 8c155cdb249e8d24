"""A statement that goes straight to the driver says, means and fails as it does through SQLAlchemy."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from tests.builders import Clinic, wait
from tests.plans import hearing
from triage.db import UnauditedWrite, read, session, verb, write
from triage.domain.access import Actor
from triage.models import Claim, Encounter, Finding, Patient, Staff, StageChange
from triage.prepared import Prepared
from triage.services import claims, encounters
from triage.services.audit import record
from triage.services.keeping import save
from triage.services.line_query import ROWS, SOME


def both(prepared: Prepared, **values: Any) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return the rows as the driver gives them and as SQLAlchemy does."""
    rows = session.connection().execute(prepared.statement, values).all()
    return [tuple(row) for row in read(prepared, **values)], [tuple(row) for row in rows]


def test_the_rows_are_those_of_sqlalchemy_with_every_type_in_them(clinic: Clinic) -> None:
    wait(clinic.reception, {"pain_nrs": 6, "fever_c": 36.6, "saddle_sensation": "normal", "babinski": False})
    assert answered(*both(ROWS, site=clinic.site_id))
    assert answered(*both(Prepared(select(Encounter.__table__))))
    said = Prepared(select(Finding.name, Finding.known, Finding.value).order_by(Finding.name))
    assert answered(*both(said))


def answered(driver: list[tuple[Any, ...]], alchemy: list[tuple[Any, ...]]) -> bool:
    assert driver == alchemy
    assert [[type(value) for value in row] for row in driver] == [[type(value) for value in row] for row in alchemy]
    return bool(driver)


def test_a_list_of_any_length_goes_where_the_statement_expands_one(clinic: Clinic) -> None:
    ids = [wait(clinic.reception).id for _ in range(3)]
    for some in (ids[:1], ids, [], ids[1:], ids[:1]):
        assert {row.id for row in read(SOME, site=clinic.site_id, only=list(some))} == set(some)
    fixed = Prepared(select(Encounter.id).where(Encounter.id.in_(ids[:2]), Encounter.id != bindparam("but")))
    assert {row.id for row in read(fixed, but=ids[0])} == {ids[1]}


def test_who_listens_to_the_statements_of_the_engine_hears_it(clinic: Clinic, app: Flask) -> None:
    heard: list[tuple[str, Any, bool]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        heard.append((statement, values, many))

    with hearing(app.extensions["engine"], note):
        read(Prepared(select(Staff.name).where(Staff.id == bindparam("who"))), who="nobody")
    (statement, values, many) = heard[0]
    assert statement.startswith("SELECT")
    assert "nobody" in (values.values() if isinstance(values, dict) else values)
    assert not many


def test_a_row_that_may_not_be_there_twice_fails_as_ever_and_leaves_nothing(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)

    @verb
    def take_again(actor: Actor) -> None:
        record(actor, "claimed", encounter_id=encounter.id, patient_id=encounter.patient_id)
        names = [column.key for column in Claim.__table__.columns]
        values = {"encounter_id": encounter.id, "staff_id": actor.staff_id, "lease": "x"}
        at = {"claimed_at": encounter.arrived_at, "active_at": encounter.arrived_at}
        Prepared(insert(Claim.__table__), names).write(session.connection(), {**values, **at})

    before = session.scalars(select(StageChange.id)).all()
    with pytest.raises(IntegrityError):
        take_again(clinic.surgeon)
    assert session.scalars(select(StageChange.id)).all() == before


def test_a_statement_the_database_does_not_understand_fails_as_ever(clinic: Clinic) -> None:
    broken = Prepared(select(Encounter.id).where(Encounter.id == bindparam("id")).prefix_with("NONSENSE FROM"))
    with pytest.raises((OperationalError, ProgrammingError)):
        read(broken, id="x")
    session.rollback()
    assert session.scalar(select(Staff.id).limit(1))


def test_a_column_with_a_default_of_its_own_is_named_or_refused(clinic: Clinic) -> None:
    some = [column.key for column in Patient.__table__.columns if column.default is None]
    with pytest.raises(ValueError, match="default"):
        Prepared(insert(Patient.__table__), some).write(session.connection(), dict.fromkeys(some))


def test_it_needs_an_audit_event_like_any_other(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    later = Prepared(update(Encounter.__table__).where(Encounter.id == bindparam("this")), ["complaint"])

    @verb
    def silently(actor: Actor) -> None:
        write(later, Encounter, this=encounter.id, complaint="x")

    with pytest.raises(UnauditedWrite):
        silently(clinic.nurse)


@pytest.fixture
def held(clinic: Clinic) -> Encounter:
    """Return a visit that the nurse has, as the session loads it."""
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    session.close()
    return encounters.get(clinic.nurse, encounter.id)


def test_a_visit_that_is_read_is_one_of_the_sessions_own_with_whom_it_belongs_to(
    clinic: Clinic, held: Encounter
) -> None:
    assert held.claim is not None
    assert (held.claim.staff_id, held.claim.staff.name) == (clinic.nurse.staff_id, clinic.nurse.name)
    assert session.get_one(Encounter, held.id) is held
    assert session.get_one(Patient, held.patient_id) is held.patient
    known = {column.key: getattr(held, column.key) for column in Encounter.__mapper__.column_attrs}
    session.close()
    again = session.get_one(Encounter, held.id)
    assert known == {name: getattr(again, name) for name in known}


def test_read_again_it_shows_what_others_have_changed_and_keeps_nothing_old(clinic: Clinic, held: Encounter) -> None:
    with session.get_bind().begin() as other:
        other.execute(update(Encounter.__table__).values(complaint="Other", version=held.version + 1))
    session.rollback()
    again = encounters.get(clinic.nurse, held.id)
    assert (again is held, again.complaint) == (True, "Other")


def test_what_is_changed_of_it_is_written_and_a_lost_race_is_seen(clinic: Clinic, held: Encounter) -> None:
    @verb
    def move_on(actor: Actor) -> int:
        encounter = encounters.for_writing(actor, held.id)
        encounter.arrived_at -= timedelta(minutes=5)
        assert encounters.get(actor, held.id) is encounter
        record(actor, "claimed", encounter_id=held.id, patient_id=held.patient_id)
        return encounter.version

    before, kept = held.arrived_at, move_on(clinic.nurse)
    session.close()
    again = encounters.get(clinic.nurse, held.id)
    assert (again.arrived_at, again.version) == (before - timedelta(minutes=5), kept)


def test_what_is_saved_at_once_is_written_once_with_its_version_and_loses_no_race(
    clinic: Clinic, held: Encounter
) -> None:
    @verb
    def say(actor: Actor, words: str, version: int | None = None) -> int:
        encounter = encounters.for_writing(actor, held.id)
        encounter.complaint = words
        if version is not None:
            set_committed_value(encounter, "version", version)
        save(encounter)
        save(encounter)
        record(actor, "claimed", encounter_id=held.id, patient_id=held.patient_id)
        return encounter.version

    before = held.version
    assert say(clinic.nurse, "In pain") == before + 1
    assert say(clinic.nurse, "In pain") == before + 1, "nothing has changed, so there is no new version"
    with pytest.raises(StaleDataError):
        say(clinic.nurse, "Too late", before)
    session.rollback()
    again = encounters.get(clinic.nurse, held.id)
    assert (again.complaint, again.version) == ("In pain", before + 1)
