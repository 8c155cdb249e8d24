"""The referral on the pages: its bar and what is missing, the reason that goes with it, the surgeon's list."""

from collections.abc import Callable
from html import unescape

from flask.testing import FlaskClient

from tests.builders import Clinic, as_answers, wait
from tests.services.test_referrals import ANSWERS, come
from tests.services.test_triage import all_no, reloaded
from triage import knowledge
from triage.models import Encounter
from triage.services import intakes, triage

SignIn = Callable[[str], FlaskClient]
REASON = knowledge.load().override_reasons[0].id


def send(client: FlaskClient, here: Encounter, **but: str) -> tuple[int, str]:
    data = {"act": "override", "version": here.version, "acuity": "4", "route": "specialist_consult", "reason": REASON}
    answer = client.post(f"/encounters/{here.id}/decision", data=data | but)
    return answer.status_code, unescape(answer.text)


def test_what_is_missing_is_named_and_leads_to_its_field(clinic: Clinic, signed_in: SignIn) -> None:
    here = come(clinic, {name: value for name, value in ANSWERS.items() if name != "smoker"}, outside_images=True)
    nurse = signed_in("nurse")
    sheet = nurse.get(f"/encounters/{here.id}/triage").text
    assert "11</b>/12" in sheet
    assert 'href="#f-smoker"' in sheet
    status, page = send(nurse, here)
    assert status == 422
    assert "The referral is not complete." in page
    assert "Smoking" in page.split('class="error-summary"')[1].split("</section>")[0]
    assert 'href="#without"' in page


def test_the_reason_goes_with_it_and_the_surgeon_reads_it(clinic: Clinic, signed_in: SignIn) -> None:
    here = wait(clinic.reception, all_no())
    status, _page = send(signed_in("nurse"), here, without="The patient cannot answer")
    assert status == 303
    surgeon = signed_in("surgeon")
    review = surgeon.get(f"/consults/{here.id}").text
    assert "The patient cannot answer" in review
    row = surgeon.get("/consults").text
    assert "Leg or back" in row
    assert "/12" in row


def test_what_was_typed_stays_when_the_way_is_refused(clinic: Clinic, signed_in: SignIn) -> None:
    here = wait(clinic.reception, all_no())
    status, page = send(signed_in("nurse"), here, without="urgent", reason="")
    assert status == 422
    assert 'list="without-list" value="urgent"' in page


def test_too_long_a_reason_and_signs_that_cannot_be_stored_are_refused_and_never_an_emergency(
    clinic: Clinic, signed_in: SignIn
) -> None:
    nurse, here = signed_in("nurse"), wait(clinic.reception, all_no())
    for words in ("x" * 501, "a\x00b"):
        assert send(nurse, here, without=words)[0] == 422
    assert reloaded(clinic, here).stage == "waiting"
    assert send(nurse, here, without="a\x00b", acuity="2", route="emergency_specialist")[0] == 303
    assert reloaded(clinic, here).stage == "emergency"


def test_the_bar_follows_each_answer(clinic: Clinic, signed_in: SignIn) -> None:
    here = wait(clinic.reception, all_no())
    nurse = signed_in("nurse")
    intakes.record_answers(clinic.nurse, here.id, as_answers({"smoker": "not known"}))
    part = nurse.get(f"/encounters/{here.id}/suggestion", headers={"HX-Request": "true"}).text
    bar = part.split('id="referral-bar"')[1]
    assert "#f-smoker" not in bar
    assert "Not known" in bar.split("</p>")[0], "not known is said, and it is shown that nobody knows"


def test_a_complete_referral_says_so_on_the_list(clinic: Clinic, signed_in: SignIn) -> None:
    here = come(clinic, ANSWERS, outside_images=True)
    triage.decide(clinic.nurse, here.id, here.version, triage.Choice(4, "specialist_consult", reason=REASON))
    page = signed_in("surgeon").get("/consults").text
    assert "12</b>/12" in page
    assert "complete" in page


def test_the_reason_stands_on_the_sheet_afterwards(clinic: Clinic, signed_in: SignIn) -> None:
    here = wait(clinic.reception, all_no())
    send(signed_in("nurse"), here, without="The patient cannot answer")
    assert "The patient cannot answer" in signed_in("nurse").get(f"/encounters/{here.id}/triage").text
