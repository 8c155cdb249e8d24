"""The rules in a real browser: a draft is checked while it is typed, and printed rules hold nothing of the screen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.builders import Clinic
from triage.knowledge import rules_text
from triage.services import rule_drafts, rulesets

SHIPPED = rules_text.shipped()


def type_over(page: Page, old: str, new: str) -> None:
    """Type one place of the draft anew; to fill in the whole file takes the browser half a minute."""
    choose = (
        "(box, old) => { const at = box.value.indexOf(old); box.focus(); box.setSelectionRange(at, at + old.length); }"
    )
    page.locator("#content").evaluate(choose, old)
    page.keyboard.insert_text(new)


@pytest.mark.browser
def test_a_draft_is_checked_while_it_is_typed(clinic: Clinic, sign_in: Open) -> None:
    draft_id = rule_drafts.create(clinic.surgeon, SHIPPED)
    page = sign_in("surgeon")
    page.goto(f"/rulesets/drafts/{draft_id}")
    type_over(page, "bladder_change and", "bladder_chance and")
    expect(page.locator("#check")).to_contain_text("unknown name: bladder_chance")
    type_over(page, "bladder_chance and", "bladder_change and")
    type_over(page, "pain_nrs >= 8", "pain_nrs >= 7")
    expect(page.locator("#check")).to_contain_text("These rules can be read.")
    with page.expect_navigation():
        page.get_by_role("button", name="Save the draft").click()
    expect(page.locator("#content")).to_have_value(SHIPPED.replace("pain_nrs >= 8", "pain_nrs >= 7", 1))
    assert rulesets.get_version(clinic.surgeon, draft_id).version == 2


@pytest.mark.browser
def test_a_condition_is_put_into_words_while_it_is_typed(clinic: Clinic, sign_in: Open) -> None:
    draft_id = rule_drafts.create(clinic.surgeon, SHIPPED)
    page = sign_in("surgeon")
    page.goto(f"/rulesets/drafts/{draft_id}/rule")
    page.locator("#when").fill("back_pain and nonsense")
    expect(page.locator("#condition")).to_contain_text("unknown name: nonsense")
    page.locator("#when").fill("back_pain and age >= 65")
    expect(page.locator("#condition")).to_contain_text("≥ 65")
    page.get_by_role("button", name="Save the rule").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("#when")).to_have_value("back_pain and age >= 65")


@pytest.mark.browser
def test_printed_rules_hold_every_rule_and_no_button(clinic: Clinic, sign_in: Open) -> None:
    page = sign_in("nurse")
    page.goto("/rulesets")
    page.emulate_media(media="print")
    expect(page.locator(".rule-card:visible")).to_have_count(page.locator(".rule-card").count())
    for hidden in (".btn", ".tabs", "form", "nav", "summary"):
        expect(page.locator(f"{hidden}:visible")).to_have_count(0)
