"""The audit trail: everything is in it, nobody can change it unseen."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.builders import Clinic, arrive, build_clinic, wait
from triage.db import aside, session
from triage.domain.event_labels import LABELS
from triage.domain.events import EVENTS
from triage.models import AuditEvent, AuditPayload, SiteHead
from triage.services import audit, encounters
from triage.stored_json import to_json


def damage(clinic: Clinic, statements: list[str], engine: object) -> str:
    """Change the database behind the application's back, with the triggers dropped, and verify."""
    session.close()
    with engine.begin() as connection:  # type: ignore[attr-defined]
        postgres = connection.dialect.name == "postgresql"
        for trigger in ("audit_event_no_update", "audit_event_no_delete", "audit_payload_no_update"):
            table = trigger.rsplit("_no_", 1)[0]
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}" + (f" ON {table}" if postgres else ""))
        for statement in statements:
            connection.exec_driver_sql(statement)
    return audit.verify()[0].damage


def test_the_chain_is_whole_after_a_day_of_work(clinic: Clinic) -> None:
    for _ in range(3):
        wait(clinic.reception)
    result = audit.verify()[0]
    assert result.damage == ""
    assert result.count > 10


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE audit_event SET name = 'signed_out' WHERE sequence = 5", "event 5"),
        ("UPDATE audit_event SET staff_id = NULL WHERE sequence = 6", "event 6"),
        ("DELETE FROM audit_event WHERE sequence = 7", "event 7"),
        ("DELETE FROM audit_event WHERE sequence > 9", "the head says"),
        ("UPDATE audit_event SET sequence = sequence + 1000 WHERE sequence = 4", "event 4"),
    ],
)
def test_a_change_behind_the_applications_back_is_located(
    clinic: Clinic, app: object, statement: str, finding: str
) -> None:
    wait(clinic.reception)
    drop_payload = "DELETE FROM audit_payload"
    assert finding in damage(clinic, [drop_payload, statement], app.extensions["engine"])  # type: ignore[attr-defined]


@given(st.lists(st.none() | st.integers(0, 2**53) | st.text(st.characters(exclude_categories=["Cs"]))))
def test_what_is_signed_is_written_as_it_was_in_every_release(parts: list[object]) -> None:
    assert to_json(parts) == json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def test_what_lies_within_a_payload_is_signed_as_it_is_read(clinic: Clinic) -> None:
    with aside() as own:
        numbered = {"before": {10: "a", 9: "b"}, "after": {}}  # as numbers 9 comes before 10, as words behind it
        audit._append(own, clinic.reception.site_id, None, "patient_changed", None, None, numbered)
    assert audit.verify()[0].damage == ""


def test_a_changed_payload_is_located(clinic: Clinic, app: object) -> None:
    statement = "UPDATE audit_payload SET body = '{}' WHERE event_id = (SELECT id FROM audit_event WHERE sequence = 3)"
    assert "its payload was changed" in damage(clinic, [statement], app.extensions["engine"])  # type: ignore[attr-defined]


def test_retention_deletes_payloads_and_the_chain_stays_whole(clinic: Clinic) -> None:
    wait(clinic.reception)
    with aside() as own:
        own.query(AuditPayload).delete()
    assert audit.verify()[0].damage == ""


def test_opening_a_record_leaves_a_trace_before_the_answer_leaves(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    encounters.open_(clinic.surgeon, encounter.id, "review")
    session.close()
    last = session.scalars(select(AuditEvent).order_by(AuditEvent.sequence.desc())).first()
    assert last is not None
    assert (last.name, last.staff_id, last.encounter_id) == ("patient_opened", clinic.surgeon.staff_id, encounter.id)


def test_the_auditor_filters_by_patient_person_and_event_and_is_recorded_too(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    arrive(clinic.nurse, family_name="田中")
    found = audit.list_events(clinic.auditor, audit.Filters(patient=encounter.patient.number))
    assert {event.patient_id for event in found} == {encounter.patient_id}
    by_person = audit.list_events(clinic.auditor, audit.Filters(staff="nurse", name="checked_in"))
    assert [event.staff_id for event in by_person] == [clinic.nurse.staff_id]
    session.close()
    assert len(audit.list_events(clinic.auditor, audit.Filters(name="audit_viewed"))) == 2


def test_each_site_has_a_chain_of_its_own(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    wait(other.reception)
    wait(clinic.reception)
    assert len(session.scalars(select(SiteHead)).all()) == 2
    assert [result.damage for result in audit.verify()] == ["", ""]
    assert all(event.site_id == other.site_id for event in audit.list_events(other.auditor, audit.Filters()))


def test_every_event_has_a_name_that_a_person_can_read() -> None:
    assert LABELS.keys() == EVENTS.keys()
