"""The surgeon's own results on the page: numbers behind every picture, few said to be few, nobody else's."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic
from tests.services.test_outcome_results import answered
from tests.services.test_outcomes import now
from triage.services import outcome_entries

SignIn = Callable[[str], FlaskClient]


def test_the_numbers_stand_behind_the_picture_and_few_are_said_to_be_few(clinic: Clinic, signed_in: SignIn) -> None:
    for odi in (10, 20, 30):
        series = answered(clinic, odi)
    outcome_entries.note_complication(clinic.surgeon, series, None, "dural_tear", now(clinic), "1", False)
    client = signed_in("surgeon")
    page = client.get("/outcomes/results").text
    assert "fewer than 5, no mean: 10, 20, 30" in " ".join(page.replace("\n", " ").split())
    assert page.count('class="one"') == 3 * 3
    assert "1 / 3" in page
    assert "Dural tear" in page
    for odi in (40, 50):
        answered(clinic, odi)
    page = client.get("/outcomes/results").text
    assert "<b>30.0</b>" in page
    assert "20.0 – 40.0" in page
    assert "硬膜損傷" in client.get("/outcomes/results?lang=ja").text


def test_nobody_treated_is_said_and_a_wrong_period_is_answered_at_the_field(
    clinic: Clinic, signed_in: SignIn
) -> None:  # fmt: skip
    client = signed_in("surgeon")
    assert "Nobody was treated in this period." in client.get("/outcomes/results").text
    wrong = client.get("/outcomes/results?since=2026-02-01&until=2026-01-01")
    assert (wrong.status_code, 'value="2026-02-01"' in wrong.text) == (422, True)
    assert "The last day lies before the first." in wrong.text
    soon = client.get("/outcomes/results?since=soon")
    assert (soon.status_code, 'value="soon"' in soon.text) == (422, True)


def test_the_days_are_typed_as_everywhere_also_in_the_japanese_calendar(clinic: Clinic, signed_in: SignIn) -> None:
    page = signed_in("surgeon").get("/outcomes/results?since=令和8年2月1日&until=２０２６/03/01").text
    assert "Treated 1 Feb 2026 – 1 Mar 2026" in page
    assert 'type="date"' not in page


def test_the_period_stands_in_the_address(clinic: Clinic, signed_in: SignIn) -> None:
    answered(clinic, 10, 400)
    day = (now(clinic) - timedelta(days=300)).isoformat()
    assert "n = 1" in signed_in("surgeon").get("/outcomes/results").text
    assert "n = 1" not in signed_in("surgeon").get(f"/outcomes/results?since={day}").text


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "radiographer", "admin", "auditor"])
def test_nobody_else_sees_results(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    assert signed_in(who).get("/outcomes/results").status_code == 403


def test_the_lead_chooses_a_surgeon_and_a_surgeon_does_not(clinic: Clinic, signed_in: SignIn) -> None:
    answered(clinic, 10)
    mine, other = clinic.surgeon.staff_id, clinic.surgeon2.staff_id
    lead, surgeon = signed_in("surgeon2"), signed_in("surgeon")
    assert "n = 1" in lead.get(f"/outcomes/results?surgeon={mine}").text
    assert "Results of Surgeon" in lead.get(f"/outcomes/results?surgeon={mine}").text
    assert lead.get("/outcomes/results?surgeon=nobody").status_code == 404
    assert surgeon.get(f"/outcomes/results?surgeon={other}").status_code == 403
    assert "<select" not in surgeon.get("/outcomes/results").text.partition("<main")[2]


def test_the_response_of_the_last_year_stands_where_people_are_asked(clinic: Clinic, signed_in: SignIn) -> None:
    assert "nobody was due" in signed_in("reception").get("/outcomes").text
    answered(clinic, 10, 200)
    page = signed_in("reception").get("/outcomes").text.partition('id="response"')[2]
    assert "1 / 1" in page
    assert "windows that closed from" in page
