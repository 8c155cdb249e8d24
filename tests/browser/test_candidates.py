"""The candidates in the browser: opened by key, fed without leaving the case; what is signed is what is shown."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, settled, violations
from tests.browser.test_a_day import Open
from tests.browser.test_review import examined
from tests.builders import Clinic
from tests.services.test_consults import now
from triage.db import session
from triage.services import consults, encounters


@pytest.mark.browser
def test_a_finding_entered_on_the_review_is_weighed_at_once_and_the_decision_can_be_signed(
    sign_in: Open, clinic: Clinic
) -> None:
    encounter = examined(clinic)
    surgeon = sign_in("surgeon")
    surgeon.set_viewport_size({"width": 1440, "height": 900})
    surgeon.goto(f"/consults/{encounter}")
    lateral = surgeon.locator("#c-LLIF")
    lateral.locator("summary").focus()
    surgeon.keyboard.press("Enter")
    expect(lateral.locator(".cand-body")).to_be_visible()
    expect(surgeon.locator("#operation")).to_be_hidden()
    surgeon.locator("#note").fill("Fusion discussed")
    surgeon.evaluate("document.activeElement.blur()")
    surgeon.keyboard.press("o")
    expect(surgeon.locator("#operation")).to_be_visible()
    surgeon.locator("#f-concerned_level label", has_text="L5-S1").click()
    expect(lateral).to_have_class("cand against")
    expect(lateral.locator(".cand-body")).to_be_visible()
    expect(surgeon.locator("#note")).to_have_value("Fusion discussed")
    settled(surgeon)
    surgeon.locator("[name=kind][value=conservative]").check()
    surgeon.locator("[name=measures][value=rehabilitation]").check()
    surgeon.locator("[name=if_needed]").check()
    surgeon.locator("[name=identified]").check()
    surgeon.get_by_role("button", name="Sign").click()
    surgeon.wait_for_url("**/consults")
    session.remove()
    signed = consults.decisions_of(encounters.get(clinic.surgeon, encounter))
    seen = {candidate.procedure: candidate.verdict for candidate in consults.seen_candidates(signed[0])}
    assert (signed[0].note, seen["LLIF"]) == ("Fusion discussed", "against")


@pytest.mark.browser
def test_a_missing_answer_leads_to_its_field(sign_in: Open, clinic: Clinic) -> None:
    encounter = examined(clinic)
    surgeon = sign_in("surgeon")
    surgeon.goto(f"/consults/{encounter}")
    surgeon.locator("#c-PLDD summary").click()
    surgeon.locator("#c-PLDD").get_by_role("link", name="Disc space markedly narrowed").click()
    expect(surgeon.locator("#f-disc_narrowing_marked")).to_be_in_viewport()


@pytest.mark.browser
def test_choosing_a_procedure_shows_what_speaks_against_it(sign_in: Open, clinic: Clinic) -> None:
    encounter = examined(clinic)
    surgeon = sign_in("surgeon")
    surgeon.goto(f"/consults/{encounter}")
    surgeon.locator("[name=kind][value=procedure]").check()
    surgeon.locator("[name=procedure]").select_option("PLDD")
    expect(surgeon.locator("#weighed")).to_contain_text("not met: Normal leg strength")
    surgeon.locator("[name=procedure]").select_option("HYBRID_LASER")
    expect(surgeon.locator("#weighed .note")).to_have_count(0)


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "lang"), [("light", "en"), ("dark", "ja")])
def test_an_opened_treatment_and_the_fields_are_accessible_on_a_phone(
    sign_in: Open, clinic: Clinic, scheme: str, lang: str
) -> None:
    encounter = examined(clinic)
    surgeon = sign_in("surgeon", PHONE, scheme, lang)
    surgeon.goto(f"/consults/{encounter}#operation")
    surgeon.locator("#c-LLIF summary").click()
    assert violations(surgeon) == []
    assert surgeon.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    assert now(clinic, encounters.get(clinic.surgeon, encounter)).stage == "review"
