"""The wall of the waiting room in a real browser: it follows by itself, and takes old numbers down."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import becomes
from tests.builders import Clinic, wait
from triage import clock
from triage.db import session
from triage.services import calls, devices, rooms

pytestmark = pytest.mark.browser


@pytest.fixture
def wall(app: Flask, browser: Browser, server: str, clinic: Clinic) -> Iterator[Page]:
    """Set a wall up with the code, typed at the wall itself; it refreshes ten times a second."""
    app.config["WALL_SECONDS"] = 0.1
    device_id, code = devices.add(clinic.admin, "wall", "Waiting room")
    session.remove()
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, base_url=server)
    page = context.new_page()
    page.clock.install()
    page.goto("/wall")
    expect(page).to_have_url(f"{server}/device")
    expect(page.locator("[name=code]")).to_be_focused()
    page.keyboard.type(code.lower())
    page.keyboard.press("Enter")
    page.wait_for_url("**/wall")
    page.evaluate("id => { window.deviceId = id; }", device_id)
    yield page
    page.unroute_all(behavior="ignoreErrors")
    context.close()


def called(clinic: Clinic) -> str:
    here = rooms.list_rooms(clinic.admin)
    room = here[0].id if here else rooms.add(clinic.admin, "Consulting room 1", "診察室1")
    visit = wait(clinic.reception)
    calls.call(clinic.nurse, visit.id, room)
    session.remove()
    return visit.ticket


def shown(page: Page) -> Any:
    return page.locator("#calls li:visible")


def fail(route: Route) -> None:
    route.abort()


def test_a_call_appears_by_itself_in_both_languages_on_one_line(
    wall: Page, clinic: Clinic, axe: Callable[[Page], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    expect(wall.locator("#nobody")).to_be_visible()
    places = wall.evaluate("document.querySelectorAll('*').length")
    first, second = called(clinic), called(clinic)
    expect(shown(wall)).to_have_count(2)
    line = shown(wall).first
    expect(line).to_contain_text(second)
    expect(line).to_have_class("is-new")
    boxes = [line.locator(part).bounding_box() for part in (".ticket", ".ja", ".en")]
    middles = [box["y"] + box["height"] / 2 for box in boxes if box]
    assert max(middles) - min(middles) < 2
    expect(line.locator(".ja, .en")).to_have_text(["診察室1", "Consulting room 1"])
    assert line.locator(".ticket").evaluate("place => getComputedStyle(place).fontSize") == "80px"
    assert wall.evaluate("document.querySelectorAll('*').length") == places, "places are filled, not added"
    expect(shown(wall).nth(1)).to_contain_text(first)
    axe(wall)
    later = datetime.now(UTC) + timedelta(seconds=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    expect(wall.locator(".is-new")).to_have_count(0)
    becomes(lambda: wall.evaluate("document.getAnimations().length"), 0)


def test_old_numbers_are_taken_down_after_a_minute_and_come_back_without_a_reload(wall: Page, clinic: Clinic) -> None:
    ticket = called(clinic)
    wall.clock.pause_at(wall.evaluate("Date.now() / 1000 + 3600"))
    wall.reload()
    expect(shown(wall)).to_have_count(1)
    born = wall.evaluate("performance.timeOrigin")
    wall.route("**/wall/now*", fail)
    wall.clock.fast_forward("01:00")
    expect(shown(wall)).to_have_count(1)
    wall.clock.fast_forward("00:01")
    expect(wall.locator("#ask")).to_be_visible()
    expect(wall.locator("#ask")).to_contain_text("受付にお尋ねください")
    expect(wall.locator("#ask")).to_contain_text("Please ask at the desk")
    expect(wall.get_by_text(ticket)).to_be_hidden()
    wall.unroute("**/wall/now*")
    wall.clock.resume()
    expect(shown(wall)).to_have_count(1)
    expect(wall.locator("#ask")).to_be_hidden()
    assert wall.evaluate("performance.timeOrigin") == born


def test_a_wall_that_is_shut_out_is_empty_at_its_next_refresh(wall: Page, clinic: Clinic) -> None:
    ticket = called(clinic)
    expect(shown(wall)).to_have_count(1)
    devices.revoke(clinic.admin, wall.evaluate("window.deviceId"))
    session.remove()
    wall.wait_for_url("**/device")
    expect(wall.get_by_text(ticket)).to_have_count(0)


def test_a_new_release_renews_the_page_by_itself_and_only_once_its_server_answers(wall: Page) -> None:
    def newer(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers=answer.headers | {"x-wall-release": "newer"})

    wall.evaluate("window.old = true")
    wall.route("**/wall", fail)
    wall.route("**/wall/now*", newer)
    with wall.expect_event("requestfailed", lambda request: request.url.endswith("/wall")):
        wall.clock.fast_forward("01:01")
    assert wall.evaluate("window.old") is True
    wall.unroute("**/wall")
    with wall.expect_navigation():
        wall.clock.fast_forward("01:01")
    assert wall.evaluate("window.old ?? false") is False


def test_sound_is_off_until_somebody_turns_it_on_at_the_wall(wall: Page, clinic: Clinic) -> None:
    sound = wall.get_by_role("button", name="Sound")
    expect(sound).to_have_attribute("aria-pressed", "false")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    called(clinic)
    expect(shown(wall)).to_have_count(1)
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("size", [(1920, 1080), (1024, 768), (768, 1024)])
def test_six_calls_and_the_advice_fit_a_screen_and_a_tablet(wall: Page, clinic: Clinic, size: tuple[int, int]) -> None:
    wall.set_viewport_size({"width": size[0], "height": size[1]})
    for _ in range(7):
        called(clinic)
    expect(shown(wall)).to_have_count(6)
    assert wall.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wall.evaluate("document.querySelector('.advice').getBoundingClientRect().bottom <= innerHeight")
    wall.emulate_media(media="print")
    assert wall.evaluate("getComputedStyle(document.body).display") == "none"
