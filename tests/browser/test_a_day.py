"""The whole day through all five hands, by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.builders import Clinic
from triage.db import session
from triage.services import audit, board


def tab_to(page: Page, selector: str, limit: int = 150) -> None:
    """Press Tab until the control has the focus, as a person without a mouse does."""
    target = page.locator(selector).first
    target.wait_for(state="attached")
    for _ in range(limit):
        if target.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab on {page.url}")


def choose(page: Page, name: str, value: str) -> None:
    """Reach a group of radio buttons by Tab and choose with the arrow keys, as the browser offers it."""
    tab_to(page, f"[name='{name}']")
    wanted = page.locator(f"[name='{name}'][value='{value}']")
    page.keyboard.press("Space")
    for _ in range(12):
        if wanted.is_checked():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{name}={value} is not reached by the arrow keys on {page.url}")


def answer_all_no(page: Page, asked_by: str) -> None:
    """Answer every urgent question of a block with the key n, each for itself; the focus moves on by itself."""
    groups = page.locator(f"#s-urgent-{asked_by} .ask > [data-answer]")
    tab_to(page, f"#s-urgent-{asked_by} .ask > [data-answer] input[type=radio]")
    for number in range(groups.count()):
        page.keyboard.press("n")
        expect(groups.nth(number).locator("input[value=no]")).to_be_checked()


@pytest.mark.browser
def test_a_patient_goes_from_the_door_to_the_surgeons_decision_by_keyboard(sign_in: Open, clinic: Clinic) -> None:
    desk = sign_in("reception")
    expect(desk.locator("#finder")).to_be_focused()
    desk.keyboard.type("S380730")
    expect(desk.locator("#found")).to_contain_text("1963")
    desk.goto("/patients/new")
    for field, text in {
        "family_name": "山本", "given_name": "和夫", "family_kana": "ヤマモト", "given_kana": "カズオ",
        "birth_date": "S380730",
    }.items():  # fmt: skip
        tab_to(desk, f"[name={field}]")
        desk.keyboard.insert_text(text)
    tab_to(desk, "[name=sex]:checked")
    desk.keyboard.press("ArrowDown")
    expect(desk.locator("[name=sex][value=male]")).to_be_checked()
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url(re.compile("/intake"))
    encounter_id = desk.url.split("/")[-2].split("?")[0]
    ticket = desk.locator(".banner .ticket").inner_text()

    answer_all_no(desk, "reception")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url(re.compile("/slip"))
    expect(desk.locator(".slip .number")).to_have_text(ticket)

    nurse = sign_in("nurse")
    expect(nurse.locator("#rows")).to_contain_text(ticket)
    nurse.keyboard.press("j")
    nurse.keyboard.press("Enter")
    nurse.wait_for_url(re.compile("/triage"))
    answer_all_no(nurse, "nurse")
    expect(nurse.locator("#accept")).to_be_enabled()
    send_to_specialist(nurse)
    nurse.wait_for_url(re.compile("/board"))

    surgeon = sign_in("surgeon")
    expect(surgeon.locator("#cases-review")).to_contain_text(ticket)
    tab_to(surgeon, f"#kn-{encounter_id}")
    surgeon.keyboard.press("Enter")
    surgeon.wait_for_url(re.compile(f"/consults/{encounter_id}"))
    order_ct(surgeon)

    radiographer = sign_in("radiographer")
    image(radiographer, ticket)

    surgeon.goto(f"/consults/{encounter_id}")
    decide_conservative(surgeon)
    session.close()
    assert board.look(clinic.nurse, board.Filters()).ids == []
    assert all(not result.damage for result in audit.verify())


def send_to_specialist(nurse: Page) -> None:
    """Override: specialist consult, with a reason."""
    nurse.keyboard.press("o")
    choose(nurse, "acuity", "4")
    choose(nurse, "route", "specialist_consult")
    tab_to(nurse, "[name=reason]")
    nurse.keyboard.press("Space")
    nurse.keyboard.press("w")
    nurse.keyboard.type("The questionnaire follows")
    tab_to(nurse, "button[value=override]")
    nurse.keyboard.press("Enter")


def order_ct(surgeon: Page) -> None:
    """Decide for further imaging, sign."""
    choose(surgeon, "kind", "imaging")
    choose(surgeon, "modality", "ct")
    tab_to(surgeon, "[name=identified]")
    surgeon.keyboard.press("Space")
    surgeon.keyboard.press("Control+Enter")
    surgeon.wait_for_url(re.compile(r"/consults(\?|$)"))


def image(radiographer: Page, ticket: str) -> None:
    """Start with two identifiers and what is open before a CT, complete with the exposure record."""
    expect(radiographer.locator("#list-ordered")).to_contain_text(ticket)
    tab_to(radiographer, "#list-ordered summary.primary")
    radiographer.keyboard.press("Enter")
    for identifier in ("name", "birth_date"):
        tab_to(radiographer, f"[name=identity][value={identifier}]")
        radiographer.keyboard.press("Space")
    choose(radiographer, "metal", "no")
    tab_to(radiographer, "#list-ordered details[open] form button")
    radiographer.keyboard.press("Enter")
    expect(radiographer.locator("#list-started")).to_contain_text(ticket)
    tab_to(radiographer, "#list-started summary.primary")
    radiographer.keyboard.press("Enter")
    tab_to(radiographer, "[name=views]")
    radiographer.keyboard.type("Lumbar spine")
    tab_to(radiographer, "[name=dose]")
    radiographer.keyboard.type("12.5")
    radiographer.keyboard.press("Enter")
    expect(radiographer.locator("#list-completed")).to_contain_text(ticket)


def decide_conservative(surgeon: Page) -> None:
    """Sign conservative care with its plan."""
    choose(surgeon, "kind", "conservative")
    for name in ("measures", "if_needed"):
        tab_to(surgeon, f"[name={name}]")
        surgeon.keyboard.press("Space")
    tab_to(surgeon, "textarea[name=note]")
    surgeon.keyboard.type("Physiotherapy, back in six weeks")
    tab_to(surgeon, "[name=identified]")
    surgeon.keyboard.press("Space")
    surgeon.keyboard.press("Control+Enter")
    surgeon.wait_for_url(re.compile(r"/consults(\?|$)"))
