"""A simulation in a real browser: it goes on by itself, stops and resumes, works without scripts, and is readable."""

from datetime import timedelta
from threading import Semaphore
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, Open, violations
from tests.builders import Clinic, wait
from tests.drafts import blind, keener, write_draft
from triage.db import session
from triage.services import simulations, stored
from triage.services.organisations import today

pytestmark = pytest.mark.browser


@pytest.fixture
def visits(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six visits, each a piece of its own."""
    monkeypatch.setattr(simulations, "BATCH", 1)
    monkeypatch.setattr(simulations, "STEP_SECONDS", 0)
    for answers in ({"back_pain": True, "saddle_anaesthesia": True}, {"back_pain": True, "pain_nrs": 7}, {}) * 2:
        wait(clinic.reception, dict(answers))
    session.remove()


def form_of(clinic: Clinic, text: str) -> str:
    url = f"/rulesets/{write_draft(clinic.surgeon, text)}/simulations"
    session.remove()
    return url


@pytest.mark.usefixtures("visits")
def test_started_by_keyboard_it_counts_by_itself_up_to_the_result(sign_in: Open, clinic: Clinic) -> None:
    page = sign_in("surgeon")
    page.goto(form_of(clinic, keener()))
    page.get_by_role("button", name="Start the simulation").press("Enter")
    expect(page.get_by_role("heading", name="No emergency is lost")).to_be_visible()
    expect(page.locator("h1")).to_contain_text("Simulation of")
    expect(page.get_by_text("PAIN-01").first).to_be_visible()


@pytest.mark.usefixtures("visits")
def test_stopped_it_stands_still_and_continues_on_a_press(sign_in: Open, clinic: Clinic) -> None:
    version_id, day = write_draft(clinic.surgeon, blind()), today(clinic.site_id)
    made = simulations.start(clinic.surgeon, version_id, day - timedelta(days=1), day)
    simulations.step(clinic.surgeon, made, 0, seconds=0)
    session.remove()
    page = sign_in("surgeon")
    page.goto(f"/simulations/{made}?paused=1")
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "1")
    page.get_by_role("button", name="Continue").press("Enter")
    expect(page.get_by_role("heading", name="Emergencies would be lost")).to_be_visible()


@pytest.mark.usefixtures("visits")
def test_while_it_counts_the_keyboard_stays_where_it_was_so_that_it_can_be_stopped(
    sign_in: Open, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, may_count = stored.visits_after, Semaphore(0)

    def when_it_may(*args: Any) -> Any:
        may_count.acquire()
        return read(*args)

    monkeypatch.setattr(stored, "visits_after", when_it_may)
    try:
        page = sign_in("surgeon")
        page.goto(form_of(clinic, keener()))
        page.get_by_role("button", name="Start the simulation").press("Enter")
        page.get_by_role("link", name="Stop here").focus()
        may_count.release(2)
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "2")
        expect(page.get_by_role("link", name="Stop here")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    finally:
        may_count.release(100)  # the server waits for what is still being counted


@pytest.mark.usefixtures("visits")
def test_without_scripts_every_piece_is_a_press(sign_in: Open, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.blueprints.simulations.BY_HAND", 0)
    page = sign_in("surgeon", java_script=False)
    page.goto(form_of(clinic, keener()))
    page.click("text=Start the simulation")
    for counted in range(7):  # the seventh press finds no visit left
        expect(page.get_by_role("progressbar")).to_have_attribute("value", str(counted))
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="No emergency is lost")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "scheme", "lang"),
    [(DESK, "light", "en"), (DESK, "dark", "ja"), (PHONE, "light", "ja"), (PHONE, "dark", "en")],
)
@pytest.mark.usefixtures("visits")
def test_form_progress_and_result_are_accessible_and_fit(
    sign_in: Open, clinic: Clinic, size: tuple[int, int], scheme: str, lang: str
) -> None:
    version_id, day = write_draft(clinic.surgeon, blind()), today(clinic.site_id)
    waiting, ended = (simulations.start(clinic.surgeon, version_id, day, day) for _ in range(2))
    while simulations.get(clinic.surgeon, ended).finished_at is None:
        simulations.step(clinic.surgeon, ended, simulations.get(clinic.surgeon, ended).done)
    session.remove()
    page, problems = sign_in("surgeon", size, scheme, lang), []
    for path in (f"/rulesets/{version_id}/simulations", f"/simulations/{waiting}?paused=1", f"/simulations/{ended}"):
        page.goto(path)
        problems += [f"{path} {line}" for line in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
            problems.append(f"{path} is wider than {size[0]} px")
    assert not problems, "\n".join(problems)
