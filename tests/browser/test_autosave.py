"""What got no answer when it was saved by itself is sent again without a hand, and until then nothing says "Saved"."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open, settled
from tests.builders import Clinic, arrive, as_answers
from triage.db import session
from triage.models import Draft, Encounter
from triage.services import intakes

pytestmark = pytest.mark.browser


@pytest.fixture
def encounter_id(clinic: Clinic) -> str:
    """Let somebody arrive."""
    encounter = arrive(clinic.reception)
    session.remove()
    return encounter.id


@pytest.fixture
def desk(sign_in: Open, encounter_id: str) -> Page:
    """Open the intake, and show that it saves."""
    page = sign_in("reception")
    page.goto(f"/encounters/{encounter_id}/intake")
    expect(page.locator("[data-live][data-state=live]")).to_be_visible()
    answer(page, "back_pain", "no")
    says(page, "Saved")
    return page


def answer(page: Page, name: str, value: str) -> None:
    page.locator(f"[name='a.{name}'][value={value}]").check(force=True)


def says(page: Page, words: str) -> None:
    expect(page.locator("#saved")).to_contain_text(words)


def stored(encounter_id: str, name: str) -> object:
    session.remove()
    row = intakes.recorded(encounter_id)[0].get(name)
    return row and row.value


def test_answers_given_while_the_server_was_away_are_saved_when_it_is_back(desk: Page, encounter_id: str) -> None:
    desk.context.set_offline(True)
    answer(desk, "leg_pain", "yes")
    desk.fill("#i-complaint", "昨夜から尿が出ない")
    says(desk, "Not saved")
    desk.context.set_offline(False)
    says(desk, "Saved")
    assert stored(encounter_id, "leg_pain") is True
    assert session.get_one(Encounter, encounter_id).complaint == "昨夜から尿が出ない"


def test_an_answer_that_was_saved_does_not_hide_another_that_was_not(desk: Page, encounter_id: str) -> None:
    def refuse(route: Route) -> None:
        if "leg_pain" in (route.request.post_data or ""):
            route.fulfill(status=503)
        else:
            route.continue_()

    desk.route("**/findings", refuse)
    answer(desk, "leg_pain", "yes")
    says(desk, "Not saved")
    with desk.expect_response(lambda sent: "neck_pain" in (sent.request.post_data or "")):
        answer(desk, "neck_pain", "yes")
    settled(desk)
    says(desk, "Not saved")
    assert stored(encounter_id, "neck_pain") is True
    desk.unroute_all()
    says(desk, "Saved")
    assert stored(encounter_id, "leg_pain") is True


def test_what_another_answered_meanwhile_is_shown_beside_it(desk: Page, clinic: Clinic, encounter_id: str) -> None:
    desk.context.set_offline(True)
    answer(desk, "leg_pain", "yes")
    says(desk, "Not saved")
    intakes.record_answers(clinic.nurse, encounter_id, as_answers({"leg_pain": False, "neck_pain": True}))
    session.remove()
    desk.route("**/findings", lambda route: route.abort())
    desk.context.set_offline(False)
    expect(desk.locator("[name='a.neck_pain'][value=yes]")).to_be_checked()  # the page has heard of it first
    expect(desk.locator("[name='a.leg_pain'][value=yes]")).to_be_checked()
    desk.unroute_all()
    expect(desk.get_by_role("button", name="Keep mine")).to_be_visible()
    assert stored(encounter_id, "leg_pain") is False
    desk.get_by_role("button", name="Keep mine").click()
    says(desk, "Saved")
    assert stored(encounter_id, "leg_pain") is True


def test_a_new_patient_half_typed_while_the_server_was_away_is_kept_when_it_is_back(sign_in: Open) -> None:
    page = sign_in("reception")
    page.goto("/patients/new")
    page.context.set_offline(True)
    page.locator("[name=family_name]").press_sequentially("森")
    expect(page.locator("[data-saved]")).to_contain_text("Not saved")
    page.context.set_offline(False)
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    session.remove()
    assert [draft.body["family_name"] for draft in session.query(Draft)] == ["森"]
