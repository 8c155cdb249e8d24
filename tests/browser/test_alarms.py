"""An emergency is told aloud once on a device: not again on the next page or in the next tab; each new one is told."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import served
from tests.browser.conftest import Open, becomes, settled, stop_clock
from tests.builders import Clinic, wait
from tests.services.test_reassessments import send
from triage import clock
from triage.db import session
from triage.models import Encounter
from triage.services import emergencies

pytestmark = pytest.mark.browser


def raised(clinic: Clinic, encounter: Encounter | None = None) -> Encounter:
    """Let an emergency be raised at another desk, of somebody new unless said otherwise."""
    patient = encounter or wait(clinic.reception)
    emergencies.raise_(clinic.reception, patient.id)
    session.remove()
    return patient


def aloud(page: Page) -> Locator:
    """Return what a screen reader is made to say at once about emergencies."""
    return page.get_by_role("alert").filter(has_text="Emergency")


def kept(page: Page) -> list[str]:
    """Return what the device remembers to have told."""
    cookies = {str(cookie["name"]): str(cookie["value"]) for cookie in page.context.cookies()}
    return [mark for mark in cookies.get("rung", "").split("-") if mark]


def heard(page: Page, encounter: Encounter, count: int = 1) -> None:
    """Wait until the page has told of the emergency and the device remembers so many."""
    expect(aloud(page)).to_contain_text(encounter.ticket)
    becomes(lambda: len(kept(page)), count)


def silent(page: Page, *shown: Encounter) -> None:
    """See that the strip shows these emergencies and that nothing was told aloud."""
    for encounter in shown:
        expect(page.locator(f"#alert-{encounter.id}")).to_be_visible()
    settled(page)
    expect(aloud(page)).to_have_count(0)  # what was told stays there until something else is


def test_an_emergency_is_told_once_from_page_to_page_and_a_second_one_is_told_too(
    sign_in: Open, clinic: Clinic
) -> None:
    first, page = raised(clinic), sign_in("nurse")
    heard(page, first)
    for address in ("/patients", "/board", f"/encounters/{first.id}"):
        page.goto(address)
        silent(page, first)
    second = raised(clinic)
    heard(page, second, 2)
    expect(aloud(page)).not_to_contain_text(first.ticket)
    page.goto("/board")
    silent(page, first, second)


def test_an_emergency_taken_back_and_raised_anew_is_told_anew(sign_in: Open, clinic: Clinic) -> None:
    patient, page = raised(clinic), sign_in("nurse")
    heard(page, patient)
    emergencies.propose_withdrawal(clinic.nurse, patient.id, "a mistake")
    emergencies.decide_withdrawal(clinic.surgeon, patient.id, True)
    session.remove()
    expect(page.locator(f"#alert-{patient.id}")).to_have_count(0)
    page.goto("/patients")
    silent(page)
    raised(clinic, patient)
    heard(page, patient, 2)


def test_what_one_tab_has_told_the_others_only_show(sign_in: Open, clinic: Clinic) -> None:
    page = sign_in("nurse")
    other = page.context.new_page()
    other.route("**/alerts*", lambda route: route.abort())  # it hears later; here both have the focus
    other.goto("/patients")
    first = raised(clinic)
    heard(page, first)
    other.unroute("**/alerts*")
    silent(other, first)


def test_who_leaves_the_page_before_it_could_be_heard_is_told_on_the_next(sign_in: Open, clinic: Clinic) -> None:
    page = sign_in("nurse")
    page.goto("about:blank")
    stop_clock(page)  # no page is looked at for long
    first = raised(clinic)
    for address in ("/patients", "/board"):
        page.goto(address)
        expect(aloud(page)).to_contain_text(first.ticket)
    page.clock.resume()
    becomes(lambda: len(kept(page)), 1)
    page.goto("/patients")
    silent(page, first)


def test_of_more_emergencies_than_the_strip_has_room_for_each_is_told(sign_in: Open, clinic: Clinic) -> None:
    found, page = [raised(clinic) for _ in range(4)], sign_in("nurse")
    for encounter in found:
        heard(page, encounter, 4)
    fifth = raised(clinic)
    expect(aloud(page)).to_have_text(f"Emergency {fifth.ticket}")


def test_a_window_that_nobody_is_at_tells_it_when_somebody_comes_back(sign_in: Open, clinic: Clinic) -> None:
    page = sign_in("nurse")
    page.add_init_script("document.hasFocus = () => Boolean(window.isUsed)")  # the person is in another window
    page.goto("/board")
    first = raised(clinic)
    silent(page, first)
    page.evaluate("window.isUsed = true")
    heard(page, first)


def test_who_signs_in_next_on_the_device_is_told_and_what_the_device_keeps_leads_to_nobody(
    sign_in: Open, clinic: Clinic, server: str
) -> None:
    first, page = raised(clinic), sign_in("nurse")
    heard(page, first)
    assert re.fullmatch(r"[0-9a-f]{12}", kept(page)[0])
    name, _, value = served.sign_in(urlsplit(server).port or 0, "surgeon").partition("=")
    page.context.add_cookies([{"name": name, "value": value, "url": server}])
    page.goto("/board")
    heard(page, first, 2)
    page.goto("/patients")
    silent(page, first)


@pytest.mark.parametrize("path", ["/board", "/departures", "/calls"])
@pytest.mark.parametrize("width", [1024, 1280, 1366, 1920])
def test_of_three_emergencies_the_strip_says_of_each_who_has_it(
    sign_in: Open, clinic: Clinic, width: int, path: str
) -> None:
    for _ in range(3):
        raised(clinic)
    with clock.at(clock.now() - timedelta(minutes=70)):
        send(clinic)  # to be looked at again: it stands in the strip too
    session.remove()
    page = sign_in("nurse")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path)
    told = page.locator(".alert")
    expect(told).to_have_count(3)
    cut = "told => told.filter((one) => [one, ...one.children].some((it) => it.scrollWidth > it.clientWidth + 1 "
    cut += "&& getComputedStyle(it).display !== 'inline')).map((one) => one.textContent)"
    assert told.evaluate_all(cut) == []
    frame = page.locator("#alerts").bounding_box()
    last = told.last.bounding_box()
    assert frame is not None
    assert last is not None
    assert last["x"] + last["width"] <= frame["x"] + frame["width"] + 1
