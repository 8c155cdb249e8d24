"""While the server is away no link leaves the page: what is typed stays, it says why; afterwards links lead on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from tests.browser.conftest import Open
from tests.builders import PASSWORD, Clinic, wait
from tests.served import free_port, gunicorn
from triage.db import session
from triage.models import Patient
from triage.services import claims

pytestmark = pytest.mark.browser

#: What is said at the foot of the screen, and to a screen reader.
WHY = {
    "en": "No other page can be opened now. What you typed stays here.",
    "ja": "今は他のページを開けません。入力した内容はここに残ります。",
}


@pytest.fixture
def place(app: Flask, clinic: Clinic, database_url: str, tmp_path: Path) -> tuple[str, Path, int]:
    """Return the database, the folder and the port of a server that can be stopped."""
    return database_url, tmp_path, free_port()


@pytest.fixture
def page(browser: Browser, place: tuple[str, Path, int]) -> Iterator[Page]:
    with browser.new_context(base_url=f"http://127.0.0.1:{place[2]}") as context:
        yield context.new_page()


def begin(page: Page, place: tuple[str, Path, int], lang: str = "en") -> None:
    """Sign in, and begin to write down a new patient."""
    page.context.add_cookies([{"name": "lang", "value": lang, "url": f"http://127.0.0.1:{place[2]}"}])
    page.goto("/sign-in?next=/patients/new")
    page.fill("[name=user_name]", "nurse")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.locator("[data-live][data-state=live]")).to_be_visible()
    page.fill("[name=family_name]", "佐々木")


def to_board(page: Page) -> Locator:
    return page.locator("nav.mains a[href='/board']")


def stays(page: Page, lang: str = "en") -> None:
    """See that the page was not left, that it says why, and that what was typed is there."""
    expect(page.locator("[data-live][data-state=offline]")).to_contain_text(WHY[lang])
    expect(page.locator("#announce")).to_have_text(WHY[lang])
    expect(page.locator("[name=family_name]")).to_have_value("佐々木")


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_no_link_leaves_the_page_while_the_server_is_away_and_each_does_when_it_is_back(
    page: Page, place: tuple[str, Path, int], lang: str
) -> None:
    page.clock.install()
    with gunicorn(*place):
        begin(page, place, lang)
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 31"))
    expect(page.locator("[data-live][data-state=offline]")).to_be_visible()
    to_board(page).click()
    stays(page, lang)
    with page.context.expect_page():
        to_board(page).click(modifiers=["Control"])  # a tab of its own takes no words along
    stays(page, lang)
    with gunicorn(*place):
        page.clock.fast_forward(6_000)
        page.clock.resume()
        expect(page.locator("[data-live][data-state=live]")).to_be_visible()
        expect(page.locator("[name=family_name]")).to_have_value("佐々木")
        to_board(page).click()
        page.wait_for_url("**/board")


def test_a_form_pressed_the_moment_the_server_went_stays_with_its_words_and_is_sent_once_when_it_is_back(
    page: Page, place: tuple[str, Path, int]
) -> None:
    with gunicorn(*place):
        begin(page, place)
        page.fill("[name=given_name]", "緑")
        page.fill("[name=family_kana]", "ササキ")
        page.fill("[name=given_kana]", "ミドリ")
        page.fill("[name=birth_date]", "1961-02-03")
        page.check("[name=sex][value=female]")
    expect(page.locator("[data-live]")).to_have_attribute("data-state", "live")
    save = page.locator("#new-patient button[name=then][value=check_in]")
    save.click()
    expect(page.locator("[data-live][data-state=offline]")).to_contain_text("Nothing can be saved now.")
    expect(page.locator("[name=family_name]")).to_have_value("佐々木")
    with gunicorn(*place):
        expect(page.locator("[data-live][data-state=live]")).to_be_visible()
        save.click()
        page.wait_for_url("**/intake")
    found = session.scalars(select(Patient).where(Patient.family_name == "佐々木"))
    assert len(list(found)) == 1


def test_as_soon_as_the_network_is_away_neither_a_key_nor_a_search_leaves_the_page(
    page: Page, place: tuple[str, Path, int]
) -> None:
    with gunicorn(*place):
        begin(page, place)
    page.context.set_offline(True)
    expect(page.locator("[data-live][data-state=offline]")).to_be_visible()
    to_board(page).focus()
    page.keyboard.press("g")
    page.keyboard.press("b")
    stays(page)
    page.locator("[name=family_name]").press("Enter")
    expect(page.locator("[data-live]")).to_contain_text("Nothing can be saved now.")
    page.fill("#find", "佐々木")
    page.press("#find", "Enter")
    stays(page)
    page.locator(".skip").focus()
    page.keyboard.press("Enter")  # leads to a place on this page
    expect(page.locator("#main")).to_be_focused()
    stays(page)


def test_a_list_that_alone_gets_no_answer_keeps_nobody_on_its_page(sign_in: Open, clinic: Clinic) -> None:
    patient = wait(clinic.reception)
    session.remove()
    page = sign_in("nurse")
    page.clock.install(time=datetime.now(UTC) - timedelta(minutes=1))
    page.goto("/board")
    expect(page.locator("[data-live]")).to_contain_text("Live")
    page.route("**/board/rows*", lambda route: route.fulfill(status=500))
    with page.expect_request("**/board/rows*"):
        claims.claim(clinic.surgeon, patient.id)
        session.remove()
    page.clock.fast_forward(32_000)
    expect(page.locator("[data-live][data-state=offline]")).to_be_visible()
    with page.expect_request("**/board/rows*"):  # the stream still speaks
        claims.release(clinic.surgeon, patient.id)
        session.remove()
    page.locator("nav.mains a[href='/patients']").click()
    page.wait_for_url("**/patients")
