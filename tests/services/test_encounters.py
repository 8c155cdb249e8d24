"""An arrival: one ticket at a time, one visit at a time, and a trace when somebody leaves or a page is opened."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.builders import Clinic, add_patient, arrive, build_clinic, leave_unseen, wait
from triage import clock, knowledge
from triage.db import session
from triage.domain.errors import Conflict, NotFound, Refused, Stale
from triage.models import AuditEvent, AuditPayload, Change, Encounter
from triage.services import claims, encounters


def last_event() -> tuple[str, dict[str, Any]]:
    """Return the name and payload of the site's last audit event."""
    session.close()
    query = select(AuditEvent.name, AuditPayload.body).join(AuditPayload, AuditPayload.event_id == AuditEvent.id)
    return tuple(session.execute(query.order_by(AuditEvent.sequence.desc())).first() or ())  # type: ignore[return-value]


def test_tickets_are_given_out_in_order_and_recorded(clinic: Clinic) -> None:
    tickets = [arrive(clinic.reception, family_name=f"{n}").ticket for n in range(3)]
    assert tickets == ["A001", "A002", "A003"]
    assert last_event() == ("checked_in", {"ticket": "A003"})


def test_the_thousandth_ticket_of_a_day_is_followed_by_the_next(clinic: Clinic) -> None:
    first = arrive(clinic.reception)
    beside = update(Encounter.__table__).where(Encounter.id == first.id)
    session.connection().execute(beside.values(ticket="A997"))
    session.commit()
    following = [arrive(clinic.reception, family_name=f"{n}").ticket for n in range(4)]
    assert following == ["A998", "A999", "A1000", "A1001"]


def test_the_next_day_begins_with_the_first_ticket(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(clinic.reception)
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert arrive(clinic.reception, family_name="小林").ticket == "A001"


def test_each_site_has_tickets_of_its_own(clinic: Clinic) -> None:
    branch = build_clinic("branch", clinic.reception.organisation_id, "-b")
    person = add_patient(clinic.reception)
    first = encounters.check_in(clinic.reception, person.id, "")
    second = encounters.check_in(branch.reception, person.id, "")
    assert encounters.get(clinic.reception, first).ticket == encounters.get(branch.reception, second).ticket == "A001"
    with pytest.raises(NotFound):
        encounters.get(branch.reception, first)


def test_who_is_already_here_keeps_the_ticket(clinic: Clinic) -> None:
    here = arrive(clinic.reception)
    with pytest.raises(Conflict, match="already_open") as refused:
        encounters.check_in(clinic.nurse, here.patient_id, "another form")
    assert refused.value.params == {"ticket": here.ticket, "encounter": here.id}


def test_who_has_gone_may_come_again_the_same_day(clinic: Clinic) -> None:
    first = arrive(clinic.reception)
    leave_unseen(clinic.reception, first.id, first.version, "待てない")
    again = encounters.get(clinic.reception, encounters.check_in(clinic.reception, first.patient_id, ""))
    assert again.ticket == "A002"
    assert [visit.id for visit in encounters.earlier(clinic.reception, first.patient_id)] == [again.id, first.id]


def test_leaving_unseen_is_recorded_with_its_reason_and_ends_visit_and_claim(clinic: Clinic) -> None:
    waiting = wait(clinic.reception)
    claims.claim(clinic.nurse, waiting.id)
    leave_unseen(clinic.nurse, waiting.id, waiting.version, "待てない", "waited_too_long")
    name, payload = last_event()
    assert (name, payload["reason"], payload["note"], payload["from"]) == (
        "left_unseen", "waited_too_long", "待てない", "waiting",
    )  # fmt: skip
    gone = encounters.get(clinic.nurse, waiting.id)
    assert (gone.stage, gone.outcome, gone.claim) == ("left", "left", None)
    assert session.scalar(select(Change.topic).order_by(Change.revision.desc())) == "left_unseen"


@pytest.mark.parametrize("reason", ["", "   ", "no such code"])
def test_nobody_leaves_unseen_without_a_reason(clinic: Clinic, reason: str) -> None:
    waiting = wait(clinic.reception)
    with pytest.raises(Refused, match="reason_needed"):
        leave_unseen(clinic.reception, waiting.id, waiting.version, "待てない", reason)


def test_an_emergency_cannot_be_closed_as_left_unseen(clinic: Clinic) -> None:
    alarm = wait(clinic.reception, {knowledge.load().urgent_questions[0].id: True})
    with pytest.raises(Conflict, match="step_not_possible"):
        leave_unseen(clinic.reception, alarm.id, alarm.version, "帰宅")
    assert encounters.get(clinic.reception, alarm.id).stage == "emergency"


def test_an_old_page_ends_no_visit(clinic: Clinic) -> None:
    waiting = wait(clinic.reception)
    with pytest.raises(Stale):
        leave_unseen(clinic.reception, waiting.id, waiting.version - 1, "帰宅")


@pytest.mark.parametrize(("see", "event"), [(encounters.open_, "patient_opened"), (encounters.print_, "printed")])
def test_opening_and_printing_leave_a_trace(clinic: Clinic, see: Callable[..., Encounter], event: str) -> None:
    waiting = wait(clinic.reception)
    see(clinic.surgeon, waiting.id, "slip")
    assert last_event() == (event, {"what": "slip"})


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_administrators_and_auditors_see_no_visit(clinic: Clinic, who: str) -> None:
    waiting = wait(clinic.reception)
    with pytest.raises(NotFound):
        encounters.get(clinic.people[who], waiting.id)
