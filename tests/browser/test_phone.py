"""A phone in a nurse's hand: everything can be pressed, and nothing lies beside the screen."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Open, place_of
from tests.builders import Clinic, wait
from triage.db import session
from triage.services import devices

pytestmark = pytest.mark.browser

#: The narrowest screen that a page must fit, a phone, two tablets and a small desk, in pixels.
WIDTHS = (320, 390, 641, 768, 1010)


@pytest.fixture
def waiting(clinic: Clinic) -> str:
    """Let somebody wait and return the visit."""
    visit = wait(clinic.reception, family_name="印姓", given_name="印名")
    session.remove()
    return visit.id


def on_screen(page: Page, part: Locator) -> bool:
    """Tell whether it lies between the left and the right edge."""
    place, screen = place_of(part), page.viewport_size
    return screen is not None and place["left"] >= 0 and place["right"] <= screen["width"]


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("width", [320, 390])
def test_names_are_hidden_and_shown_again_by_a_press_for_a_phone_has_no_keys(
    sign_in: Open, waiting: str, width: int, lang: str
) -> None:
    page = sign_in("nurse", (width, 844), lang=lang)
    page.goto("/board")
    eye, name = page.locator("[data-toggle-setting=privacy]"), page.locator(f"#n-{waiting} .pii")
    eye.click()
    expect(name).to_be_hidden()
    page.reload()
    expect(name).to_be_hidden()
    assert page.evaluate("document.scrollingElement.scrollWidth") == width
    eye.click()
    expect(name).to_be_visible()
    expect(eye).to_be_visible()


def test_the_search_has_room_for_a_name_once_it_is_typed_in(sign_in: Open, waiting: str) -> None:
    page = sign_in("nurse", (320, 844), lang="ja")
    page.goto("/board")
    page.locator("#find").focus()
    assert place_of(page.locator("#find"))["width"] > 200
    assert on_screen(page, page.locator("#find"))
    page.keyboard.press("Tab")
    expect(page.locator("[data-toggle-setting=privacy]")).to_be_focused()
    expect(page.locator("[data-toggle-setting=privacy]")).to_be_in_viewport()


@pytest.mark.parametrize("who", ["reception", "nurse"])
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_menu_of_the_lists_opens_on_the_screen_at_every_width(
    sign_in: Open, waiting: str, who: str, lang: str
) -> None:
    page = sign_in(who, lang=lang)
    page.goto("/board")
    page.locator("#lists-open").click()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        assert on_screen(page, page.locator("#lists > div")), width


def test_why_can_be_pressed_with_a_thumb(sign_in: Open, waiting: str) -> None:
    page = sign_in("nurse", PHONE, lang="ja")
    page.goto("/board")
    place = place_of(page.locator(f"#q-{waiting}"))
    assert min(place["width"], place["height"]) >= 40


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_note_of_how_a_visit_stands_at_the_end_of_the_day_lies_on_the_screen(
    sign_in: Open, waiting: str, lang: str
) -> None:
    page = sign_in("nurse2", PHONE, lang=lang)
    page.goto("/day/end")
    for part in page.locator(f"#day-{waiting}").locator("select, input:not([type=hidden]), button").all():
        assert on_screen(page, part)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_wall_display_can_be_renamed_and_shut_out_from_a_phone(sign_in: Open, clinic: Clinic, lang: str) -> None:
    devices.add(clinic.admin, "wall", "Waiting room on the left, beside the window")
    session.remove()
    page = sign_in("admin", PHONE, lang=lang)
    page.goto("/devices")
    pressed = page.locator("tbody").locator("summary, button, a").all()
    assert len(pressed) > 2
    assert all(on_screen(page, part) for part in pressed)
