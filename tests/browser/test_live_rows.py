"""The board while others work: a row never changes patient under the hand, and nothing that happens is missed."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from prove.board import refresh
from tests.browser.conftest import Open, becomes, place_of
from tests.builders import Clinic, leave_unseen, wait
from triage.db import session
from triage.models import Encounter
from triage.services import board, claims, emergencies, encounters, intakes

pytestmark = pytest.mark.browser


def waiting(clinic: Clinic, count: int) -> list[str]:
    """Let so many patients wait; return their ids in the board's order."""
    for _ in range(count):
        wait(clinic.reception)
    return order(clinic)


def order(clinic: Clinic) -> list[str]:
    session.remove()
    ids = board.look(clinic.nurse, board.Filters()).ids
    session.remove()
    return ids


def leave(clinic: Clinic, encounter_id: str) -> None:
    current = encounters.get(clinic.reception, encounter_id)
    leave_unseen(clinic.reception, encounter_id, current.version, "has a train to catch")
    session.remove()


def arrives(clinic: Clinic) -> Encounter:
    encounter = wait(clinic.reception)
    session.remove()
    return encounter


def alarm(clinic: Clinic, encounter_id: str) -> None:
    emergencies.raise_(clinic.nurse2, encounter_id)
    session.remove()


def takes(clinic: Clinic, who: str, encounter_id: str) -> None:
    claims.claim(clinic.people[who], encounter_id)
    session.remove()


def onscreen(page: Page) -> list[str]:
    ids: list[str] = page.locator("[data-row]").evaluate_all("rows => rows.map((row) => row.id.slice(2))")
    return ids


def row(page: Page, encounter_id: str) -> Locator:
    return page.locator(f"#e-{encounter_id}")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def point_at(page: Page, encounter_id: str) -> tuple[float, float]:
    """Put the pointer on the row's complaint, where nothing can be pressed by mistake."""
    box = place_of(row(page, encounter_id).locator(".c-complaint"))
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*at)
    return at


def under(page: Page, at: tuple[float, float]) -> str:
    found: str = page.evaluate("([x, y]) => document.elementFromPoint(x, y).closest('tr')?.id ?? ''", list(at))
    return found.removeprefix("e-")


def nothing_in_hand(page: Page) -> None:
    page.mouse.move(2, 2)
    page.evaluate("document.activeElement.blur()")


def test_without_a_hand_in_the_list_an_emergency_goes_to_the_top_at_once(sign_in: Open, clinic: Clinic) -> None:
    ids = waiting(clinic, 3)
    page = sign_in("nurse")
    alarm(clinic, ids[2])
    refresh(page)
    expect(page.locator("[data-row]").first).to_have_id(f"e-{ids[2]}")
    expect(page.locator("#alerts [data-ring]")).to_have_count(1)
    expect(page.locator("#ring")).to_contain_text("Emergency")
    becomes(lambda: onscreen(page), order(clinic))


@pytest.mark.parametrize("hand", ["pointer", "focus"])
def test_the_row_in_hand_keeps_its_patient_and_its_place_while_others_arrive_above(
    sign_in: Open, clinic: Clinic, hand: str
) -> None:
    ids = waiting(clinic, 6)
    page = sign_in("nurse")
    mine = ids[2]
    at = point_at(page, mine)
    if hand == "focus":
        page.mouse.move(2, 2)
        page.locator(f"#n-{mine}").focus()
    before = place_of(row(page, mine))
    for turn in range(3):
        alarm(clinic, ids[5 - turn])
        alarm(clinic, arrives(clinic).id)
        takes(clinic, ("nurse2", "surgeon", "surgeon2")[turn], ids[turn])
        refresh(page)
        expect(page.locator("#news")).to_contain_text("Show")
        assert onscreen(page) == ids, f"after refresh {turn + 1}"
        assert under(page, at) == mine
        assert place_of(row(page, mine)) == before
        if hand == "focus":
            assert focused(page) == f"n-{mine}"
    expect(row(page, mine).locator(".c-owner")).to_contain_text("Surgeon2")

    nothing_in_hand(page)
    expect(page.locator("[data-row]")).to_have_count(9)
    becomes(lambda: onscreen(page), order(clinic))
    expect(page.locator("#news")).not_to_contain_text("Show")


