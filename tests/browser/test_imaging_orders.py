"""One order at the browser: said in full by keyboard, ordered with one press, stopped by what nobody knows, begun."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.builders import Clinic
from tests.services.test_imaging import asked

pytestmark = pytest.mark.browser


def test_from_the_request_to_the_start(sign_in: Open, clinic: Clinic) -> None:
    order = asked(clinic, "ct")
    surgeon = sign_in("surgeon")
    surgeon.goto(f"/imaging-orders/{order.id}")
    surgeon.keyboard.press("e")
    surgeon.get_by_label("Level", exact=True).select_option("L4-5")
    surgeon.get_by_label("Why it is needed", exact=True).fill("a" * 60)
    surgeon.keyboard.press("Control+Enter")
    expect(surgeon.get_by_text("Saved.")).to_be_visible()
    surgeon.get_by_role("button", name="Order o").click()
    expect(surgeon.get_by_text("Accession number")).to_be_visible()
    radiographer = sign_in("radiographer")
    radiographer.goto("/imaging")
    row = radiographer.locator(f"#o-{order.id}")
    expect(row).to_contain_text("Metal or implant in the field: not asked yet")
    row.locator(f"#start-{order.id}").click()
    row.get_by_label("Patient number").check()
    row.get_by_label("Ticket").check()
    row.get_by_role("button", name="Start the examination").click()
    expect(row.get_by_text("Not known yet. It must be answered before the start.")).to_be_visible()
    row.get_by_role("group", name="Metal or implant in the field").get_by_label("No", exact=True).check()
    row.get_by_role("button", name="Start the examination").click()
    expect(radiographer.locator("#list-started")).to_contain_text("CT lumbar spine")
