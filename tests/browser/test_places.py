"""Why somebody is third, asked from the row: by key, by press, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.builders import Clinic, wait
from triage.db import session
from triage.models import Encounter

pytestmark = pytest.mark.browser


@pytest.fixture
def queue(clinic: Clinic) -> list[Encounter]:
    """Let three people wait, the second of whom speaks English."""
    rows = [wait(clinic.reception, language=language) for language in ("ja", "en", "ja")]
    session.remove()
    return rows


def test_one_key_on_the_row_opens_the_sentence_and_escape_leads_back_to_the_row(
    sign_in: Open, queue: list[Encounter]
) -> None:
    page = sign_in("reception")
    page.goto("/board")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("q")
    said = page.locator("#place .said")
    expect(said).to_contain_text("You are second. One patient who came before you is ahead of you.")
    page.locator("#place").get_by_role("link", name="日本語").click()
    expect(said).to_contain_text("順番は2番目です。")
    expect(page.locator("#place").get_by_role("link", name="日本語")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#place")).to_be_hidden()
    expect(page.locator(f"#e-{queue[1].id} :focus")).to_have_count(1)


def test_without_javascript_it_is_a_page_of_its_own(sign_in: Open, queue: list[Encounter]) -> None:
    page = sign_in("reception", java_script=False)
    page.goto("/board")
    page.locator(f"#q-{queue[1].id}").click()
    expect(page.locator(".said")).to_contain_text("You are second.")
    page.get_by_role("link", name="日本語").last.click()
    expect(page.locator(".said")).to_contain_text("順番は2番目です。")
