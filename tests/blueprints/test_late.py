"""Going through the pad of paper slips: what the desk and the nurse see, and what is refused at its field."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.builders import Clinic, add_patient, arrive, wait
from triage import clock, knowledge
from triage.db import session
from triage.models import Emergency, Encounter, TriageDecision
from triage.services import departures, encounters, imaging, triage

SignIn = Callable[[str], FlaskClient]
DESK = [question.id for question in knowledge.load().urgent_questions if question.asked_by == "reception"]
URGENT = [question.id for question in knowledge.load().urgent_questions]
CALM = dict.fromkeys(URGENT, False)
NARA = ZoneInfo("Asia/Tokyo")


def at(minutes: int) -> dict[str, str]:
    """Return the time so many minutes ago as it stands on paper, with its day."""
    moment = (clock.now() - timedelta(minutes=minutes)).astimezone(NARA)
    return {"late_time": f"{moment:%H%M}", "late_day": f"{moment:%Y-%m-%d}"}


def of(here: str) -> Encounter:
    session.close()
    return session.get_one(Encounter, here)


def ago(moment: datetime | None) -> int:
    assert moment is not None
    return int((clock.now() - moment).total_seconds() // 60)


def enter(client: FlaskClient, patient_id: str, minutes: int = 88, ticket: str = "d3") -> str:
    """Enter a known patient's arrival and return the encounter's id."""
    answer = client.post("/late", data={"patient_id": patient_id, "paper_ticket": ticket, **at(minutes)})
    assert answer.status_code == 303, answer.text
    return str(answer.location.split("?")[0].rsplit("/", 1)[1])


def test_a_slip_is_entered_with_its_number_and_time_and_leads_to_the_answers(signed_in: SignIn, clinic: Clinic) -> None:
    client, person = signed_in("reception"), add_patient(clinic.reception)
    found = client.post("/late", data={"go": "search", "q": "S380730", "paper_ticket": "D003", "late_time": "1012"})
    assert "山本 和夫" in found.text
    assert 'value="D003"' in found.text
    here = of(enter(client, person.id))
    assert here.ticket == "D003"
    assert ago(here.arrived_at) in (88, 89)
    page = client.get(f"/late/{here.id}").text
    assert "entered late" in page
    assert "/late?paper_ticket=D004" in page
    assert "entered late" in client.get(f"/encounters/{here.id}/intake").text


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"paper_ticket": "D003"}, "Enter the time that stands on the paper."),
        ({"paper_ticket": "D003", "late_time": "25:00"}, "such as 09:41"),
        ({"paper_ticket": "A003", "late_time": "0010"}, "Paper slips bear the numbers D001 to D999."),
        ({"paper_ticket": "D003", "late_time": "0010", "late_day": "2019-13-01"}, "not a date"),
        ({"paper_ticket": "D003", "late_time": "0010", "late_day": "2020-01-01"}, "more than three days ago"),
        ({"paper_ticket": "D003", "late_time": "0010", "late_day": "2099-01-01"}, "still ahead"),
        ({"paper_ticket": "D\x003", "late_time": "00\x0010"}, "cannot be stored"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_stays_typed(
    signed_in: SignIn, clinic: Clinic, typed: dict[str, str], message: str
) -> None:
    client, person = signed_in("reception"), add_patient(clinic.reception)
    answer = client.post("/late", data={"patient_id": person.id, "q": "S380730", **typed})
    assert answer.status_code == 422
    assert message in answer.text
    assert 'aria-invalid="true"' in answer.text
    for value in typed.values():
        assert "\x00" in value or f'value="{value}"' in answer.text
    assert session.scalars(select(Encounter)).all() == []


def test_a_slip_that_is_in_already_is_refused_at_the_number(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    one, other, then = add_patient(clinic.reception), add_patient(clinic.reception, given_name="花子"), at(50)
    client.post("/late", data={"patient_id": one.id, "paper_ticket": "d3", **then})
    answer = client.post("/late", data={"patient_id": other.id, "paper_ticket": "3", **then})  # on the same day
    assert answer.status_code == 422
    assert "This paper slip was entered already." in answer.text


def test_who_is_here_already_is_led_to_the_visit(signed_in: SignIn, clinic: Clinic) -> None:
    here = arrive(clinic.reception)
    data = {"patient_id": here.patient_id, "paper_ticket": "D001", **at(5)}
    answer = signed_in("reception").post("/late", data=data)
    assert answer.status_code == 409
    assert f"/late/{here.id}" in answer.text


def test_a_new_patient_from_a_slip_takes_number_and_time_along(signed_in: SignIn, clinic: Clinic) -> None:
    client, paper = signed_in("reception"), {"paper_ticket": "D007", **at(30)}
    answer = client.post("/late", data={"go": "new", "q": "タナカ", **paper})
    form = client.get(answer.location).text
    assert 'value="D007"' in form
    assert '<details class="from-paper" open>' in form
    new = {"family_name": "田中", "sex": "female", "mobility": "walking", "language": "ja", "then": "check_in"}
    wrong = client.post("/patients", data=new | paper | {"late_time": "99"})
    assert wrong.status_code == 422
    assert 'value="田中"' in wrong.text
    done = client.post("/patients", data=new | paper)
    assert done.location.startswith("/late/")
    here = session.scalars(select(Encounter)).one()
    assert (here.ticket, here.entered_at is not None) == ("D007", True)


def test_answers_from_paper_are_saved_with_their_time_and_the_patient_waits(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    here = enter(client, add_patient(clinic.reception).id)
    said = {f"a.{name}": "no" for name in URGENT[:3]} | {"d.complaint": "腰痛", "go": "next"}
    answer = client.post(f"/late/{here}/answers", data=said | at(80))
    assert answer.status_code == 303
    assert "paper_ticket=D004" in answer.location
    waiting = of(here)
    assert (waiting.stage, waiting.complaint) == ("waiting", "腰痛")
    assert ago(waiting.stage_since) in (80, 81)
    assert "entered late" in client.get(f"/encounters/{here}/summary").text


@pytest.mark.parametrize("late_time", ["", "2561"])
def test_answers_without_a_time_are_kept_on_the_page_and_not_saved(
    signed_in: SignIn, clinic: Clinic, late_time: str
) -> None:
    client = signed_in("reception")
    here = enter(client, add_patient(clinic.reception).id)
    said = {f"a.{URGENT[1]}": "no", "d.complaint": "腰痛", "late_time": late_time}
    answer = client.post(f"/late/{here}/answers", data=said)
    assert answer.status_code == 422
    assert "腰痛" in answer.text
    assert f'name="a.{URGENT[1]}" value="no" checked' in answer.text
    assert of(here).stage == "registered"


def test_an_answer_before_the_arrival_is_refused_with_the_reason(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    here = enter(client, add_patient(clinic.reception).id, minutes=60)
    answer = client.post(f"/late/{here}/answers", data={f"a.{URGENT[1]}": "no", **at(70)})
    assert answer.status_code == 422
    assert "This lies before the patient&#39;s arrival." in answer.text
    assert f'name="a.{URGENT[1]}" value="no" checked' in answer.text


def test_a_yes_from_paper_leads_straight_to_the_emergency(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    here = enter(client, add_patient(clinic.reception).id)
    answer = client.post(f"/late/{here}/answers", data={f"a.{URGENT[0]}": "yes", **at(80)})
    assert answer.location == f"/encounters/{here}/emergency"
    assert ago(session.scalars(select(Emergency.opened_at)).one()) in (80, 81)


@pytest.mark.parametrize("typed", [{}, {"late_time": "9999"}, {"late_time": "0001", "late_day": "2099-01-01"}, at(500)])
def test_no_time_on_the_sheet_holds_up_a_yes_that_is_an_emergency(
    signed_in: SignIn, clinic: Clinic, typed: dict[str, str]
) -> None:
    client = signed_in("reception")
    here = enter(client, add_patient(clinic.reception).id)
    answer = client.post(f"/late/{here}/answers", data={f"a.{URGENT[0]}": "yes"} | typed)
    assert answer.location == f"/encounters/{here}/emergency"
    assert of(here).stage == "emergency"
    assert ago(session.scalars(select(Emergency.opened_at)).one()) == 0
    assert "It was noted as of now." in client.get(f"/encounters/{here}/emergency").text


def waiting_late(client: FlaskClient, clinic: Clinic, asked: list[str] = URGENT) -> Encounter:
    here = enter(client, add_patient(clinic.reception).id)
    answer = client.post(f"/late/{here}/answers", data={f"a.{name}": "no" for name in asked} | at(85))
    assert answer.status_code == 303
    return of(here)


def test_the_nurses_decision_is_entered_on_the_sheet_with_its_time(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("nurse")
    here = waiting_late(client, clinic)
    choice = {"act": "override", "version": here.version, "acuity": "4", "route": "specialist_consult",
              "reason": knowledge.load().override_reasons[0].id, "without": "decided on paper"}  # fmt: skip
    early = client.post(f"/encounters/{here.id}/decision", data=choice | at(87))
    assert early.status_code == 422
    assert "before the last step" in early.text
    assert '<details class="from-paper" open>' in early.text
    assert client.post(f"/encounters/{here.id}/decision", data=choice | at(60)).status_code == 303
    decision = session.scalars(select(TriageDecision)).one()
    assert ago(decision.at) in (60, 61)
    assert decision.entered_at is not None
    assert "entered late" in client.get(f"/encounters/{here.id}/triage").text
    assert "late " in client.get("/board").text


@pytest.mark.parametrize("typed", [{"late_time": "9999"}, {"late_time": "0000", "late_day": "2099-01-01"}])
def test_no_time_on_paper_stands_in_the_way_of_an_emergency(
    signed_in: SignIn, clinic: Clinic, typed: dict[str, str]
) -> None:
    here = wait(clinic.reception, CALM)
    client = signed_in("reception")
    assert client.post(f"/encounters/{here.id}/emergency", data=typed).status_code == 303
    assert of(here.id).stage == "emergency"
    assert "It was noted as of now." in client.get(f"/encounters/{here.id}/emergency").text


def test_an_emergency_raised_on_paper_is_open_since_then(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("nurse")
    here = waiting_late(client, clinic)
    client.post(f"/encounters/{here.id}/emergency", data={"note": "falls", **at(70)})
    assert ago(session.scalars(select(Emergency.opened_at)).one()) in (70, 71)


def test_leaving_is_entered_with_its_time(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    here = waiting_late(client, clinic, DESK)
    left_open = " ".join(departures.open_of(encounters.get(clinic.reception, here.id)).names)
    session.close()
    data = {"version": here.version, "reason": "other", "note": "帰宅", "confirmed": left_open}
    refused = client.post(f"/encounters/{here.id}/departure", data=data | at(86))
    assert refused.status_code == 422
    assert 'value="帰宅"' in refused.text
    assert client.post(f"/encounters/{here.id}/departure", data=data | at(40)).status_code == 303
    assert ago(of(here.id).finished_at) in (40, 41)


def test_an_examination_is_entered_with_the_times_of_the_paper(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("nurse")
    here = waiting_late(client, clinic)
    reason = knowledge.load().override_reasons[0].id
    choice = {"act": "override", "version": here.version, "acuity": "4", "route": "xray", "reason": reason}
    client.post(f"/encounters/{here.id}/decision", data=choice | at(80))
    asked = imaging.list_orders(clinic.surgeon)[0]
    url = f"/imaging-orders/{asked.id}"
    doctor, radiographer = signed_in("surgeon"), signed_in("radiographer")
    assert doctor.post(f"{url}/order", data={"version": asked.version, **at(82)}).status_code == 422
    assert doctor.post(f"{url}/order", data={"version": asked.version, **at(75)}).status_code == 303
    start = {"version": asked.version + 1, "identity": ["name", "birth_date"]}
    refused = radiographer.post(f"{url}/start", data=start | at(78))
    assert refused.status_code == 422
    assert "before the last step" in refused.text
    assert radiographer.post(f"{url}/start", data=start | at(70)).status_code == 303
    done = {"version": asked.version + 2, "views": "L-spine", "unit": "mGy", **at(66)}
    assert radiographer.post(f"{url}/completion", data=done).status_code == 303
    session.close()
    found = imaging.get(clinic.surgeon, asked.id)
    assert (ago(found.started_at), ago(found.ended_at)) in {(70, 66), (71, 67), (70, 67), (71, 66)}


def test_both_times_stand_in_the_audit_view(signed_in: SignIn, clinic: Clinic) -> None:
    enter(signed_in("reception"), add_patient(clinic.reception).id)
    text = signed_in("auditor").get("/audit?name=checked_in").text
    assert "happened" in text


@pytest.mark.parametrize("who", ["surgeon", "radiographer", "auditor"])
def test_who_checks_nobody_in_does_not_do_it_from_paper(signed_in: SignIn, clinic: Clinic, who: str) -> None:
    client, person = signed_in(who), add_patient(clinic.reception)
    assert client.post("/late", data={"patient_id": person.id, **at(5)}).status_code == 403


def test_reception_decides_nothing_from_paper_either(signed_in: SignIn, clinic: Clinic) -> None:
    client = signed_in("reception")
    here = waiting_late(client, clinic, DESK)
    choice = {"act": "override", "version": here.version, "acuity": "4", "route": "specialist_consult", **at(60)}
    assert client.post(f"/encounters/{here.id}/decision", data=choice).status_code == 403
    assert client.post(f"/late/{here.id}/answers", data={"a.pain_nrs": "4", **at(60)}).status_code in (303, 403)


def test_a_stranger_sees_no_paper_sheet(signed_in: SignIn, clinic: Clinic) -> None:
    from tests.builders import build_clinic

    here = wait(clinic.reception, CALM)
    build_clinic("osaka", suffix="-o")
    client = signed_in("nurse-o")
    assert client.get(f"/late/{here.id}").status_code == 404
    assert client.post(f"/late/{here.id}/answers", data=at(5)).status_code == 404
    assert client.get(f"/late?patient={here.patient_id}").status_code == 404
    assert encounters.get(clinic.nurse, here.id).stage == "waiting"
    assert triage.decisions_of(here) == []
