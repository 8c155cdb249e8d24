"""The frame of every page: its navigation."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Open
from tests.builders import Clinic
from tests.services.test_consults import at_stage
from triage.db import session

pytestmark = pytest.mark.browser

#: From a phone to a desk, at whole widths of 200 and 150 % too.
WIDTHS = (390, 640, 720, 768, 820, 960, 961, 1024, 1180, 1280, 1281)
LONG = {"family_name": "Featherstonehaugh", "given_name": "Alexandrina", "allergies": "contrast medium, iodine " * 4}
#: The links that do not stand wholly on the screen, or stand under something else.
HIDDEN = """links => links.filter((link) => {
  const { left, right, top, bottom } = link.getBoundingClientRect();
  return right > innerWidth || ![left + 3, right - 3].every((x) =>
    document.elementFromPoint(x, (top + bottom) / 2)?.closest('a, summary') === link);
}).map((link) => link.textContent)"""


def hidden(page: Page) -> list[str]:
    found: list[str] = page.locator(".mains > .nav > a, .mains > .menu > summary").evaluate_all(HIDDEN)
    return found


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_whatever_the_width_every_place_of_the_navigation_is_in_sight(sign_in: Open, clinic: Clinic, lang: str) -> None:
    for person in ("nurse2", "surgeon2", "radiographer"):
        page = sign_in(person, lang=lang)
        expect(page.locator(".mains > .nav > a")).not_to_have_count(0)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert hidden(page) == [], (person, width)


def test_a_navigation_that_is_cut_off_is_found(sign_in: Open, clinic: Clinic) -> None:
    page = sign_in("nurse2", size=(720, 800))
    page.locator(".nav").evaluate("nav => { nav.style.flexWrap = 'nowrap'; nav.style.overflow = 'hidden'; }")
    page.locator(".nav").evaluate("nav => { nav.style.width = '100px'; }")
    assert hidden(page) != []


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_long_names_and_notes_make_no_list_wider_than_the_screen(sign_in: Open, clinic: Clinic, lang: str) -> None:
    for stage, person, path in (("review", "surgeon2", "/consults"), ("imaging", "radiographer", "/imaging")):
        at_stage(clinic, stage, **LONG)
        session.remove()
        page = sign_in(person, lang=lang)
        for width in (PHONE[0], 1024, 1025, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(path)
            expect(page.get_by_text("Featherstonehaugh").first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
