"""The page of the surgeons' times: weeks, operating days and absences, wrong entries kept, who may plan."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, add_patient
from triage.domain.hours import WEEKDAYS
from triage.services import appointments, hours, surgeon_days, surgeon_times
from triage.services.appointments import Wish
from triage.services.organisations import today

SignIn = Callable[[str], FlaskClient]
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def day(clinic: Clinic) -> date:
    return hours.next_open(clinic.site_id, today(clinic.site_id), after=1)


def week(day: date, **changed: str) -> dict[str, str]:
    plans = {f"{name}_consults": "clinic" for name in WEEKDAYS}
    return plans | {"seen": "0", "valid_from": str(day), "note": ""} | changed


def absence(day: date, **changed: str) -> dict[str, str]:
    values = {"first": str(day), "last": "", "reason": "leave", "note": "stays"} | changed
    return {f"away-{name}": value for name, value in values.items()}


def confirmed(day: date, **changed: str) -> dict[str, str]:
    return absence(day, **changed) | {"away-shown": f"{day} {day}", "act": "save"}


def test_an_absence_names_how_many_must_be_moved_and_the_list_shows_them(
    clinic: Clinic, signed_in: SignIn, day: date
) -> None:
    wish = Wish("first_visit", clinic.surgeon.staff_id, datetime.combine(day, time(10), TOKYO))
    made = appointments.book(clinic.reception, add_patient(clinic.reception).id, wish)
    browser, url = signed_in("reception"), f"/surgeons/{clinic.surgeon.staff_id}"
    shown = browser.post(f"{url}/absences", data=absence(day))
    assert shown.status_code == 200
    assert "One booked patient would have to be moved." in shown.text
    assert f"/appointments/{made}" in shown.text
    assert 'value="stays"' in shown.text
    assert "No absence is noted." in browser.get(url).text
    other = browser.post(f"{url}/absences", data=confirmed(day) | {"away-last": str(day + timedelta(days=1))})
    assert other.status_code == 200  # other days than those whose effect was shown
    assert browser.post(f"{url}/absences", data=confirmed(day)).status_code == 303
    assert "One appointment must be moved now." in browser.get(url).text
    text = browser.get(f"/appointments?day={day}").text
    assert 'id="to-move"' in text
    assert f"/appointments/{made}" in text
    assert "the surgeon is away" in text
    assert "Leave" in browser.get("/surgeons").text


@pytest.mark.parametrize(
    ("changed", "status", "told"),
    [
        ({"first": "soon"}, 422, "not a date"),
        ({"first": "2020-01-01"}, 422, "over"),
        ({"reason": ""}, 422, "Choose a reason"),
        ({"last": "2020-01-01"}, 422, ""),
    ],
)
def test_a_wrong_absence_is_told_at_its_field_and_kept(
    clinic: Clinic, signed_in: SignIn, day: date, changed: dict[str, str], status: int, told: str
) -> None:
    url = f"/surgeons/{clinic.surgeon.staff_id}/absences"
    answer = signed_in("nurse").post(url, data=absence(day, **changed))
    assert answer.status_code == status
    assert told in answer.text
    assert "stays" in answer.text


def test_an_operating_day_is_given_and_an_old_page_is_refused(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    browser, url = signed_in("surgeon"), f"/surgeons/{clinic.surgeon.staff_id}"
    given = week(day, tue_consults="hours", tue_opens="9:30", tue_closes="12:00", tue_operates="y")
    assert browser.post(f"{url}/weeks", data=given | {"tue_closes": "9:00"}).status_code == 422
    assert browser.post(f"{url}/weeks", data=given | {"tue_opens": "", "tue_closes": ""}).status_code == 422
    assert browser.post(f"{url}/weeks", data=given).status_code == 303
    assert browser.post(f"{url}/weeks", data=week(day)).status_code == 409
    plans = surgeon_days.calendar(clinic.site_id, day, day).weeks[clinic.surgeon.staff_id][0][1]
    assert (plans[1].operates, plans[1].hours and plans[1].hours.words) == (True, "9:30–12:00")


def test_an_absence_is_taken_back_once(clinic: Clinic, signed_in: SignIn, day: date) -> None:
    surgeon_times.add_absence(clinic.reception, clinic.surgeon.staff_id, day, day, "ill")
    (row,) = surgeon_times.find(clinic.reception, clinic.surgeon.staff_id).absences
    browser = signed_in("admin")
    assert browser.post(f"/surgeons/absences/{row.id}/withdrawal").status_code == 303
    assert browser.post(f"/surgeons/absences/{row.id}/withdrawal").status_code == 409


def test_who_may_not_plan_sees_no_such_page(clinic: Clinic, signed_in: SignIn) -> None:
    assert signed_in("radiographer").get("/surgeons").status_code == 403
    assert signed_in("reception").get("/surgeons/nobody").status_code == 404


def test_the_share_kept_free_is_changed_by_the_administrator_alone(clinic: Clinic, signed_in: SignIn) -> None:
    assert "Of each hour 15 min stay free" in signed_in("nurse").get("/hours").text
    assert signed_in("nurse").post("/hours/share", data={"per_hour": "2"}).status_code == 403
    browser = signed_in("admin")
    assert browser.post("/hours/share", data={"per_hour": "7"}).status_code == 422
    assert browser.post("/hours/share", data={"per_hour": "1"}).status_code == 422
    assert browser.post("/hours/share", data={"per_hour": "2"}).status_code == 303
    assert surgeon_days.kept_per_hour(clinic.site_id) == 2
