"""The browser tests' own tools bite."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import Server, axe, sign_in

pytestmark = pytest.mark.browser


def test_a_person_signs_in_and_lands_on_a_page_that_axe_finds_nothing_wrong_with(browser_page: Page) -> None:
    sign_in(browser_page, "nurse", "/board")
    expect(browser_page.locator("h1")).to_be_visible()
    axe(browser_page)


def test_axe_names_what_is_wrong(browser_page: Page, server: Server) -> None:
    browser_page.goto("/sign-in")
    browser_page.locator("main").evaluate("main => main.insertAdjacentHTML('beforeend', '<img src=x>')")
    with pytest.raises(AssertionError, match="image-alt"):
        axe(browser_page)
