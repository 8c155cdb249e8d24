"""Every page, as the people who use it see it: no violation of WCAG 2.2 AA, nothing wider than the screen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, violations
from tests.builders import Clinic, arrive, as_answers, wait
from tests.published import OTHER, put_in_force
from triage import knowledge
from triage.db import session
from triage.domain.limits import as_values
from triage.services import devices, emergencies, encounters, feedback, imaging, intakes, limits, rule_drafts, triage

Open = Callable[..., Page]


@pytest.fixture
def places(clinic: Clinic) -> dict[str, str]:
    """Build one patient at every place and return the pages to look at, with who looks."""
    calm = {question.id: False for question in knowledge.load().urgent_questions}
    desk = arrive(clinic.reception)
    waiting = wait(clinic.reception, calm, family_name="渡邊", given_name="一郎", same_name=True)
    pinned = wait(clinic.reception, interpreter=True, language="vi", family_name="Nguyen", given_name="Thi Lan")
    emergencies.raise_(clinic.nurse, pinned.id, "numb legs")
    for route, modality in (("xray", "xray"), ("ct", "ct"), ("specialist_consult", ""), ("conservative_first", "")):
        row = wait(clinic.reception, calm)
        current = encounters.get(clinic.nurse, row.id)
        reason = knowledge.load().override_reasons[0].id
        triage.decide(clinic.nurse, row.id, current.version, triage.Choice(4, route, modality, reason))
        if route == "specialist_consult":
            review = row
    order = imaging.list_orders(clinic.surgeon)[0]
    imaging.order(clinic.surgeon, order.id, order.version)
    intakes.record_answers(clinic.reception, desk.id, as_answers({knowledge.load().symptoms[0].key: True}))
    rule = knowledge.load().ruleset.default.id
    feedback.give_feedback(clinic.nurse, waiting.id, rule, "not for athletes")
    put_in_force(clinic.surgeon2, OTHER)
    draft = rule_drafts.create(clinic.surgeon, OTHER.replace("pain_nrs >= 9", "pain_nrs >= 7"), "one more")
    devices.add(clinic.admin, "wall", "Waiting room")
    proposed = as_values(limits.shipped()) | {"4": 90}
    limits.propose(clinic.admin, proposed, "", "an hour and a half on Mondays")
    session.remove()
    return {
        "/sign-in": "", "/device": "", "/devices": "admin", "/me": "admin", "/staff": "admin",
        "/audit": "auditor", "/audit/verification": "auditor",
        "/patients": "reception", "/patients/search?q=19630730": "reception", "/patients/new": "reception",
        f"/patients/{waiting.patient_id}": "reception", f"/patients/{waiting.patient_id}/edit": "reception",
        f"/encounters/{desk.id}/intake": "reception", f"/encounters/{desk.id}/slip": "reception",
        f"/encounters/{waiting.id}/summary": "reception", "/board": "nurse", "/board?level=5": "nurse",
        f"/encounters/{waiting.id}/triage": "nurse", f"/encounters/{pinned.id}/emergency": "nurse",
        f"/encounters/{pinned.id}/emergency/transfer-sheet": "nurse", "/tasks": "nurse", "/imaging": "radiographer",
        "/consults": "surgeon", f"/consults/{review.id}": "surgeon", f"/consults/{review.id}/print": "surgeon",
        "/board/snapshot": "nurse", "/downtime/slips": "reception", "/downtime/forms?slips=4&sheets=1": "reception",
        "/late": "reception", "/late?q=S380730": "nurse", f"/late/{desk.id}": "nurse",
        "/agreement": "surgeon", f"/agreement/rules/{rule}": "surgeon2",
        f"/encounters/{waiting.id}/rules/{rule}/feedback": "nurse", "/scores": "nurse", "/nothing-here": "nurse",
        "/rulesets": "surgeon2", "/rulesets?q=xyzzy": "nurse", "/rulesets/publications": "surgeon2",
        f"/rulesets/differences?after={draft}": "auditor", "/rulesets/drafts": "surgeon",
        "/limits": "surgeon2", f"/encounters/{waiting.id}/place": "reception",
        f"/rulesets/drafts/{draft}": "surgeon2", f"/rulesets/drafts/{draft}/rule": "surgeon",
    }  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize(
    ("size", "scheme", "lang"),
    [(DESK, "light", "en"), (DESK, "dark", "ja"), (PHONE, "light", "ja"), (PHONE, "dark", "en")],
)
def test_every_page_is_accessible_and_fits(
    sign_in: Open, places: dict[str, str], size: tuple[int, int], scheme: str, lang: str
) -> None:
    pages: dict[str, Page] = {}
    problems: list[str] = []
    for path, who in places.items():
        person = who or "nurse"
        if person not in pages:
            pages[person] = sign_in(person, size, scheme, lang)
        page = pages[person]
        if not who:
            page.context.clear_cookies()
            del pages[person]
        page.goto(path)
        problems += [f"{path} {line}" for line in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
            problems.append(f"{path} is wider than {size[0]} px")
    assert not problems, "\n".join(problems)
