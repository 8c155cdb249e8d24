"""How a change reaches the screen: one stream for all tabs; without it the list is asked for; an old list says so."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import Open, becomes, stop_clock
from tests.builders import Clinic, wait
from tests.served import free_port, gunicorn
from triage.blueprints import live
from triage.db import session
from triage.models import Encounter
from triage.services import accounts, claims
from triage.services.streams import Hub

pytestmark = pytest.mark.browser


@pytest.fixture
def waiting(clinic: Clinic) -> Encounter:
    encounter = wait(clinic.reception)
    session.remove()
    return encounter


def claimed(clinic: Clinic, who: str, encounter: Encounter) -> None:
    """Let somebody at another desk take the patient."""
    claims.claim(clinic.people[who], encounter.id)
    session.remove()


def owner(page: Page, encounter: Encounter) -> Locator:
    return page.locator(f"#e-{encounter.id} .c-owner")


def says(page: Page) -> Locator:
    return page.locator("[data-live]")


def frozen(page: Page) -> None:
    """Open the board with its clock stopped: nothing happens that it does now and then, what it is told still does."""
    stop_clock(page)
    page.goto("/board")
    expect(says(page)).to_contain_text("Live")


@pytest.fixture
def no_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every moment be in the same minute: a new one is news to a list with waiting times."""
    monkeypatch.setattr("triage.services.live.with_minute", lambda revision: f"{revision}.0")


