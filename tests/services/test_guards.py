"""What the database layer keeps by itself, on both engines."""

from datetime import datetime

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm.exc import StaleDataError

from tests.builders import Clinic, add_patient, build_clinic, wait
from triage import clock
from triage.db import UnauditedWrite, aside, session, verb
from triage.domain.errors import NotFound
from triage.models import AuditEvent, AuditPayload, Patient, StageChange, TreatmentDecision, TriageDecision
from triage.services import encounters, triage
from triage.services.audit import record


@verb
def rename(actor: object, patient_id: str, with_event: bool) -> None:
    patient = session.get_one(Patient, patient_id)
    patient.given_name = "変更"
    if with_event:
        record(actor, "patient_changed", patient_id=patient_id, before={}, after={})


def test_no_clinical_row_is_written_without_its_audit_event(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    with pytest.raises(UnauditedWrite):
        rename(clinic.nurse, patient.id, with_event=False)
    session.expire_all()
    assert session.get_one(Patient, patient.id).given_name == patient.given_name != "変更"
    rename(clinic.nurse, patient.id, with_event=True)
    session.expire_all()
    assert session.get_one(Patient, patient.id).given_name == "変更"


@pytest.mark.parametrize("statement", [update(Patient).values(phone="0"), delete(Patient)])
def test_nor_by_a_bulk_statement_around_the_objects(clinic: Clinic, statement: object) -> None:
    add_patient(clinic.reception)

    @verb
    def sweep(actor: object) -> None:
        session.execute(statement)

    with pytest.raises(UnauditedWrite):
        sweep(clinic.nurse)
    assert session.scalar(select(Patient.phone)) == ""


def test_an_event_that_carries_other_keys_than_declared_is_refused(clinic: Clinic) -> None:
    @verb
    def careless(actor: object) -> None:
        record(actor, "patient_created", name="山本")

    with pytest.raises(ValueError, match="patient_created carries"):
        careless(clinic.nurse)


def decided(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    choice = triage.Choice(2, "emergency_specialist")
    triage.decide(clinic.nurse, encounter.id, encounter.version, choice)


@pytest.mark.parametrize("table", [TriageDecision, StageChange, AuditEvent])
@pytest.mark.parametrize("operation", ["update", "delete"])
def test_what_is_appended_is_never_edited(clinic: Clinic, table: type, operation: str) -> None:
    decided(clinic)
    statement = delete(table) if operation == "delete" else update(table).values(at=clock.now())

    @verb
    def edit(actor: object) -> None:
        session.execute(statement)

    with pytest.raises(DBAPIError, match="append-only"):
        edit(clinic.nurse)


def test_a_payload_may_end_its_retention_but_not_change(clinic: Clinic) -> None:
    decided(clinic)
    with pytest.raises(DBAPIError, match="append-only"), aside() as own:
        own.execute(update(AuditPayload).values(body={}))
    with aside() as own:
        own.execute(delete(AuditPayload))


def test_a_moment_without_its_zone_is_refused(clinic: Clinic) -> None:
    with pytest.raises(StatementError, match="naive datetime"):
        session.scalars(select(AuditEvent).where(AuditEvent.at > datetime(2026, 11, 21))).all()  # noqa: DTZ001


def test_a_write_on_an_old_version_is_refused(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    with pytest.raises(StaleDataError):
        late_write(clinic, patient.id)


def late_write(clinic: Clinic, patient_id: str) -> None:
    stale = session.get_one(Patient, patient_id)
    session.expunge(stale)
    rename(clinic.nurse, patient_id, with_event=True)

    @verb
    def write(actor: object) -> None:
        session.add(stale)
        stale.given_name = "遅い"
        record(actor, "patient_changed", patient_id=patient_id, before={}, after={})

    write(clinic.nurse)


def test_another_site_of_the_organisation_sees_the_patient_but_not_the_encounter(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    encounter = wait(clinic.reception)
    with pytest.raises(NotFound):
        encounters.get(other.nurse, encounter.id)
    assert encounters.get(clinic.nurse, encounter.id)
    visible = select(Patient).where(Patient.visible_to(other.nurse))
    assert [p.id for p in session.scalars(visible)] == [encounter.patient_id]


def test_another_organisation_sees_nothing(clinic: Clinic) -> None:
    stranger = build_clinic("kobe", suffix="-kobe")
    add_patient(clinic.reception)
    assert session.scalars(select(Patient).where(Patient.visible_to(stranger.nurse))).all() == []


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_administrator_and_auditor_open_no_record(clinic: Clinic, who: str) -> None:
    encounter = wait(clinic.reception)
    with pytest.raises(NotFound):
        encounters.get(clinic.people[who], encounter.id)


def test_the_decisions_of_the_surgeon_are_append_only_too(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)

    @verb
    def decide(actor: object) -> None:
        session.add(
            TreatmentDecision(
                encounter_id=encounter.id,
                at=clock.now(),
                staff_id=clinic.surgeon.staff_id,
                kind="conservative",
                seen={},
            )
        )
        record(
            actor, "treatment_decided", patient_id=encounter.patient_id, encounter_id=encounter.id,
            decision="x", kind="conservative", procedure="", level="", side="",
        )  # fmt: skip

    decide(clinic.surgeon)
    with pytest.raises(DBAPIError, match="append-only"), aside() as own:
        own.execute(update(TreatmentDecision).values(kind="procedure"))
