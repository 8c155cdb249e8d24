"""The list of who is expected back, by keyboard alone: each letter does what it says, Enter never something else."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.builders import Clinic, wait
from triage import knowledge
from triage.db import session
from triage.domain.comeback import Day
from triage.services import hours, returns
from triage.services.organisations import today

pytestmark = pytest.mark.browser


@pytest.fixture
def listed(clinic: Clinic, sign_in: Callable[..., Page]) -> Page:
    """Ask a patient to come back on the next open day, and open the list with the focus on the row."""
    calm = dict.fromkeys((question.id for question in knowledge.load().urgent_questions), False)
    here = wait(clinic.reception, calm, family_name="木村", given_name="典子")
    day = hours.next_open(clinic.site_id, today(clinic.site_id), after=1)
    returns.ask_back(clinic.reception, here.id, here.version, Day(day), "no_slot_today")
    session.remove()
    page = sign_in("nurse")
    page.goto("/returns")
    page.keyboard.press("j")
    expect(page.locator("[data-row-link]")).to_be_focused()
    return page


def test_a_call_is_noted_by_letters_and_the_letters_are_listed(listed: Page) -> None:
    listed.keyboard.press("c")
    expect(listed.get_by_label("New day")).to_be_visible()
    listed.keyboard.press("?")
    keys = listed.locator("[data-keys-list]")
    for text in ("Is here: check in", "After a call", "Reached, does not come", "Stop calling", "Advice on paper"):
        expect(keys.get_by_text(f"{text} (in the row)", exact=True)).to_be_visible()
    listed.keyboard.press("Escape")
    listed.keyboard.press("r")
    expect(listed.get_by_text("Noted: Reached, does not come")).to_be_visible()
    expect(listed.get_by_text("Nobody is expected back, and nobody is to be called.")).to_be_visible()


def test_enter_in_the_note_asks_for_the_new_day_and_ends_nothing(listed: Page) -> None:
    listed.keyboard.press("c")
    listed.get_by_label("Note").fill("comes in the morning")
    listed.keyboard.press("Enter")
    expect(listed.get_by_role("alert").filter(has_text="Choose the new day.")).to_be_visible()
    expect(listed.get_by_label("New day")).to_be_focused()
    expect(listed.get_by_label("Note")).to_have_value("comes in the morning")
    expect(listed.get_by_text("Expected on other days (1)")).to_be_visible()
