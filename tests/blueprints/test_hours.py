"""The hours page: what everybody reads, what the administrator changes, the effect first, wrong entries kept."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.blueprints.test_limits import shown
from tests.builders import Clinic, arrive
from triage.services import hours, timetable
from triage.services.organisations import today

SignIn = Callable[[str], FlaskClient]


def week(clinic: Clinic, **changed: str) -> dict[str, str]:
    times = {f"{day}_{which}": at for day in ("mon", "tue", "wed", "thu", "fri", "sat")
             for which, at in (("opens", "9:30"), ("closes", "18:00"))}  # fmt: skip
    later = (today(clinic.site_id) + timedelta(days=400)).isoformat()
    return times | {"sun_opens": "", "sun_closes": "", "seen": "0", "valid_from": later, "note": ""} | changed


def days(clinic: Clinic, **changed: str) -> dict[str, str]:
    later = (today(clinic.site_id) + timedelta(days=40)).isoformat()
    return {"first": later, "last": "", "kind": "closed", "opens": "", "closes": "", "reason": "Inventory"} | changed


@pytest.mark.parametrize("who", ["reception", "nurse", "surgeon", "radiographer"])
def test_who_works_here_reads_the_hours_and_is_offered_no_change(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    text = signed_in(who).get("/hours").text
    assert "9:30–18:00" in text
    assert "<form" not in text[text.index("<main") : text.index("</main>")]


def test_the_effect_is_shown_before_a_week_is_in_force(clinic: Clinic, signed_in: SignIn) -> None:
    arrive(clinic.reception)
    browser, typed = signed_in("admin"), week(clinic, wed_opens="", wed_closes="", note="no Wednesdays")
    unseen = browser.post("/hours/weeks", data=typed | {"act": "save"})
    assert "Today stays as it is. 1 people are here now." in unseen.text
    assert hours.sequence(clinic.site_id) == 0
    done = browser.post("/hours/weeks", data=typed | {"act": "save", "shown": shown(unseen.text)})
    assert done.status_code == 303
    text = browser.get("/hours").text
    assert "no Wednesdays" in text
    assert "Thu–Sat" in text


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("mon_opens", "25:00", "Enter the time as hours and minutes"),
        ("mon_closes", "9:00", "must close later"),
        ("mon_closes", "", "Enter the time as hours and minutes"),
        ("valid_from", "soon", "not a date"),
        ("valid_from", "", "not a date"),
        ("note", "a\x00b", "cannot be stored"),
        ("note", "x" * 501, "too long"),
    ],
)
def test_a_wrong_week_is_told_at_its_field_and_kept(
    clinic: Clinic, signed_in: SignIn, field: str, typed: str, told: str
) -> None:
    answer = signed_in("admin").post("/hours/weeks", data=week(clinic, tue_opens="8:15", **{field: typed}))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert told in answer.text
    assert "8:15" in answer.text


def test_full_width_times_are_times(clinic: Clinic, signed_in: SignIn) -> None:
    assert "Put in force" in signed_in("admin").post("/hours/weeks", data=week(clinic, mon_opens="１０：００")).text


def test_a_day_that_is_over_and_an_old_page_are_told(clinic: Clinic, signed_in: SignIn) -> None:
    browser = signed_in("admin")
    over = week(clinic, mon_opens="10:00", valid_from="2020-01-01")
    tried = browser.post("/hours/weeks", data=over)
    answer = browser.post("/hours/weeks", data=over | {"act": "save", "shown": shown(tried.text)})
    assert answer.status_code == 422
    assert "This day is over." in answer.text
    old = week(clinic, mon_opens="10:00", seen="7", note="keep me")
    tried = browser.post("/hours/weeks", data=old)
    answer = browser.post("/hours/weeks", data=old | {"act": "save", "shown": shown(tried.text)})
    assert answer.status_code == 409
    assert "keep me" in answer.text


def test_days_are_closed_after_their_effect_was_shown_and_taken_back(clinic: Clinic, signed_in: SignIn) -> None:
    browser, day = signed_in("admin"), today(clinic.site_id).isoformat()
    tried = browser.post("/hours/days", data=days(clinic, first=day))
    data = days(clinic, first=day) | {"act": "save"}
    assert timetable.list_other_days(clinic.admin, today(clinic.site_id)) == []
    form = tried.text[tried.text.index('action="/hours/days"') :]
    assert browser.post("/hours/days", data=data | {"shown": shown(form)}).status_code == 303
    assert browser.post("/hours/days", data=data | {"shown": shown(form)}).status_code == 409
    text = browser.get("/hours").text
    assert "Inventory" in text
    (row,) = timetable.list_other_days(clinic.admin, today(clinic.site_id))
    assert browser.post(f"/hours/days/{row.id}/withdrawal").status_code == 303
    assert browser.post(f"/hours/days/{row.id}/withdrawal").status_code == 409
    assert browser.post("/hours/days/nothing/withdrawal").status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"first": ""}, "first"),
        ({"last": "31 Feb"}, "last"),
        ({"kind": "perhaps"}, "kind"),
        ({"kind": "hours"}, "opens"),
        ({"kind": "hours", "opens": "12:00", "closes": "11:00"}, "closes"),
        ({"reason": ""}, "reason"),
    ],
)
def test_wrong_days_are_told_at_their_field(
    clinic: Clinic, signed_in: SignIn, changed: dict[str, str], field: str
) -> None:
    answer = signed_in("admin").post("/hours/days", data=days(clinic, **changed))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_the_administrator_confirms_the_public_holidays_in_one_step(clinic: Clinic, signed_in: SignIn) -> None:
    browser = signed_in("admin")
    offered = timetable.undecided_holidays(clinic.admin, today(clinic.site_id))
    text = browser.get("/hours?lang=ja").text
    assert offered[0].ja in text
    ticked = {"days": [one.day.isoformat() for one in offered], "kind": "closed"}
    assert browser.post("/hours/holidays", data=ticked).status_code == 303
    assert timetable.undecided_holidays(clinic.admin, today(clinic.site_id)) == []
    assert browser.post("/hours/holidays", data=ticked).status_code == 409
    assert browser.post("/hours/holidays", data={"kind": "closed"}).status_code == 422
    assert browser.post("/hours/holidays", data=ticked | {"kind": "x"}).status_code == 422
    assert browser.post("/hours/holidays", data={"days": ["2020-01-01"], "kind": "closed"}).status_code == 422


def test_the_slip_tells_the_hours_in_force_in_the_patients_language(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = arrive(clinic.reception)
    text = signed_in("reception").get(f"/encounters/{encounter.id}/slip").text
    assert "月" in text
    assert "9:30–18:00" in text
