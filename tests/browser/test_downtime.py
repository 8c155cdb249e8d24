"""The whole way over paper: the board is printed, the server is away, three slips are entered, the board is right."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.builders import Clinic, wait
from triage import clock, knowledge
from triage.db import session
from triage.services import patients

CALM = {question.id: False for question in knowledge.load().urgent_questions}


def on_paper(minutes: int) -> str:
    """Return the time so many minutes ago as the desk wrote it down."""
    return f"{(clock.now() - timedelta(minutes=minutes)).astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}"


def day_on_paper(minutes: int) -> str:
    return f"{(clock.now() - timedelta(minutes=minutes)).astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d}"


def enter_slip(desk: Page, minutes: int, words: str, ticket: str = "") -> None:
    """Fill in one slip by keyboard as far as the search; the number stands there already after the first slip."""
    expect(desk.locator("[name=paper_ticket]")).to_be_focused()
    if ticket:
        desk.keyboard.type(ticket)
    desk.keyboard.press("Tab")
    desk.keyboard.type(on_paper(minutes))
    desk.keyboard.press("Tab")
    desk.keyboard.press("Control+A")
    desk.keyboard.type(day_on_paper(minutes))
    desk.keyboard.press("Tab")
    desk.keyboard.insert_text(words)


def answer_all_no(desk: Page, minutes: int, but: dict[str, str]) -> None:
    """Enter the answers of the sheet with their time; every urgent question for itself."""
    expect(desk.locator("#paper [name=late_time]")).to_be_focused()
    desk.keyboard.type(on_paper(minutes))
    desk.keyboard.press("Tab")
    desk.keyboard.press("Control+A")
    desk.keyboard.type(day_on_paper(minutes))
    groups = desk.locator("#s-urgent-reception .ask > [data-answer]")
    for number in range(groups.count()):
        groups.nth(number).locator("input[type=radio]").first.focus()  # a "yes" opens what to ask about it
        name = str(groups.nth(number).get_attribute("id")).removeprefix("f-")
        desk.keyboard.press(but.get(name, "n"))
        expect(groups.nth(number).locator("input:checked")).to_have_count(1)
    desk.keyboard.press("Control+Enter")


@pytest.mark.browser
def test_three_slips_from_paper_stand_on_the_board_where_they_belong(sign_in: Open, clinic: Clinic) -> None:
    for kana in ("アオキ", "イトウ"):
        names = {"family_name": f"患者{kana}", "given_name": "花", "family_kana": kana, "given_kana": "ハナ"}
        patients.create(clinic.reception, names | {"birth_date": None, "phone": ""}, {}, "")
    live = wait(clinic.reception, CALM)
    session.remove()
    nurse = sign_in("nurse")
    nurse.goto("/board")
    nurse.locator("#lists summary").click()
    nurse.get_by_role("link", name="Print snapshot").click()
    expect(nurse.locator(".snapshot")).to_contain_text(live.ticket)
    nurse.goto("/board")
    nurse.context.set_offline(True)  # the server is away: the desk works on paper

    desk = sign_in("reception")
    desk.goto("/late")
    enter_slip(desk, 90, "アオキ", "1")
    desk.keyboard.press("Enter")
    expect(desk.locator("button[name=patient_id]")).to_be_focused()
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile(r"/late/\w+"))
    answer_all_no(desk, 85, {})
    desk.wait_for_url(re.compile("paper_ticket=D002"))

    enter_slip(desk, 60, "イトウ")
    desk.keyboard.press("Enter")
    desk.locator("button[name=patient_id]").press("Enter")
    desk.wait_for_url(re.compile(r"/late/\w+"))
    answer_all_no(desk, 55, {knowledge.load().urgent_questions[0].id: "y"})
    desk.wait_for_url(re.compile("/emergency"))

    desk.goto("/late?paper_ticket=D003")
    enter_slip(desk, 120, "ウエダ")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url(re.compile("/patients/new"))
    expect(desk.locator("[name=paper_ticket]")).to_have_value("D003")
    desk.locator("[name=family_name]").fill("上田")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url(re.compile(r"/late/\w+"))
    answer_all_no(desk, 110, {})
    desk.wait_for_url(re.compile("paper_ticket=D004"))

    nurse.context.set_offline(False)
    nurse.goto("/board")
    expect(nurse.locator("#rows .c-ticket")).to_contain_text(["D002", "D003", "D001", live.ticket])
    expect(nurse.locator("#rows .chip", has_text="late")).to_have_count(3)
    expect(nurse.locator("#rows tr", has_text="D003").locator(".wait b")).to_have_text(re.compile("12[01]"))
    expect(nurse.locator("#alerts")).to_contain_text("D002")
