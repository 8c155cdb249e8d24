"""Claims and presence in the browser: by key, in place, and seen by the others at once."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open, settled
from tests.builders import PASSWORD, Clinic, wait
from tests.services.test_claims import holder
from triage.db import session
from triage.services import claims, emergencies, intakes, staff

pytestmark = pytest.mark.browser


def test_who_opens_a_patient_is_seen_on_the_board_and_on_the_page_until_it_is_left(
    sign_in: Open, clinic: Clinic
) -> None:
    encounter = wait(clinic.reception)
    session.remove()
    board, sheet, review = sign_in("nurse2"), sign_in("nurse"), sign_in("surgeon")
    board.goto("/board")
    owner = board.locator(f"#e-{encounter.id} .c-owner")
    sheet.goto(f"/encounters/{encounter.id}/triage")
    seconds = owner.locator("[data-since]")
    expect(seconds).to_have_text(re.compile(r"^\d+ s$"))  # the server writes the time of day
    expect(seconds).not_to_have_text(seconds.inner_text())  # and the browser counts
    expect(owner).to_contain_text("Nurse")
    review.goto(f"/consults/{encounter.id}")
    expect(review.locator("#visitors")).to_contain_text("Opened by Nurse")
    expect(sheet.locator("#visitors")).to_contain_text("Opened by Surgeon")
    sheet.goto("/board")
    expect(review.locator("#visitors")).not_to_contain_text("Opened by Nurse")
    review.close()
    expect(owner.locator("[data-since]")).to_have_count(0)


def test_since_when_a_page_is_open_is_in_sight_however_long_the_name_is(sign_in: Open, clinic: Clinic) -> None:
    free, held = wait(clinic.reception, family_name="一"), wait(clinic.reception, family_name="二")
    staff.add(clinic.admin, "montgomery", "Katherine Montgomery", PASSWORD, ("nurse",))
    claims.claim(clinic.nurse, held.id)
    session.remove()
    board = sign_in("nurse2")
    for encounter in (free, held):
        page = sign_in("montgomery")
        page.goto(f"/encounters/{encounter.id}/triage")
        since = board.locator(f"#e-{encounter.id} .c-owner [data-since]")
        expect(since).to_have_text(re.compile(r"^\d+ s$"))
        cut = "time => time.getBoundingClientRect().right - time.closest('.line').getBoundingClientRect().right"
        assert since.evaluate(cut) <= 0


def test_who_is_handed_a_patient_sees_it_on_the_board_however_many_emergencies_there_are(
    sign_in: Open, clinic: Clinic
) -> None:
    queue = [wait(clinic.reception, family_name=name) for name in "一二三四五六七八"]
    board = sign_in("nurse2")
    for encounter in queue[:2]:
        claims.claim(clinic.nurse, encounter.id)
        claims.hand_over(clinic.nurse, encounter.id, clinic.nurse2.staff_id)
    for encounter in queue[2:]:
        emergencies.raise_(clinic.nurse, encounter.id)
    session.remove()
    board.goto("/board")
    expect(board.locator("#alert-more")).to_contain_text("+3")
    told, first = board.locator("#alerts .info"), board.locator(".alert a").first
    expect(told).to_contain_text("+1")
    on_top = "part => { const b = part.getBoundingClientRect(); return [b.left + 4, b.right - 4].every("
    on_top += "x => part.contains(document.elementFromPoint(x, b.top + b.height / 2))) }"
    for width in range(1440, 780, -40):  # the strip stands beside the counts, or on a line of its own
        board.set_viewport_size({"width": width, "height": 900})
        assert [part.evaluate(on_top) for part in (told, first)] == [True, True], width


def test_taking_and_undoing_by_key_keeps_the_row_and_the_focus(sign_in: Open, clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    session.remove()
    page = sign_in("nurse")
    page.locator(f"#n-{encounter.id}").focus()
    page.keyboard.press("c")
    expect(page.locator("#toast")).to_contain_text(f"{encounter.ticket}: taken")
    expect(page.locator(f"#c-{encounter.id}")).to_contain_text("Release")
    expect(page.locator(f"#n-{encounter.id}")).to_be_focused()
    settled(page)
    page.keyboard.press("z")
    expect(page.locator(f"#c-{encounter.id}")).to_contain_text("Take")
    expect(page).to_have_url(re.compile("/board$"))
    assert holder(encounter) is None


def test_with_the_keyboard_alone_the_menu_of_a_row_is_used_and_the_hand_stays_in_the_row(
    sign_in: Open, clinic: Clinic
) -> None:
    wait(clinic.reception)
    encounter = wait(clinic.reception)
    session.remove()
    page = sign_in("nurse")
    name, owner = page.locator(f"#n-{encounter.id}"), page.locator(f"#c-{encounter.id}")
    name.focus()
    page.keyboard.press("c")
    expect(owner).to_contain_text("Release")
    settled(page)
    ids: list[str] = page.evaluate("[...document.querySelectorAll('[id]')].map((part) => part.id)")
    assert len(ids) == len(set(ids))
    page.locator(f"#g-{encounter.id} summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#z-{encounter.id}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(owner).to_contain_text("Take")
    expect(name).to_be_focused()  # the button that had the focus is gone with what it undid


def test_an_undo_after_somebody_has_acted_is_refused_in_the_row(sign_in: Open, clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    session.remove()
    page = sign_in("nurse")
    page.locator(f"#c-{encounter.id}").click()
    undo = page.locator("#toast button")
    expect(undo).to_be_visible()
    claims.take_over(clinic.nurse2, encounter.id, "lunch")
    session.remove()
    settled(page)
    undo.click()
    expect(page.locator(f"#e-{encounter.id} .told")).to_contain_text("Nurse2 has acted since")
    expect(page.locator(f"#e-{encounter.id} .c-owner")).to_contain_text("Nurse2")
    expect(page.locator("#alerts")).to_contain_text(f"{encounter.ticket} → Nurse2")


def test_a_row_that_changes_while_its_button_waits_loses_neither_the_answer_nor_the_change(
    sign_in: Open, clinic: Clinic
) -> None:
    encounter = wait(clinic.reception)
    session.remove()
    page, held = sign_in("nurse"), list[Route]()
    settled(page)
    page.route("**/claim", lambda route: held.append(route))  # noqa: PLW0108 - Playwright counts its arguments
    page.locator(f"#c-{encounter.id}").click()
    expect(page.locator(f"#c-{encounter.id}.htmx-request")).to_be_visible()
    with page.expect_response("**/board/rows*"):
        intakes.change_details(clinic.reception, encounter.id, None, {"complaint": "worse since noon"})
        session.remove()
    held[0].continue_()
    expect(page.locator("#toast")).to_contain_text(f"{encounter.ticket}: taken")
    expect(page.locator(f"#e-{encounter.id}")).to_contain_text("worse since noon")
    expect(page.locator(f"#c-{encounter.id}")).to_contain_text("Release")


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_call_next_by_key_and_handing_over_meet_the_guideline(
    sign_in: Open, clinic: Clinic, axe: Callable[[Page], None], size: tuple[int, int]
) -> None:
    encounter = wait(clinic.reception)
    session.remove()
    sign_in("nurse2")
    page = sign_in("nurse", size)
    page.keyboard.press("x")
    page.wait_for_url("**/triage")
    expect(page.locator("#toast")).to_contain_text(f"{encounter.ticket}: taken")
    page.goto(f"/encounters/{encounter.id}/claim")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_text("Nurse2", exact=False).first.click()
    page.get_by_role("button", name="Hand over").click()
    page.wait_for_url("**/board")
    assert holder(encounter) == clinic.nurse2.staff_id
