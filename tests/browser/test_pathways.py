"""The way after a decision at the keyboard: agreeing on a day, noting what was done, and undoing it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.builders import Clinic
from tests.services.test_pathways import begun, look, open_day
from triage.db import session

pytestmark = pytest.mark.browser


def test_the_desk_agrees_on_a_day_without_a_mouse_and_a_nurse_undoes_what_she_noted(
    sign_in: Open, clinic: Clinic
) -> None:
    pathway_id = begun(clinic)
    day = open_day(clinic, 30)
    session.remove()
    page = sign_in("reception")
    page.goto("/pathways")
    for key in ("j", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(f"**/pathways/{pathway_id}")
    page.locator(".way-list").get_by_role("link", name="Operation", exact=True).press("Enter")
    page.wait_for_url("**step=*")
    page.keyboard.press("m")
    page.keyboard.type(f"{day:%Y%m%d}")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("moved with it")
    assert look(clinic, pathway_id).pathway.operation_on == day
    session.remove()

    page = sign_in("nurse")
    page.goto(f"/pathways/{pathway_id}")
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    expect(page.locator(".way-list tr", has_text="CT or X-ray")).to_contain_text("Carried out")
    page.wait_for_load_state()
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("open again")
    expect(page.locator(".way-list tr", has_text="CT or X-ray")).to_contain_text("Not done yet")