def test_show_is_pressed_like_any_button_and_survives_the_refresh_under_the_focus(
    sign_in: Open, clinic: Clinic
) -> None:
    ids = waiting(clinic, 3)
    page = sign_in("nurse")
    point_at(page, ids[0])
    alarm(clinic, ids[2])
    refresh(page)
    show = page.locator("#news button")
    show.focus()
    takes(clinic, "surgeon", ids[1])
    alarm(clinic, arrives(clinic).id)
    refresh(page)
    expect(page.locator("#news")).to_contain_text("1 new")
    expect(show).to_be_focused()
    assert onscreen(page) == ids
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(4)
    becomes(lambda: onscreen(page), order(clinic))


def test_an_open_menu_stays_open_with_the_focus_in_it_while_its_row_changes(sign_in: Open, clinic: Clinic) -> None:
    ids = waiting(clinic, 3)
    page = sign_in("nurse")
    menu = row(page, ids[1]).locator("details")
    menu.locator("summary").click()
    expect(menu.locator("button")).to_be_focused()
    page.mouse.move(2, 2)
    takes(clinic, "surgeon", ids[1])
    alarm(clinic, ids[2])
    refresh(page)
    expect(row(page, ids[1]).locator(".c-owner")).to_contain_text("Surgeon")
    expect(menu).to_have_attribute("open", "")
    expect(menu.locator("button")).to_be_focused()
    assert onscreen(page) == ids


def test_a_refresh_asked_for_before_the_pointer_came_does_not_move_the_row_under_it(
    sign_in: Open, clinic: Clinic
) -> None:
    ids = waiting(clinic, 3)
    page = sign_in("nurse")
    nothing_in_hand(page)
    at: list[tuple[float, float]] = []

    def slow(route: Route) -> None:
        answer = route.fetch()
        at.append(point_at(page, ids[1]))
        route.fulfill(response=answer)

    page.route("**/board/rows*", slow, times=1)  # before the alarm, which the page may hear of by itself
    alarm(clinic, ids[2])
    refresh(page)
    assert under(page, at[0]) == ids[1]
    assert onscreen(page) == ids
    nothing_in_hand(page)
    expect(page.locator("[data-row]").first).to_have_id(f"e-{ids[2]}")


def test_filters_hold_through_every_refresh(sign_in: Open, clinic: Clinic) -> None:
    ids = waiting(clinic, 3)
    takes(clinic, "nurse", ids[1])
    page = sign_in("nurse")
    page.goto("/board?mine=1")
    assert onscreen(page) == [ids[1]]
    chosen = page.locator("#filters [aria-current]")
    expect(chosen).to_contain_text("Mine")
    chosen.focus()
    alarm(clinic, arrives(clinic).id)
    refresh(page)
    assert onscreen(page) == [ids[1]]
    expect(chosen).to_be_focused()
    takes(clinic, "nurse", ids[2])
    refresh(page)
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/board\?mine=1$"))
    chosen.press("Enter")
    page.wait_for_url("**/board")
    assert onscreen(page) == order(clinic)


@pytest.mark.parametrize("pointer", [False, True])
def test_the_first_patient_comes_to_an_empty_board_and_it_is_empty_again_after_the_last(
    sign_in: Open, clinic: Clinic, pointer: bool
) -> None:
    page = sign_in("nurse")
    expect(page.locator("#rows")).to_contain_text("No one is waiting")
    if pointer:
        page.locator("#rows").hover(position={"x": 20, "y": 10})
    encounter = arrives(clinic)
    refresh(page)
    if pointer:
        expect(page.locator("#news")).to_contain_text("1 new")
        page.keyboard.press(".")
    expect(row(page, encounter.id)).to_contain_text(encounter.ticket)
    expect(page.locator("#rows")).not_to_contain_text("No one is waiting")
    nothing_in_hand(page)
    leave(clinic, encounter.id)
    refresh(page)
    expect(page.locator("#rows")).to_contain_text("No one is waiting")
    assert onscreen(page) == []


def test_a_row_that_has_just_been_exchanged_takes_a_press_at_once_and_the_page_stays(
    sign_in: Open, clinic: Clinic
) -> None:
    encounter = arrives(clinic)
    page = sign_in("nurse")
    page.evaluate(
        """id => {
          window.here = "still";
          const press = () => document.getElementById(id)?.click();
          new MutationObserver((_, watch) => { watch.disconnect(); press(); }).observe(document.getElementById("rows"),
            { childList: true, subtree: true });
        }""",
        f"c-{encounter.id}",
    )
    intakes.change_details(clinic.reception, encounter.id, None, {"complaint": "numb since this morning"})
    session.remove()
    expect(row(page, encounter.id)).to_contain_text("numb since this morning")
    expect(page.locator(f"#c-{encounter.id}")).to_contain_text("Release")
    assert page.evaluate("window.here") == "still"
