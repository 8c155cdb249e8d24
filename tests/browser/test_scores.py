"""The scores in a browser: readable at every size with everything unfolded, and in step with each saved answer."""

import pytest
from playwright.sync_api import expect

from tests.blueprints.test_triage import all_no
from tests.browser.conftest import DESK, PHONE, Open, violations
from tests.builders import Clinic, as_answers, wait
from tests.services.test_consults import at_stage
from triage.db import session
from triage.services import intakes

MANY = {
    "diabetes": False, "claudication": True, "worse_on_standing": True, "relief_on_flexion": True, "abi": 1.0,
    "pain_nrs": 7, "slip_percent": 60, "meyerding_grade": 1, "odi": 42, "joabpeq_pain": 43, "start_total": 5,
    "mjoa_18_arm_motor": 4, "mjoa_18_leg_motor": 5, "sins_pain": "mechanical", "paindetect_total": -1,
}  # fmt: skip
UNFOLD = "document.querySelectorAll('details.more, #scores-panel details').forEach(fold => fold.open = true)"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("size", "scheme", "lang"), [(DESK, "light", "en"), (PHONE, "dark", "ja"), (PHONE, "light", "en")]
)
def test_the_scores_fit_and_are_accessible_with_everything_unfolded(
    sign_in: Open, clinic: Clinic, size: tuple[int, int], scheme: str, lang: str
) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.nurse, encounter.id, as_answers(MANY))
    paths = {f"/encounters/{encounter.id}/triage": "nurse", f"/consults/{encounter.id}": "surgeon"}
    session.remove()
    for path, who in paths.items():
        page = sign_in(who, size, scheme, lang)
        page.goto(path)
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), path
        assert violations(page) == []


@pytest.mark.browser
def test_a_saved_item_is_counted_at_once(sign_in: Open, clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    session.remove()
    nurse = sign_in("nurse")
    nurse.goto(f"/encounters/{encounter.id}/triage#f-slip_percent")
    nurse.locator("#i-slip_percent").fill("51")
    nurse.keyboard.press("Tab")
    expect(nurse.locator("#scores-panel")).to_contain_text("Meyerding grade 3 of 5")
    expect(nurse.locator("#scores-panel")).to_contain_text("High grade")


@pytest.mark.browser
def test_what_is_open_leads_to_its_field(sign_in: Open, clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({"mjoa_18_arm_motor": 4, "mjoa_18_leg_motor": 5}))
    session.remove()
    surgeon = sign_in("surgeon")
    surgeon.goto(f"/consults/{encounter.id}")
    surgeon.locator("#scores-panel summary").click()
    surgeon.get_by_role("link", name="mJOA 18: sphincter").click()
    expect(surgeon.locator("#f-mjoa_18_sphincter")).to_be_visible()
