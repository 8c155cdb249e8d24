"""The body chart: a place that is pressed is chosen in the list, and the figure shows what the list says."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, settled
from tests.builders import Clinic, arrive
from triage.db import session

pytestmark = pytest.mark.browser


def test_the_figure_and_the_list_of_places_are_one(sign_in: Open, clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    session.remove()
    page = sign_in("reception")
    page.goto(f"/encounters/{encounter.id}/intake")
    place = page.locator("[data-chart] [data-region]").first
    box = page.locator(f"[data-chart] input[type=checkbox][value='{place.get_attribute('data-region')}']")

    def press(chosen: bool) -> None:
        with page.expect_response(lambda answer: answer.request.method == "POST"):  # saved as it is pressed
            place.click()
        settled(page)
        expect(box).to_be_checked(checked=chosen)
        assert place.evaluate("place => place.classList.contains('is-on')") is chosen

    press(True)
    page.reload()
    expect(box).to_be_checked()
    expect(place).to_contain_class("is-on")
    press(False)
    press(True)
    press(False)
