"""The pages of a simulation: start, progress with and without a script, result, wrong entries, old pages."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, build_clinic, wait
from tests.drafts import blind, calmer, keener, put_in_force, rewrite, shipped, write_draft
from triage import clock
from triage.blueprints import simulations as pages
from triage.db import session
from triage.domain.access import GRANTS
from triage.models import Simulation
from triage.services import simulations
from triage.services.organisations import today

SignIn = Callable[[str], FlaskClient]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def visits(clinic: Clinic) -> list[str]:
    answers = ({"back_pain": True, "saddle_anaesthesia": True}, {"back_pain": True, "pain_nrs": 7}, {})
    return [wait(clinic.reception, answer).id for answer in answers]


def start(clinic: Clinic, browser: FlaskClient, text: str) -> str:
    version_id, until = write_draft(clinic.surgeon, text), today(clinic.site_id)
    period = {"since": str(until - timedelta(days=30)), "until": str(until)}
    answer = browser.post(f"/rulesets/{version_id}/simulations", data=period)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def press_on(browser: FlaskClient, url: str) -> str:
    """Press "continue" until the result is there."""
    for _ in range(50):
        shown = browser.get(url).text
        pressed = re.search(r'action="(/simulations/\w+/steps)"', shown)
        if pressed is None:
            return shown
        seen = re.search(r'name="seen" value="(\d+)"', shown)
        assert seen
        assert browser.post(pressed[1], data={"seen": seen[1]}).status_code == 303
    raise AssertionError("it never ends")


def test_the_form_offers_the_last_90_days_and_other_periods(clinic: Clinic, signed_in: SignIn) -> None:
    until, browser = today(clinic.site_id), signed_in("surgeon")
    url = f"/rulesets/{write_draft(clinic.surgeon, keener())}/simulations"
    assert f'value="{until - timedelta(days=90)}"' in browser.get(url).text
    assert f'value="{until - timedelta(days=365)}"' in browser.get(f"{url}?days=365").text
    assert f'value="{until - timedelta(days=90)}"' in browser.get(f"{url}?days=drop").text
    with clock.at(clock.now() - timedelta(days=400)):
        wait(clinic.reception)
    assert f'value="{until - timedelta(days=400)}"' in browser.get(f"{url}?days=all").text


def test_pressed_through_without_a_script_it_ends_in_the_result(
    clinic: Clinic, visits: list[str], signed_in: SignIn
) -> None:
    browser = signed_in("surgeon")
    shown = press_on(browser, start(clinic, browser, keener()))
    assert "No emergency is lost" in shown
    assert "PAIN-01" in shown
    assert f"/encounters/{visits[1]}" in shown
    assert f"/encounters/{visits[0]}" not in shown


def test_with_the_script_each_answer_asks_for_the_next_until_the_result(
    clinic: Clinic, visits: list[str], signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "BATCH", 1)
    monkeypatch.setattr(simulations, "STEP_SECONDS", 0)
    browser = signed_in("surgeon")
    url = start(clinic, browser, blind())
    part = browser.post(f"{url}/steps", data={"seen": 0}, headers=HTMX)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert 'value="1"' in part.text
    assert "load delay" in part.text
    assert "an emergency would be lost" in part.text
    again = browser.post(f"{url}/steps", data={"seen": 0}, headers=HTMX)  # a second tab with an old page
    assert 'name="seen" value="1"' in again.text
    for seen in (1, 2, 3):
        last = browser.post(f"{url}/steps", data={"seen": seen}, headers=HTMX)
    assert (last.status_code, last.headers["HX-Redirect"]) == (204, url)


def test_stopped_it_waits_for_a_press(clinic: Clinic, visits: list[str], signed_in: SignIn) -> None:
    browser = signed_in("surgeon")
    url = start(clinic, browser, keener())
    assert "load delay" in browser.get(url).text
    assert "load delay" not in browser.get(f"{url}?paused=1").text


def test_a_lost_emergency_is_said_first_and_named(clinic: Clinic, visits: list[str], signed_in: SignIn) -> None:
    browser = signed_in("surgeon")
    shown = press_on(browser, start(clinic, browser, blind()))
    assert "Emergencies would be lost" in shown
    assert "No emergency is lost" not in shown
    assert f"/encounters/{visits[0]}" in shown
    assert "Emergencies the draft does not see:" in shown


def test_a_long_list_is_cut_on_the_page_until_all_is_asked_for(
    clinic: Clinic, visits: list[str], signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(clinic.reception, {"back_pain": True, "saddle_anaesthesia": True})
    monkeypatch.setattr(pages, "SHOWN", 1)
    browser = signed_in("surgeon")
    url = start(clinic, browser, blind())
    shown = press_on(browser, url)
    assert shown.count('href="/encounters/') == 1
    assert "Show all 2" in shown
    assert browser.get(f"{url}?all=1").text.count('href="/encounters/') == 2


def test_a_period_without_a_visit_says_so(clinic: Clinic, signed_in: SignIn) -> None:
    browser = signed_in("surgeon")
    shown = press_on(browser, start(clinic, browser, keener()))
    assert "No visit is stored for this period" in shown
    assert "No emergency is lost" not in shown


def test_a_draft_that_changes_nothing_says_so(clinic: Clinic, visits: list[str], signed_in: SignIn) -> None:
    browser = signed_in("surgeon")
    shown = press_on(browser, start(clinic, browser, shipped()))
    assert "No stored visit of this period would be advised differently." in shown
    assert "No reference case would be advised differently." in shown


def test_no_patient_is_named_and_the_record_opens_only_for_who_may(
    clinic: Clinic, visits: list[str], signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = start(clinic, signed_in("surgeon"), keener())
    shown = press_on(signed_in("surgeon"), url)
    assert "山本" not in shown
    assert f'href="/encounters/{visits[1]}"' in shown
    monkeypatch.setitem(GRANTS, "nurse", frozenset())  # a lead who is not in care
    shown = signed_in("nurse2").get(url).text
    assert "A002" in shown
    assert "/encounters/" not in shown


def test_days_that_cannot_be_are_refused_at_the_field_with_what_was_typed(clinic: Clinic, signed_in: SignIn) -> None:
    version_id, until = write_draft(clinic.surgeon, keener()), today(clinic.site_id)
    browser, url = signed_in("surgeon"), f"/rulesets/{version_id}/simulations"
    for period, words in (
        ({"since": "", "until": str(until)}, "Enter a date."),
        ({"since": "31.11.2026", "until": str(until)}, "31.11.2026"),
        ({"since": str(until), "until": str(until + timedelta(days=1))}, "This date is in the future."),
        ({"since": str(until), "until": str(until - timedelta(days=2))}, "The first day must not be after the last."),
        ({"since": str(until), "until": "9999-12-31"}, "This date is in the future."),
    ):
        answer = browser.post(url, data=period)
        assert answer.status_code == 422
        assert words in answer.text
        assert period["until"] in answer.text
    assert session.query(Simulation).count() == 0


def test_too_many_visits_are_refused_in_words(
    clinic: Clinic, visits: list[str], signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "MOST", 2)
    version_id, until = write_draft(clinic.surgeon, keener()), str(today(clinic.site_id))
    answer = signed_in("surgeon").post(f"/rulesets/{version_id}/simulations", data={"since": until, "until": until})
    assert answer.status_code == 422
    assert "3 visits are too many at once" in answer.text


def test_a_draft_changed_meanwhile_is_said_before_and_after_the_end(
    clinic: Clinic, visits: list[str], signed_in: SignIn
) -> None:
    browser = signed_in("surgeon")
    url = start(clinic, browser, keener())
    version_id = session.query(Simulation).one().version_id
    rewrite(clinic.surgeon, version_id, blind())
    shown = browser.get(url).text
    assert "The draft was changed after this simulation began" in shown
    assert "/steps" not in shown
    assert "/steps" not in browser.post(f"{url}/steps", data={"seen": 0}, headers=HTMX).text
    rewrite(clinic.surgeon, version_id, keener())
    press_on(browser, url)
    rewrite(clinic.surgeon, version_id, blind())
    shown = browser.get(url).text
    assert "No emergency is lost" in shown
    assert "The draft was changed after this simulation began" in shown
    assert "Out of date" in browser.get(f"/rulesets/{version_id}/simulations").text


def test_other_rules_in_force_are_said(clinic: Clinic, visits: list[str], signed_in: SignIn) -> None:
    browser = signed_in("surgeon")
    url = start(clinic, browser, keener())
    put_in_force(clinic.surgeon2, write_draft(clinic.surgeon2, calmer()))
    assert "Other rules are in force since this simulation began" in browser.get(url).text


@pytest.mark.parametrize("who", ["nurse", "reception", "radiographer", "admin", "auditor"])
def test_who_drafts_no_rules_gets_no_simulation(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    url = start(clinic, signed_in("nurse2"), keener())
    version_id, browser = session.query(Simulation).one().version_id, signed_in(who)
    assert browser.get(url).status_code == 403
    assert browser.post(f"{url}/steps", data={"seen": 0}).status_code == 403
    assert browser.get(f"/rulesets/{version_id}/simulations").status_code == 403
    assert browser.post(f"/rulesets/{version_id}/simulations").status_code == 403


def test_another_clinics_simulation_does_not_exist(clinic: Clinic, signed_in: SignIn) -> None:
    build_clinic("kyoto", suffix="-k")
    url, other = start(clinic, signed_in("surgeon"), keener()), signed_in("surgeon-k")
    version_id = session.query(Simulation).one().version_id
    assert other.get(url).status_code == 404
    assert other.post(f"{url}/steps", data={"seen": 0}).status_code == 404
    assert other.get(f"/rulesets/{version_id}/simulations").status_code == 404
    period = {"since": "2026-01-01", "until": "2026-01-02"}
    assert other.post(f"/rulesets/{version_id}/simulations", data=period).status_code == 404


@pytest.mark.parametrize("seen", ["", "x", "-1", "99999999999999999999"])
def test_a_step_with_a_strange_number_counts_nothing(
    clinic: Clinic, visits: list[str], signed_in: SignIn, seen: str
) -> None:
    browser = signed_in("surgeon")
    url = start(clinic, browser, keener())
    assert browser.post(f"{url}/steps", data={"seen": seen}).status_code == 303
    assert session.query(Simulation).one().done == 0


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_form_progress_and_result_speak_both_languages(
    clinic: Clinic, visits: list[str], signed_in: SignIn, lang: str
) -> None:
    browser = signed_in("surgeon")
    browser.set_cookie("lang", lang)
    url = start(clinic, browser, blind())
    assert ("Stop here" in browser.get(url).text) == (lang == "en")
    assert ("Visits that change" in press_on(browser, url)) == (lang == "en")


def test_draft_simulation_and_difference_lead_to_each_other(
    clinic: Clinic, visits: list[str], signed_in: SignIn
) -> None:
    browser = signed_in("surgeon")
    url = start(clinic, browser, keener())
    shown = press_on(browser, url)
    for _name, link in re.findall(r'<a class="btn"( rel="\w+")? href="(/rule[^"]+)"', shown):
        assert browser.get(link.replace("&amp;", "&")).status_code == 200, link
    version_id = session.query(Simulation).one().version_id
    form = browser.get(f"/rulesets/{version_id}/simulations").text
    assert "To the draft" in form
    draft = re.search(r'href="([^"]+)">To the draft', form)
    assert draft
    assert f"/rulesets/{version_id}/simulations" in browser.get(draft[1]).text
