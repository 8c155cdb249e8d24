"""The pages of the follow-up: who is to ask, what was typed and refused, what another wrote meanwhile."""

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient

from tests.builders import Clinic, add_patient
from tests.places import begun_by_hand
from triage.db import session
from triage.services import outcome_lists, outcome_starts
from triage.services.organisations import today


def asked(clinic: Clinic) -> tuple[str, str, int]:
    """Follow up a patient who is to be asked now; return series, point and version."""
    patient = add_patient(clinic.reception)
    day = today(clinic.site_id) - timedelta(days=95)
    series = outcome_starts.begin(clinic.nurse, patient.id, day, begun_by_hand(clinic.surgeon.staff_id))
    point = outcome_lists.list_due(clinic.nurse)[0].point
    session.close()
    return series, point.id, point.version


def test_the_desk_finds_whom_to_ask_and_enters_the_answers(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    series, point, version = asked(clinic)
    client = signed_in("reception")
    assert f"/outcomes/points/{point}" in client.get("/outcomes").text
    typed: dict[str, object] = {"version": version, "day": today(clinic.site_id).isoformat(), "how": "telephone"}
    answer = client.post(
        f"/outcomes/points/{point}", data=typed | {"m_nrs_back": "３", "m_nrs_leg": "2", "m_odi": "18"}
    )
    assert (answer.status_code, answer.location) == (303, f"/outcomes/{series}")
    shown = client.get(f"/outcomes/{series}").text
    assert "<polyline" in shown
    assert "<td>18</td>" in shown
    assert f"/outcomes/points/{point}" not in client.get("/outcomes").text


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    _series, point, version = asked(clinic)
    client = signed_in("nurse")
    day = today(clinic.site_id).isoformat()
    for typed, status, told in (
        ({"day": day, "m_odi": "120"}, 422, "number from 0 to 100"),
        ({"day": "2001-02-30", "m_odi": "12"}, 422, "not a date"),
        ({"day": "2001-02-28", "m_odi": "12"}, 422, "does not belong to this point"),
        ({"day": day}, 422, "at least one value"),
        ({"day": day, "m_odi": "12", "version": version + 7}, 409, "changed this since"),
        ({"day": "\x00", "m_odi": "12"}, 422, ""),
    ):
        answer = client.post(f"/outcomes/points/{point}", data={"version": version, "how": "paper"} | typed)
        assert answer.status_code == status, typed
        assert told in answer.text
        assert str(typed.get("m_odi", "")) in answer.text


def test_a_complication_an_attempt_and_the_end_are_noted_on_the_course(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    series, point, version = asked(clinic)
    client, day = signed_in("nurse"), today(clinic.site_id).isoformat()
    wrong = {"wrong-version": 1, "wrong-kind": "haematoma", "wrong-day": day, "wrong-grade": "3"}
    assert client.post(f"/outcomes/{series}/complications", data=wrong | {"wrong-grade": ""}).status_code == 422
    assert client.post(f"/outcomes/{series}/complications", data=wrong | {"wrong-day": "2001-01-01"}).status_code == 422
    assert client.post(f"/outcomes/{series}/complications", data=wrong).status_code == 303
    tried = {"contact-version": version, "contact-result": "not_reached", "contact-note": "noon"}
    assert client.post(f"/outcomes/points/{point}/contacts", data=tried).status_code == 303
    assert client.post(f"/outcomes/points/{point}/contacts", data=tried).status_code == 409
    assert client.post(f"/outcomes/{series}/end", data={"end-version": 1}).status_code == 422
    shown = client.get(f"/outcomes/{series}").text
    assert "Haematoma" in shown
    assert "noon" in shown
    assert signed_in("reception").post(f"/outcomes/{series}/complications", data=wrong).status_code == 403
    assert client.get("/outcomes/nothing").status_code == 404
