"""The limits page: the effect first, then the proposal, then the verdict; wrong entries and old pages."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, wait
from triage.db import session
from triage.domain.limits import NAMES, as_values
from triage.services import limits

SignIn = Callable[[str], FlaskClient]


def filled(**changed: object) -> dict[str, str]:
    """Return the form as the page fills it, some fields typed over."""
    values = {f"limit_{name}": str(minutes) for name, minutes in as_values(limits.shipped()).items()}
    return values | {"seen": "", "shown": "", "note": "", "act": "try"} | {k: str(v) for k, v in changed.items()}


def shown(text: str) -> str:
    found = re.search(r'name="shown" type="hidden" value="([^"]*)"', text)
    assert found, text
    return found[1]


def propose(browser: FlaskClient, **changed: object) -> int:
    tried = browser.post("/limits", data=filled(**changed))
    assert tried.status_code == 200
    return browser.post("/limits", data=filled(**changed) | {"act": "propose", "shown": shown(tried.text)}).status_code


def open_id(clinic: Clinic) -> str:
    session.close()
    proposal = limits.find_open(clinic.admin)
    assert proposal is not None
    return proposal.id


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "surgeon", "radiographer", "auditor"])
def test_who_works_by_the_limits_sees_them_and_is_offered_no_change(
    clinic: Clinic, signed_in: SignIn, who: str
) -> None:
    text = signed_in(who).get("/limits").text
    assert "120 min" in text
    assert "came with the program" in text
    assert "<form" not in text[text.index("<main") : text.index("</main>")]


def test_the_effect_on_todays_queue_is_shown_before_anything_is_proposed(clinic: Clinic, signed_in: SignIn) -> None:
    for _ in range(3):
        wait(clinic.reception)
    browser = signed_in("admin")
    assert "Propose these limits" not in browser.get("/limits").text
    unseen = browser.post("/limits", data=filled(limit_4=90) | {"act": "propose"})
    assert "Of 3 people here now, 0 would be over the limit of their acuity (now 0)" in unseen.text
    assert limits.find_open(clinic.admin) is None
    other = browser.post("/limits", data=filled(limit_4=80) | {"act": "propose", "shown": shown(unseen.text)})
    assert other.status_code == 200  # its effect was shown for other numbers
    assert limits.find_open(clinic.admin) is None
    assert propose(browser, limit_4=90, note="busy Mondays") == 303
    text = browser.get("/limits").text
    assert "Proposed: version 1" in text
    assert "busy Mondays" in text
    assert "Take the proposal back" in text


def test_the_clinical_lead_sees_the_difference_and_its_effect_and_approves(clinic: Clinic, signed_in: SignIn) -> None:
    propose(signed_in("admin"), limit_4=90)
    lead = signed_in("surgeon2")
    text = lead.get("/limits").text
    assert "<b>90 min</b>" in text
    assert "(+30)" in text
    assert "people here now" in text
    assert lead.post(f"/limits/{open_id(clinic)}/approval", data={"seen": ""}).status_code == 303
    text = lead.get("/limits").text
    assert "Proposed by Admin, approved by Surgeon2." in text
    assert limits.in_force(clinic.site_id).of(4) == 90


def test_a_refusal_needs_its_reason_and_what_was_typed_stays(clinic: Clinic, signed_in: SignIn) -> None:
    propose(signed_in("admin"), limit_4=90)
    lead, url = signed_in("surgeon2"), f"/limits/{open_id(clinic)}/refusal"
    assert lead.post(url, data={"reason": ""}).status_code == 422
    assert lead.post(url, data={"reason": "x" * 1001}).status_code == 422
    assert lead.post(url, data={"reason": "too long for the old"}).status_code == 303
    assert "too long for the old" in lead.get("/limits").text


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("limit_4", "", "Enter a whole number."),
        ("limit_4", "1.5", "Enter a whole number."),
        ("limit_4", "-3", "Enter a whole number."),
        ("limit_4", "9" * 40, "Enter a whole number."),
        ("limit_4", "１_０", "Enter a whole number."),
        ("limit_4", "20", "Not shorter than the limit of who is more urgent."),
        ("limit_waiting", "0", "Enter a number from 1 to 480."),
        ("limit_5", "99999", "Enter a number from 1 to 480."),
    ],
)
def test_a_wrong_entry_is_told_at_its_field_and_everything_typed_is_kept(
    clinic: Clinic, signed_in: SignIn, field: str, typed: str, told: str
) -> None:
    answer = signed_in("admin").post("/limits", data=filled(**{field: typed, "note": "keep me"}))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert told in answer.text
    assert "keep me" in answer.text
    assert f'value="{typed}"' in answer.text


def test_every_wrong_entry_is_told_at_once(clinic: Clinic, signed_in: SignIn) -> None:
    text = signed_in("admin").post("/limits", data=filled(limit_4="20", limit_waiting="abc", limit_5="")).text
    assert all(f'id="limit_{name}-error"' in text for name in ("4", "waiting", "5"))


def test_full_width_digits_are_digits(clinic: Clinic, signed_in: SignIn) -> None:
    assert propose(signed_in("admin"), limit_4="９０") == 303
    proposal = limits.find_open(clinic.admin)
    assert proposal is not None
    assert proposal.minutes["4"] == 90


def test_a_second_proposal_or_an_old_page_is_told_so_with_409_and_keeps_what_was_typed(
    clinic: Clinic, signed_in: SignIn
) -> None:
    browser, lead = signed_in("admin"), signed_in("surgeon2")
    assert propose(browser, limit_4=90) == 303
    second = browser.post("/limits", data=filled(limit_4=80, note="keep this too"))
    assert second.status_code == 409
    assert "keep this too" in second.text
    assert lead.post(f"/limits/{open_id(clinic)}/approval", data={"seen": "old"}).status_code == 409
    first = open_id(clinic)
    assert lead.post(f"/limits/{first}/approval", data={"seen": ""}).status_code == 303
    assert lead.post(f"/limits/{first}/approval", data={"seen": ""}).status_code == 409
    assert browser.post(f"/limits/{first}/withdrawal").status_code == 409
    tried = browser.post("/limits", data=filled(limit_4=80))
    data = filled(limit_4=80, note="keep me") | {"act": "propose", "shown": shown(tried.text)}
    stale = browser.post("/limits", data=data)
    assert stale.status_code == 409
    assert "Other limits came into force meanwhile" in stale.text
    assert "keep me" in stale.text
    assert 'value="80"' in stale.text


def test_what_is_not_there_is_404_and_garbage_is_no_error(clinic: Clinic, signed_in: SignIn) -> None:
    lead = signed_in("surgeon2")
    assert lead.post("/limits/nothing/approval", data={"seen": ""}).status_code == 404
    assert signed_in("admin").post("/limits", data={f"limit_{n}": "\x00" for n in NAMES}).status_code == 422
    assert signed_in("admin").post("/limits").status_code == 422
    bad = filled() | {"note": "a\x00b"}
    assert signed_in("admin").post("/limits", data=bad).status_code == 422


def test_the_page_reads_in_japanese(clinic: Clinic, signed_in: SignIn) -> None:
    assert "制限時間" in signed_in("admin").get("/limits?lang=ja").text