def test_two_tabs_hear_of_a_change_through_one_stream_and_ask_for_nothing_by_the_clock(
    app: Flask, sign_in: Open, clinic: Clinic, waiting: Encounter, no_minutes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BEAT", 0.1)  # the stream of a page that was left is noticed at the next word
    first = sign_in("nurse")
    second = first.context.new_page()
    for page in (first, second):
        frozen(page)
    for page in (first, second):
        with page.expect_response("**/board/rows*"):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # both have met the stream
    hub: Hub = app.extensions["live"]
    becomes(lambda: hub.count, 1)
    asked: list[str] = []
    first.on("request", lambda request: asked.append(request.url))
    claimed(clinic, "surgeon", waiting)
    for page in (first, second):
        expect(owner(page, waiting)).to_contain_text("Surgeon")
    assert hub.count == 1
    assert [url.partition("?")[0].rpartition("/")[2] for url in asked] == ["rows"]  # which bring the strip along


def test_a_change_that_comes_while_the_list_is_on_its_way_is_asked_for_as_soon_as_that_is_there(
    sign_in: Open, clinic: Clinic, waiting: Encounter, no_minutes: None
) -> None:
    second = wait(clinic.reception)
    session.remove()
    page = sign_in("nurse")
    frozen(page)  # else it would be asked for five seconds later, too
    page.evaluate("window.woken = 0; document.body.addEventListener('live:now', () => { window.woken += 1; })")

    def overtaken(route: Route) -> None:
        answer = route.fetch()
        claimed(clinic, "surgeon2", second)
        becomes(lambda: page.evaluate("window.woken > 1"), True)
        route.fulfill(response=answer)

    page.route("**/board/rows*", overtaken, times=1)
    claimed(clinic, "surgeon", waiting)
    expect(owner(page, waiting)).to_contain_text("Surgeon")
    expect(owner(page, second)).to_contain_text("Surgeon2")


def test_without_shared_workers_a_tab_has_a_stream_of_its_own(
    app: Flask, sign_in: Open, clinic: Clinic, waiting: Encounter
) -> None:
    page = sign_in("nurse")
    page.add_init_script("delete window.SharedWorker")
    frozen(page)
    claimed(clinic, "surgeon", waiting)
    expect(owner(page, waiting)).to_contain_text("Surgeon")


def test_where_streams_are_refused_the_list_is_asked_for(
    app: Flask, sign_in: Open, clinic: Clinic, waiting: Encounter
) -> None:
    app.extensions["live"].cap = 0
    page = sign_in("nurse")
    page.goto("/board")
    claimed(clinic, "surgeon", waiting)
    expect(owner(page, waiting)).to_contain_text("Surgeon")
    expect(says(page)).to_contain_text("Live")
    assert app.extensions["live"].count == 0


def test_a_computer_whose_clock_is_set_back_shows_no_old_list_as_fresh(
    app: Flask, sign_in: Open, clinic: Clinic, waiting: Encounter
) -> None:
    app.extensions["live"].cap = 0
    page = sign_in("nurse")
    frozen(page)
    page.route(re.compile("/board/rows|/alerts"), lambda route: route.abort())
    page.clock.set_system_time(page.evaluate("Date.now() / 1000 - 3600"))
    page.clock.fast_forward(2_000)
    page.clock.fast_forward(11_000)
    expect(page.locator("[data-live][data-state=stale]")).to_contain_text("Last update")
    page.clock.fast_forward(21_000)
    expect(page.locator("[data-live][data-state=offline]")).to_contain_text("No connection. Shown as of")


def test_the_time_of_the_list_is_the_clinics_whatever_the_computers_clock_and_zone(
    sign_in: Open, clinic: Clinic, waiting: Encounter
) -> None:
    page = sign_in("nurse")
    page.clock.install(time=datetime.now(UTC) - timedelta(minutes=95))
    begun = datetime.now(ZoneInfo(clinic.nurse.time_zone))
    page.goto("/board")
    times = "|".join(f"{begun + timedelta(minutes=later):%H:%M}" for later in range(3))
    expect(says(page)).to_have_text(re.compile(rf"^Live ({times}):\d\d$"))


def test_when_the_session_ends_nothing_of_a_patient_stays_on_the_screen_and_the_page_says_so(
    sign_in: Open, clinic: Clinic, app: Flask, waiting: Encounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK", 0)
    monkeypatch.setattr(live, "BEAT", 0.1)  # the stream of a page that was left is noticed at the next word
    page, hub = sign_in("nurse"), app.extensions["live"]
    frozen(page)
    expect(page.locator("#rows")).to_contain_text("山本")
    # A stream that is opened later is refused; the page notices by its clock, which stands still here.
    becomes(lambda: hub.count, 1)
    accounts.end_sessions(clinic.admin, clinic.nurse.staff_id)
    session.remove()
    expect(page.locator("body")).to_contain_text("You are no longer signed in here.")
    expect(page.locator("body")).not_to_contain_text("山本")
    expect(page).to_have_url(re.compile(r"/sign-in\?ended=1&next=/board$"))  # and after that back to the board


@pytest.fixture
def place(app: Flask, database_url: str, tmp_path: Path) -> tuple[str, Path, int]:
    return database_url, tmp_path, free_port()


def test_a_server_that_stops_is_noticed_nothing_typed_is_lost_and_its_return_is_noticed_too(
    browser: Browser, place: tuple[str, Path, int], clinic: Clinic, waiting: Encounter
) -> None:
    with browser.new_context(base_url=f"http://127.0.0.1:{place[2]}") as context:
        page = context.new_page()
        page.clock.install()
        with gunicorn(*place):
            page.goto("/sign-in?next=/patients/new")
            page.fill("[name=user_name]", "nurse")
            page.fill("[name=password]", "correct horse battery")
            page.press("[name=password]", "Enter")
            expect(says(page)).to_contain_text("Live")
            page.fill("[name=family_name]", "佐々木")
        page.clock.pause_at(page.evaluate("Date.now() / 1000 + 12"))
        expect(page.locator("[data-live][data-state=stale]")).to_contain_text("Last update")
        page.clock.fast_forward(20_000)
        expect(page.locator("[data-live][data-state=offline]")).to_contain_text("Nothing can be saved now.")
        page.locator("[name=family_name]").press("Enter")
        expect(page.locator("#announce")).to_contain_text("Nothing can be saved now.")
        with gunicorn(*place):
            page.clock.fast_forward(6_000)
            page.clock.resume()
            expect(page.locator("[data-live][data-state=live]")).to_be_visible()
            expect(page.locator("[name=family_name]")).to_have_value("佐々木")
