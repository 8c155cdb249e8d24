"""At the desk, by keyboard alone: find, check in, create, print; with the IME on; and without JavaScript."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect
from sqlalchemy import func, select

from tests.browser.conftest import DESK, PHONE, Open, becomes
from tests.builders import PASSWORD, Clinic
from triage.db import session
from triage.models import Encounter, Patient
from triage.services import encounters, patients

pytestmark = pytest.mark.browser
PERSON = {
    "family_name": "渡邊", "given_name": "一郎", "family_kana": "ワタナベ", "given_kana": "イチロウ",
    "birth_date": date(1963, 7, 30), "sex": "male", "phone": "",
}  # fmt: skip

#: The page has a field to begin in, and the focus is not there (yet).
ELSEWHERE = "![null, document.activeElement].includes(document.querySelector('[autofocus]'))"


@pytest.fixture
def known(clinic: Clinic) -> str:
    """Put one patient on file."""
    return patients.create(clinic.reception, PERSON, {}, "")


@pytest.fixture
def open_as(sign_in: Callable[..., Page]) -> Open:
    """Return a function that opens a page for a person."""

    def open_page(user_name: str, path: str, **options: Any) -> Page:
        page = sign_in(user_name, **options)
        page.goto(path)
        becomes(lambda: page.evaluate(ELSEWHERE), False)
        return page

    return open_page


def is_asked_aside(request: Request) -> bool:
    """Tell whether a script asks, for a part of the page that stands there."""
    return "hx-request" in request.headers


def count(model: type[Patient] | type[Encounter]) -> int:
    session.remove()
    return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_one_signs_in_by_keyboard_alone(visit: Open, clinic: Clinic, size: tuple[int, int]) -> None:
    desk = visit(size)
    desk.goto("/sign-in")
    expect(desk.locator("[name=user_name]")).to_be_focused()
    desk.keyboard.type("reception")
    desk.keyboard.press("Tab")
    desk.keyboard.type(PASSWORD)
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/patients")


def test_a_returning_patient_is_checked_in_with_the_birth_date_and_two_keys(known: str, open_as: Open) -> None:
    desk = open_as("reception", "/patients")
    desk.keyboard.type("S380730")
    expect(desk.locator("#found .note")).to_contain_text("昭和38年7月30日")
    expect(desk.locator("#found [data-row-link]")).to_have_count(1)
    desk.keyboard.press("Enter")
    expect(desk.locator("#found [data-row-link]").first).to_be_focused()
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile("/intake$"))
    assert count(Encounter) == 1


def test_enter_before_the_answer_is_there_checks_nobody_in(known: str, open_as: Open) -> None:
    desk = open_as("reception", "/patients")
    desk.route("**/search*", lambda route: route.abort() if is_asked_aside(route.request) else route.continue_())
    desk.keyboard.type("watanabe")
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile("/search"))
    expect(desk.locator("#finder")).to_be_focused()
    assert count(Encounter) == 0


def test_an_enter_that_ends_a_conversion_neither_searches_nor_leads_on(known: str, open_as: Open) -> None:
    desk = open_as("reception", "/patients?q=watanabe")
    composing = "box => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))"
    desk.locator("#finder").evaluate(composing)
    expect(desk.locator("#finder")).to_be_focused()
    assert desk.url.endswith("q=watanabe")


def test_nobody_fits_so_one_key_carries_the_words_into_the_new_form_and_one_saves(
    clinic: Clinic, open_as: Open
) -> None:
    desk = open_as("reception", "/patients")
    desk.keyboard.insert_text("モリ ハナ")  # at once: the answer belongs to all of it
    expect(desk.locator("#found [data-key='Ctrl+Enter']")).to_be_visible()
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("[name=family_kana]")).to_have_value("モリ")
    expect(desk.locator("[name=given_kana]")).to_have_value("ハナ")
    expect(desk.locator("[data-live]")).to_be_visible()  # the page has woken up
    expect(desk.locator("[name=family_name]")).to_be_focused()
    desk.keyboard.type("森")
    desk.locator("[name=birth_date]").fill("3400102")
    expect(desk.locator("#born-echo")).to_contain_text("昭和40年1月2日")
    desk.keyboard.press("Control+Enter")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url(re.compile("/intake$"))
    assert (count(Patient), count(Encounter)) == (1, 1)


def test_escape_empties_the_search_and_the_focus_stays(known: str, open_as: Open) -> None:
    desk = open_as("reception", "/patients")
    desk.keyboard.type("watanabe")
    expect(desk.locator("#found [data-row-link]")).to_have_count(1)
    desk.keyboard.press("Escape")
    expect(desk.locator("#finder")).to_have_value("")
    expect(desk.locator("#found [data-row-link]")).to_have_count(0)
    expect(desk.locator("#finder")).to_be_focused()


def test_the_search_of_any_page_leads_to_the_desk_with_the_answer(known: str, open_as: Open) -> None:
    desk = open_as("reception", "/board")
    desk.keyboard.press("/")
    desk.keyboard.type("ワタナベ")
    desk.keyboard.press("Enter")
    expect(desk.locator("#found [data-row-link]")).to_have_count(1)
    expect(desk.locator("#finder")).to_have_value("ワタナベ")


def test_after_the_slip_the_next_patient_can_be_typed_at_once(known: str, clinic: Clinic, open_as: Open) -> None:
    visit = encounters.check_in(clinic.reception, known, "")
    desk = open_as("reception", f"/encounters/{visit}/slip")
    desk.keyboard.press("Escape")
    expect(desk.locator("#finder")).to_be_focused()
    desk.locator(".arrivals .c-act a").click()
    expect(desk.locator(".slip .number")).to_have_text("A001")


@pytest.mark.parametrize("language", ["ja", "vi"])
def test_the_slip_is_one_page_of_80_mm(clinic: Clinic, open_as: Open, language: str) -> None:
    person = PERSON | {"language": language, "family_kana": "ア" * 35}
    visit = encounters.check_in(clinic.reception, patients.create(clinic.reception, person, {}, ""), "")
    sheet = open_as("reception", f"/encounters/{visit}/slip").pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", sheet)) == 1
    width, height = (float(size) for size in re.findall(rb"/MediaBox \[0 0 (\S+) (\S+)\]", sheet)[0])
    assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (80, 150)


def test_a_draft_waits_at_the_desk_and_is_given_back(clinic: Clinic, open_as: Open) -> None:
    desk = open_as("reception", "/patients/new")
    expect(desk.locator("[name=family_name]")).to_be_focused()
    desk.keyboard.type("森")
    expect(desk.locator("[data-saved]")).to_contain_text("Saved")
    desk.goto("/patients")
    desk.locator("#unfinished a").first.click()
    expect(desk.locator("[name=family_name]")).to_have_value("森")
    desk.get_by_role("button", name="Discard").click()
    expect(desk.locator("#unfinished a")).to_have_count(0)


def test_everything_works_without_javascript(known: str, visit: Open) -> None:
    desk = visit(java_script=False)
    desk.goto("/sign-in")
    desk.fill("[name=user_name]", "reception")
    desk.fill("[name=password]", PASSWORD)
    desk.press("[name=password]", "Enter")
    desk.wait_for_url("**/patients")
    desk.fill("#finder", "S380730")
    desk.locator(".finder button").click()
    desk.locator("#found tr button").click()
    desk.wait_for_url(re.compile("/intake$"))
    desk.goto("/patients/new")
    desk.fill("[name=family_name]", "森")
    desk.locator("button[value=check_in]").click()
    desk.wait_for_url(re.compile("/intake$"))
    assert (count(Patient), count(Encounter)) == (2, 2)


@pytest.mark.parametrize("options", [{}, {"size": PHONE, "lang": "ja"}, {"scheme": "dark"}])
def test_axe_finds_nothing_wrong_with_answers_namesakes_and_errors(
    known: str, clinic: Clinic, open_as: Open, axe: Callable[[Page], None], options: dict[str, Any]
) -> None:
    encounters.check_in(clinic.reception, known, "")
    desk = open_as("reception", "/patients", **options)
    for path in ("/patients?q=watanabe", "/patients?q=nobody", "/patients/new?q=渡邊 一郎"):
        desk.goto(path)
        axe(desk)
    desk.locator("button[value=check_in]").click()
    expect(desk.locator("#alike")).to_be_focused()
    axe(desk)
    desk.fill("[name=birth_date]", "S991301")
    desk.locator("button[value=check_in]").click()
    expect(desk.locator(".error-summary")).to_be_focused()
    axe(desk)
