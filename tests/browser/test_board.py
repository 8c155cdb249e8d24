"""The live board: a row never changes under the hand, a change by others arrives in its own row."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from prove.board import refresh
from tests.browser.conftest import DESK, PHONE, Open, place_of, settled, stop_clock
from tests.builders import Clinic, arrive, leave_unseen, wait
from triage import knowledge
from triage.db import session
from triage.models import Encounter
from triage.services import claims, emergencies, encounters, intakes

pytestmark = pytest.mark.browser

NAMES = [
    ("青木", "アオキ"),
    ("石井", "イシイ"),
    ("上田", "ウエダ"),
    ("江口", "エグチ"),
    ("岡田", "オカダ"),
    ("加藤", "カトウ"),
]


@pytest.fixture
def queue(clinic: Clinic) -> list[Encounter]:
    """Let six people wait, each with a name of their own."""
    return [new(clinic, *name) for name in NAMES]


def new(clinic: Clinic, family: str = "新井", kana: str = "アライ", **answers: Any) -> Encounter:
    try:
        return wait(clinic.reception, answers, family_name=family, family_kana=kana)
    finally:
        session.remove()


def by_others(work: Callable[..., object], *arguments: object) -> None:
    """Do what somebody else does at another desk."""
    try:
        work(*arguments)
    finally:
        session.remove()


@pytest.fixture
def at_board(sign_in: Open) -> Open:
    """Return a function that opens the board for a person."""

    def open_board(user_name: str = "nurse", query: str = "", **options: Any) -> Page:
        page = sign_in(user_name, **options)
        page.goto(f"/board{query}")
        return page

    return open_board


def row(page: Page, encounter: Encounter) -> Locator:
    return page.locator(f"#e-{encounter.id}")


def under_pointer(page: Page, x: float, y: float) -> str:
    """Return the id of the row at a point of the screen."""
    return str(page.evaluate("([x, y]) => document.elementFromPoint(x, y).closest('tr').id", [x, y]))


def order(page: Page) -> list[str]:
    return [str(name) for name in page.locator("#rows tr").evaluate_all("rows => rows.map((row) => row.id.slice(2))")]


def test_a_change_by_somebody_else_appears_in_its_own_row_without_a_reload(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board()
    page.evaluate("document.body.dataset.same = 'page'")
    others = page.locator("#rows tr", has_not_text=queue[2].ticket).locator("td:not(.c-wait)")  # a minute may pass
    before = others.all_inner_texts()
    by_others(claims.claim, clinic.surgeon, queue[2].id)
    expect(row(page, queue[2]).locator(".c-owner")).to_have_text("Surgeon")
    expect(others).to_have_text(before, use_inner_text=True)
    expect(page.locator("body[data-same=page]")).to_have_count(1)


def test_who_arrives_appears_and_who_leaves_is_gone_while_no_hand_is_in_the_list(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board()
    pinned = new(clinic, saddle_anaesthesia=True)
    expect(page.locator("#rows tr").first).to_have_id(f"e-{pinned.id}")
    gone = encounters.get(clinic.reception, queue[0].id)
    by_others(leave_unseen, clinic.reception, gone.id, gone.version, "has a train to catch")
    refresh(page)
    expect(row(page, queue[0])).to_have_count(0)
    expect(page.locator("#counts")).to_contain_text("6 here")


def test_the_row_under_the_pointer_keeps_its_patient_while_rows_come_in_above(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board()
    place = place_of(row(page, queue[3]))
    x, y = place["x"] + 300, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    before = order(page)
    for number in range(3):
        new(clinic, saddle_anaesthesia=True)
        refresh(page)
        expect(page.locator("#news")).to_contain_text(f"{number + 1} new")
        assert under_pointer(page, x, y) == f"e-{queue[3].id}"
    assert order(page) == before
    assert place_of(row(page, queue[3])) == place
    page.mouse.move(5, 5)
    expect(page.locator("#rows tr")).to_have_count(9)
    expect(page.locator("#news")).to_be_empty()


def test_the_point_that_shows_what_waits_shows_it_once_and_then_holds_again(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board()
    page.keyboard.press("j")
    link = row(page, queue[0]).locator("a.name")
    expect(link).to_be_focused()
    first = new(clinic, saddle_anaesthesia=True)
    refresh(page)
    expect(page.locator("#news")).to_contain_text("1 new")
    page.keyboard.press(".")
    expect(page.locator("#rows tr").first).to_have_id(f"e-{first.id}")
    expect(link).to_be_focused()
    new(clinic, saddle_anaesthesia=True)
    refresh(page)
    expect(page.locator("#news")).to_contain_text("1 new")
    expect(page.locator("#rows tr")).to_have_count(7)


def test_the_focus_stays_on_the_same_patient_while_the_row_itself_is_exchanged(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board()
    button = row(page, queue[4]).get_by_role("button", name="Take")
    button.focus()
    for _ in range(3):
        by_others(intakes.change_details, clinic.reception, queue[4].id, None, {"complaint": f"worse {_}"})
        new(clinic, saddle_anaesthesia=True)
        refresh(page)
        expect(row(page, queue[4])).to_contain_text(f"worse {_}")
        expect(button).to_be_focused()


def test_a_patient_who_leaves_while_the_order_is_held_leaves_the_other_rows_in_place(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board()
    row(page, queue[2]).locator("a.name").focus()
    place = place_of(row(page, queue[2]))
    gone = encounters.get(clinic.reception, queue[0].id)
    by_others(leave_unseen, clinic.reception, gone.id, gone.version, "went home")
    refresh(page)
    expect(row(page, queue[0])).to_have_text("This patient has moved on.")
    assert place_of(row(page, queue[2])) == place
    expect(page.locator("#news")).to_contain_text("1 left")


def test_the_hand_stays_where_a_patient_was_who_leaves_and_goes_on_to_the_next(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board()
    row(page, queue[0]).get_by_role("button", name="Take").focus()
    gone = encounters.get(clinic.reception, queue[0].id)
    by_others(leave_unseen, clinic.reception, gone.id, gone.version, "went home")
    refresh(page)
    expect(row(page, queue[0])).to_have_text("This patient has moved on.")
    expect(row(page, queue[0]).locator("td")).to_be_focused()
    expect(row(page, queue[0]).locator("td")).to_have_css("outline-style", "solid")  # who works by keys sees where
    page.keyboard.press("j")
    expect(row(page, queue[1]).locator("a.name")).to_be_focused()


def test_of_two_nurses_the_second_is_told_in_place_who_was_first(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board()
    row(page, queue[1]).locator("a.name").focus()
    page.route("**/board/rows*", lambda route: route.fulfill(status=204))  # before her screen hears of it
    by_others(claims.claim, clinic.surgeon, queue[1].id)
    place = place_of(row(page, queue[1]))
    page.keyboard.press("c")
    told = row(page, queue[1]).get_by_role("alert")
    expect(told).to_contain_text("Surgeon has this patient since")
    expect(row(page, queue[1]).get_by_role("button", name="Take")).to_have_count(0)
    expect(row(page, queue[1]).locator("a.name")).to_be_focused()
    page.unroute("**/board/rows*")
    refresh(page)
    expect(told).to_be_visible()  # the next refresh does not wipe it away unread
    assert place_of(row(page, queue[1])) == place


def test_the_word_who_was_first_is_taken_down_as_soon_as_it_is_no_longer_so(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board()
    stop_clock(page)  # else it would leave by itself after a while
    page.reload()
    by_others(claims.claim, clinic.surgeon, queue[1].id)
    page.route("**/board/rows*", lambda route: route.fulfill(status=204))
    row(page, queue[1]).get_by_role("button", name="Take").click()
    told = row(page, queue[1]).get_by_role("alert")
    expect(told).to_contain_text("Surgeon has this patient since")
    page.unroute("**/board/rows*")
    by_others(claims.release, clinic.surgeon, queue[1].id)
    expect(row(page, queue[1]).get_by_role("button", name="Take")).to_be_visible()
    expect(told).to_have_count(0)


def test_take_and_release_by_key(at_board: Open, queue: list[Encounter]) -> None:
    page = at_board()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("c")
    owner = row(page, queue[1]).locator(".c-owner")
    expect(owner).to_have_text("Nurse")
    expect(row(page, queue[1]).get_by_role("button", name="Release")).to_be_visible()
    settled(page)
    page.keyboard.press("c")
    expect(owner).to_have_text("—")


def test_raised_to_emergency_from_the_row_in_two_keys_though_its_row_is_exchanged_between_them(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board("reception")
    page.keyboard.press("j")
    page.keyboard.press("E")
    expect(row(page, queue[0]).get_by_role("button", name="Raise now")).to_be_focused()
    by_others(claims.claim, clinic.nurse, queue[0].id)
    refresh(page)
    expect(row(page, queue[0])).to_contain_text("Nurse")
    expect(row(page, queue[0]).get_by_role("button", name="Raise now")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/encounters/{queue[0].id}"))
    assert encounters.get(clinic.nurse, queue[0].id).stage == "emergency"


def test_an_emergency_is_told_on_everybodys_page_once_and_loudly_to_the_lead_nurse_when_nobody_comes(
    at_board: Open, clinic: Clinic, queue: list[Encounter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triage.domain.alarms.ACKNOWLEDGE_LIMIT", timedelta(seconds=3))  # instead of two minutes
    desk, lead = at_board("reception"), at_board("nurse2")
    by_others(emergencies.raise_, clinic.nurse, queue[5].id)
    for page in (desk, lead):
        alert = page.locator(f"#alert-{queue[5].id}")
        expect(page.locator("#ring")).to_contain_text(f"Emergency {queue[5].ticket}")
        expect(alert).to_contain_text(f"Emergency {queue[5].ticket}")
        expect(alert).to_contain_text("Nobody yet")
    expect(lead.locator(f"#alert-{queue[5].id}.loud")).to_be_visible()
    expect(desk.locator(f"#alert-{queue[5].id}.loud")).to_have_count(0)
    by_others(emergencies.acknowledge, clinic.surgeon, queue[5].id)
    for page in (desk, lead):
        expect(page.locator(f"#alert-{queue[5].id}")).to_contain_text("Surgeon")
        expect(page.locator("#alerts [data-ring]")).to_have_count(0)


def test_pause_stops_the_list_says_so_and_goes_on(at_board: Open, clinic: Clinic, queue: list[Encounter]) -> None:
    page = at_board()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-live]")).to_contain_text("Paused since")
    by_others(emergencies.raise_, clinic.surgeon, queue[3].id)
    expect(page.locator(f"#alert-{queue[3].id}")).to_be_visible()  # an alarm is never paused
    expect(row(page, queue[3]).locator(".c-acuity")).to_have_text("Not triaged")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#rows tr").first).to_have_id(f"e-{queue[3].id}")


def test_without_connection_the_board_says_so_and_offers_no_writing(at_board: Open, queue: list[Encounter]) -> None:
    page = at_board()
    expect(page.locator("[data-live]")).to_contain_text("Live")
    page.context.set_offline(True)
    expect(page.locator("[data-live]")).to_contain_text("No connection. Shown as of")
    expect(row(page, queue[0]).get_by_role("button", name="Take")).to_have_attribute("aria-disabled", "true")
    page.context.set_offline(False)
    expect(page.locator("[data-live]")).to_contain_text("Live")


def test_a_list_that_gets_no_answer_is_called_old_though_the_strip_still_gets_one(
    at_board: Open, queue: list[Encounter]
) -> None:
    page = at_board("nurse", "?untriaged=1")
    page.clock.install()
    page.reload()
    expect(page.locator("[data-live]")).to_contain_text("Live")
    page.route("**/board/rows*", lambda route: route.fulfill(status=500))
    page.clock.fast_forward(11_000)
    expect(page.locator("[data-live][data-state=stale]")).to_contain_text("Last update")
    page.clock.fast_forward(21_000)
    expect(page.locator("[data-live][data-state=offline]")).to_contain_text("No connection. Shown as of")


def test_a_paused_board_without_connection_says_so_too_for_no_alarm_reaches_it(
    at_board: Open, queue: list[Encounter]
) -> None:
    page = at_board()
    page.clock.install()
    page.reload()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-live]")).to_contain_text("Paused since")
    page.route("**/alerts*", lambda route: route.abort())
    page.clock.fast_forward(32_000)
    expect(page.locator("[data-live][data-state=offline]")).to_contain_text("No connection. Shown as of")
    expect(row(page, queue[0]).get_by_role("button", name="Take")).to_have_attribute("aria-disabled", "true")
    page.unroute("**/alerts*")
    page.clock.fast_forward(6_000)
    expect(page.locator("[data-live]")).to_contain_text("Paused since")


def test_a_pause_ends_by_itself_after_five_minutes(at_board: Open, clinic: Clinic, queue: list[Encounter]) -> None:
    page = at_board()
    stop_clock(page)
    page.reload()
    page.get_by_role("button", name="Pause").click()
    by_others(claims.claim, clinic.surgeon, queue[0].id)
    page.clock.fast_forward("05:00")
    expect(page.locator("[data-live]")).to_contain_text("Paused since")
    page.clock.fast_forward("00:01")
    expect(page.locator("[data-live]")).not_to_contain_text("Paused since")
    expect(row(page, queue[0]).locator(".c-owner")).to_have_text("Surgeon")


def test_what_could_not_be_done_is_said_and_the_row_stays_as_it_was(at_board: Open, queue: list[Encounter]) -> None:
    page = at_board()
    page.route("**/claim", lambda route: route.fulfill(status=500))
    row(page, queue[0]).get_by_role("button", name="Take").click()
    expect(page.locator("#news")).to_have_text("That did not work. Try again.")
    expect(row(page, queue[0]).locator(".c-owner")).to_have_text("—")


def test_the_list_of_keys_names_those_of_the_board(at_board: Open, queue: list[Encounter]) -> None:
    page = at_board()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").locator("dl dt").first).to_be_visible()
    keys = page.get_by_role("dialog").locator("dl dt").all_inner_texts()
    assert {"j", "k", "c", "E", "f", "m", "o", "0", "p", "/", "?"} <= set(keys)


def test_a_key_of_the_rows_is_listed_by_all_that_it_does_and_as_one_that_needs_a_row(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    by_others(emergencies.raise_, clinic.nurse, queue[0].id)
    page = at_board()
    page.keyboard.press("?")
    keys = page.locator("[data-keys-list]")
    for text in ("Emergency · To the emergency (in the row)", "Why this place? (in the row)", "Filters", "Next row"):
        expect(keys.get_by_text(text, exact=True)).to_be_visible()
    expect(keys.get_by_text(re.compile("Take · Release.* \\(in the row\\)"))).to_be_visible()


def test_filters_by_key_stand_in_the_address_and_nothing_found_is_not_nobody_here(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    by_others(claims.claim, clinic.nurse, queue[0].id)
    page = at_board()
    page.keyboard.press("m")
    page.wait_for_url("**/board?mine=1")
    expect(page.locator("#rows tr")).to_have_count(1)
    page.goto("/board?level=4")
    expect(page.locator("#rows")).to_contain_text("0 of 6 shown.")
    page.locator("#rows").get_by_role("link", name="Clear filters").click()
    expect(page.locator("#rows tr")).to_have_count(6)
    expect(page.locator("[data-live]")).to_contain_text("Live")
    page.keyboard.press("f")
    expect(page.locator("#f-all")).to_be_focused()
    page.keyboard.press("0")
    page.wait_for_url("**/board?untriaged=1")


def test_a_claim_works_without_javascript_and_who_comes_second_gets_the_board_with_the_reason(
    at_board: Open, clinic: Clinic, queue: list[Encounter]
) -> None:
    page = at_board(query="?untriaged=1", java_script=False)
    row(page, queue[0]).get_by_role("button", name="Take").click()
    expect(page).to_have_url(re.compile(r"/board\?untriaged=1"))
    expect(row(page, queue[0]).locator(".c-owner")).to_have_text("Nurse")
    by_others(claims.claim, clinic.surgeon, queue[1].id)
    row(page, queue[1]).get_by_role("button", name="Take").click()
    expect(row(page, queue[1]).locator(".c-owner")).to_contain_text("Surgeon has this patient since")


@pytest.fixture
def busy(clinic: Clinic, queue: list[Encounter]) -> list[Encounter]:
    """Let sixteen people be here, in every kind of row."""
    calm = {question.id: False for question in knowledge.load().urgent_questions}
    more = [new(clinic, f"山{n}", "ヤマ", **calm) for n in range(8)]
    by_others(arrive, clinic.reception)
    pinned = new(clinic, saddle_anaesthesia=True)
    by_others(claims.claim, clinic.nurse, queue[0].id)
    by_others(claims.claim, clinic.surgeon, queue[1].id)
    by_others(intakes.change_details, clinic.reception, pinned.id, None, {"complaint": "腰痛がひどい。" * 20})
    return [*queue, *more, pinned]


def test_thirteen_rows_fit_a_desk_screen_and_each_has_two_lines(at_board: Open, busy: list[Encounter]) -> None:
    page = at_board()
    boxes = page.locator("#rows tr").evaluate_all(
        "rows => rows.map((row) => row.getBoundingClientRect()).map((box) => [box.height, box.bottom])"
    )
    assert {round(height) for height, _ in boxes} <= {48, 49, 50, 51}
    assert sum(bottom <= 900 for _, bottom in boxes) >= 13
    heads = page.locator(".board thead th").evaluate_all("heads => heads.map((h) => h.getBoundingClientRect().top)")
    assert len(set(heads)) == 1
    columns = page.locator(".board thead th").evaluate_all("heads => heads.map((h) => h.getBoundingClientRect().left)")
    refresh(page)
    again = page.locator(".board thead th").evaluate_all("heads => heads.map((h) => h.getBoundingClientRect().left)")
    assert again == columns


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")])
def test_the_busy_board_is_accessible_and_never_wider_than_the_screen(
    at_board: Open, axe: Callable[[Page], None], busy: list[Encounter], size: tuple[int, int], scheme: str, lang: str
) -> None:
    page = at_board("nurse2", size=size, scheme=scheme, lang=lang)
    expect(page.locator(".alert")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    axe(page)


#: A desk screen at 200 %, a tablet upright, and the widest that shows cards and the narrowest that shows a table.
BETWEEN = (720, 834, 1008, 1024)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_whatever_the_width_no_row_loses_its_flags_or_its_buttons_not_on_paper_either(
    at_board: Open, busy: list[Encounter], lang: str
) -> None:
    page = at_board("nurse2", lang=lang)
    for width in (*BETWEEN, 688):  # the last: A4 without its margins
        page.set_viewport_size({"width": width, "height": 900})
        if width == 688:
            page.emulate_media(media="print")
            expect(page.locator("[data-live]")).to_be_visible()  # it says as of when
        reach = "cells => Math.max(...cells.map((cell) => cell.getBoundingClientRect().right))"
        assert page.locator("#rows td, #rows .btn").evaluate_all(reach) <= width - 12 * (width != 688)
        expect(row(page, busy[-1]).locator(".alarm")).to_be_visible()
        assert place_of(row(page, busy[-1]).locator(".c-complaint"))["width"] >= 96
