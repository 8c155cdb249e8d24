"""The board on paper: everybody who is here, in the board's order, with what the rows lead to; printing is recorded."""

import pytest
from sqlalchemy import select

from tests.builders import Clinic, arrive, build_clinic, leave_unseen, wait
from triage import knowledge
from triage.db import session
from triage.models import AuditEvent, AuditPayload
from triage.services import board, downtime, emergencies, encounters, imaging, triage

CALM = {question.id: False for question in knowledge.load().urgent_questions}


def test_everybody_who_is_here_stands_on_paper_in_the_boards_order(clinic: Clinic) -> None:
    wait(clinic.reception, CALM, given_name="1")
    arrive(clinic.reception, given_name="2")
    alarm = wait(clinic.reception, CALM, given_name="3")
    emergencies.raise_(clinic.nurse, alarm.id, "falls")
    gone = wait(clinic.reception, CALM, given_name="4")
    leave_unseen(clinic.reception, gone.id, gone.version, "帰宅")
    ids = [row.encounter.id for row in downtime.snapshot(clinic.nurse).rows]
    assert ids == board.look(clinic.nurse, board.Filters()).ids
    assert ids[0] == alarm.id
    assert len(ids) == 3


def test_the_rows_carry_alarm_imaging_and_what_to_ask_again(clinic: Clinic) -> None:
    asked, last = wait(clinic.reception, CALM | {knowledge.load().urgent_questions[-1].id: "not known"}), CALM
    reason = knowledge.load().override_reasons[0].id
    unknown = {knowledge.load().urgent_questions[-1].id: "family asked"}
    choice = triage.Choice(
        4, "specialist_consult", reason=reason, not_known_reasons=unknown, without="the rest follows"
    )
    triage.decide(clinic.nurse, asked.id, encounters.get(clinic.nurse, asked.id).version, choice)
    imaged = wait(clinic.reception, last, given_name="2")
    version = encounters.get(clinic.nurse, imaged.id).version
    triage.decide(clinic.nurse, imaged.id, version, triage.Choice(4, "xray", "xray", reason))
    alarm = wait(clinic.reception, last, given_name="3")
    emergencies.raise_(clinic.nurse, alarm.id, "falls")
    emergencies.acknowledge(clinic.nurse2, alarm.id)
    session.remove()
    rows = {row.encounter.id: row for row in downtime.snapshot(clinic.nurse).rows}
    assert [task.question for task in rows[asked.id].tasks] == [knowledge.load().urgent_questions[-1].id]
    assert [order.modality for order in rows[imaged.id].orders] == ["xray"]
    found = rows[alarm.id].emergency
    assert found is not None
    assert found.acknowledger is not None
    assert found.acknowledger.name == "Nurse2"
    assert not rows[alarm.id].orders
    assert imaging.list_orders(clinic.nurse)


@pytest.mark.parametrize(("take", "what"), [(downtime.snapshot, "snapshot"), (downtime.slips, "slips")])
def test_printing_everybody_is_recorded_with_whom_it_showed(clinic: Clinic, take: object, what: str) -> None:
    here = wait(clinic.reception, CALM)
    take(clinic.nurse)  # type: ignore[operator]
    session.close()
    query = select(AuditPayload.body).join(AuditEvent, AuditEvent.id == AuditPayload.event_id)
    (body,) = session.scalars(query.where(AuditEvent.name == "board_printed"))
    assert body == {"what": what, "encounters": [here.id]}


def test_another_site_is_not_on_the_paper(clinic: Clinic) -> None:
    wait(clinic.reception, CALM)
    branch = build_clinic("branch", clinic.reception.organisation_id, "-b")
    assert list(downtime.snapshot(branch.nurse).rows) == []
    assert list(downtime.slips(branch.nurse)) == []
